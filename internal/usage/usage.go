// Package usage tells what a program takes of its machine, and what the machine
// denies it. Where a system does not say, the second result is false.
package usage

import "time"

// Usage is what a process or a thread has used since it began.
type Usage struct {
	CPU         time.Duration // user and system time
	Voluntary   int64         // switches away from it when it had nothing to do
	Involuntary int64         // switches away from it although it had
	// Waited is how long it was ready to run and had no processor. Only of
	// threads, on Linux.
	Waited time.Duration
}

// Since returns what was used after an earlier state.
func (u Usage) Since(earlier Usage) Usage {
	return Usage{
		CPU:         u.CPU - earlier.CPU,
		Voluntary:   u.Voluntary - earlier.Voluntary,
		Involuntary: u.Involuntary - earlier.Involuntary,
		Waited:      u.Waited - earlier.Waited,
	}
}

// Add returns the sum of both.
func (u Usage) Add(o Usage) Usage {
	return Usage{
		CPU:         u.CPU + o.CPU,
		Voluntary:   u.Voluntary + o.Voluntary,
		Involuntary: u.Involuntary + o.Involuntary,
		Waited:      u.Waited + o.Waited,
	}
}

// Stolen is time of the machine's processors, all together, in the same unit:
// what a hypervisor gave to others while they had something to do, and the whole.
type Stolen struct{ Ticks, Of int64 }

// Share is the part of the time after an earlier state that was stolen, 0 to 1.
func (s Stolen) Share(earlier Stolen) float64 {
	if s.Of <= earlier.Of {
		return 0
	}
	return float64(s.Ticks-earlier.Ticks) / float64(s.Of-earlier.Of)
}
