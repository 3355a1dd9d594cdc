package rig

import (
	"math"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

// A Clock is another clock with a wall clock that is wrong in a known way. Its
// line is right. It is never changed, so all shards may ask it at once.
//
// What asks the kernel for the time of arrival cannot run on it: that time is
// by the host's own wall clock.
type Clock struct {
	evloop.Clock
	Offset time.Duration // by how much the wall is ahead at first
	Begin  int64         // when Drift and Steps begin, on the line
	Drift  float64       // by how much the wall is too fast since Begin, in millionths of the time
	Steps  []Step        // in any order
	Tick   time.Duration // the wall stands still in between; 0 is that it does not
	Phase  time.Duration // by how much ticks are later than multiples of Tick
}

// A Step puts the wall clock to another time at once.
type Step struct {
	After time.Duration // since Begin
	By    time.Duration // forward, or with a minus back
}

// Now implements evloop.Clock.
func (c Clock) Now() (line, wall int64) {
	line, wall = c.Clock.Now()
	return line, c.Shown(wall + c.Error(line))
}

// Shown is what the wall shows at a time of its own: that of the last tick.
func (c Clock) Shown(wall int64) int64 {
	if c.Tick <= 0 {
		return wall
	}
	since := (wall - int64(c.Phase)) % int64(c.Tick)
	if since < 0 {
		since += int64(c.Tick)
	}
	return wall - since
}

// Error is by how many nanoseconds the wall is ahead at a time on the line, apart from its
// ticks.
func (c Clock) Error(line int64) int64 {
	err := int64(c.Offset)
	elapsed := line - c.Begin
	if elapsed < 0 {
		return err
	}
	err += int64(math.Round(float64(elapsed) * c.Drift / 1e6))
	for _, s := range c.Steps {
		if elapsed >= int64(s.After) {
			err += int64(s.By)
		}
	}
	return err
}
