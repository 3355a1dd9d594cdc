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

// Delays are those of one message, in nanoseconds, on one time line. None is negative.
type Delays struct {
	Forward, Reverse int64 // together they are exactly Upper − Lower
	// Excess is what a direction took above the least that it took around that
	// time: it does not depend on how that least is split.
	ForwardExcess, ReverseExcess int64
}

// Of returns the delays of a sample that came with the correction.
func (c Correction) Of(s Sample) Delays {
	// Where the corridor is narrower than nothing by what timestamps may differ by,
	// the sample itself knows better.
	offset := min(max(c.Offset(s.At), s.Lower), s.Upper)
	forward, reverse := s.Upper-offset, offset-s.Lower
	least := max(0, int64(math.Round(c.line.width/2))) // of either direction
	return Delays{forward, reverse, max(0, forward-least), max(0, reverse-least)}
}
