package rig

import (
	"slices"
	"sync"
)

// Applied is what a relay did to one packet. It is measured, not planned.
type Applied struct {
	At    int64 // when it came, on the line of the relay's clock
	Delay int64 // how long it was held, in nanoseconds: until it was about to be written
}

// A Log is what a relay did to the packets of one direction. A packet is added when
// it is about to be written, and so before anybody can have received it. A log may
// be read at any time, from any goroutine.
type Log struct {
	mu      sync.Mutex
	blocks  [][]Applied // filled one after the other, so that what is there never moves
	dropped int64
}

// A log keeps so many packets.
const (
	blockSize = 1 << 12
	maxBlocks = 1 << 8
)

func (l *Log) add(a Applied) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.blocks) - 1
	if last < 0 || len(l.blocks[last]) == blockSize {
		if len(l.blocks) == maxBlocks {
			l.dropped++
			return
		}
		l.blocks = append(l.blocks, make([]Applied, 0, blockSize))
		last++
	}
	l.blocks[last] = append(l.blocks[last], a)
}

// Applied returns a copy of what the log holds.
func (l *Log) Applied() []Applied {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.blocks...)
}

// Dropped is how many packets the log had no room for: those after the first
// 1,048,576.
func (l *Log) Dropped() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}
