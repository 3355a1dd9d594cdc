package clock

import "math"

// A Correction is what the offset was around the time of some samples.
type Correction struct {
	frame frame
	line  line
}

// Offset is θ = server clock − client clock at a time on the client's line.
func (c Correction) Offset(at int64) int64 {
	return c.frame.offset + int64(math.Round(c.line.at(c.frame.at(at))))
}

// Delays are those of one message, in nanoseconds, on one time line.
type Delays struct {
	Forward, Reverse int64 // together they are exactly Upper − Lower
	// Excess is what a direction took above the least that it took in the last
	// minute: it does not depend on how that least is split.
	ForwardExcess, ReverseExcess int64
}

// Of returns the delays of a sample that came with the correction.
func (c Correction) Of(s Sample) Delays {
	offset, least := c.Offset(s.At), int64(math.Round(c.line.width/2))
	forward, reverse := s.Upper-offset, offset-s.Lower
	return Delays{forward, reverse, max(0, forward-least), max(0, reverse-least)}
}
