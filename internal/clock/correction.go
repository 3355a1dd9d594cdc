package clock

import "math"

// A Correction is what the offset was around the time of some samples.
type Correction struct {
	frame            frame
	line             line
	forward, reverse int64 // the least delays
}

// Offset is θ = server clock − client clock at a time on the client's line.
func (c Correction) Offset(at int64) int64 {
	return c.frame.offset + int64(math.Round(c.line.at(c.frame.at(at))))
}

// Delays are those of one message, in nanoseconds, on one time line.
type Delays struct {
	Forward, Reverse int64 // together they are exactly Upper − Lower
	// Excess is what a direction took above the least that it took around that
	// time: it does not depend on how that least is split.
	ForwardExcess, ReverseExcess int64
}

// Of returns the delays of a sample that came with the correction.
func (c Correction) Of(s Sample) Delays {
	offset := c.Offset(s.At)
	forward, reverse := s.Upper-offset, offset-s.Lower
	return Delays{forward, reverse, max(0, forward-c.forward), max(0, reverse-c.reverse)}
}

// correction is that of the middle l of the estimator's old corridor. Where both ends
// are expected to read one clock and nothing contradicts it, it is none at all: then
// the least delays are known, too.
func (e *Estimator) correction(l line) Correction {
	if e.oneClock {
		zero := line{value: float64(-e.frame.offset)}
		forward, reverse := e.old.floor(0, 0)-zero.value, zero.value-e.old.ceiling(0, 0)
		if min(forward, reverse) >= -e.tolerated() {
			return Correction{e.frame, zero, int64(math.Round(forward)), int64(math.Round(reverse))}
		}
	}
	least := int64(math.Round(l.width / 2))
	return Correction{e.frame, l, least, least}
}
