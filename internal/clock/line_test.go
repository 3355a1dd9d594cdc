package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLineAdvancesWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now().UnixNano()
		l := NewLine()
		for _, wait := range []time.Duration{0, 1, time.Microsecond, time.Hour} {
			before, _ := l.Now()
			time.Sleep(wait) // of the bubble's clock: takes no time
			line, wall := l.Now()
			if line-before != int64(wait) {
				t.Errorf("after %v the line advanced by %d ns", wait, line-before)
			}
			if line != wall || line < begin {
				t.Errorf("line %d, wall %d, with no step since %d", line, wall, begin)
			}
		}
	})
}
