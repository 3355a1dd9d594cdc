package clock

import "math"

// A Correction is what the offset was around the time of some samples.
type Correction struct {
	frame frame
	line  line
	pace  float64 // nanoseconds of the client's in one of the server's
	least int64   // what either direction took at least
}

// correction is by the middle of a corridor.
func (c *corridor) correction(f frame, l line) Correction {
	pace := 1 / (1 + l.slope)
	return Correction{f, l, pace, int64(math.Round(max(0, l.width/2-c.slack) * pace))}
}

// Offset is the server's timestamps − the client's clock at a time on the client's line. If
// the server's clock ticks, its time is [Summary].Behind later than they say.
func (c Correction) Offset(at int64) int64 {
	return c.frame.offset + int64(math.Round(c.line.at(c.frame.at(at))))
}

// Delays are those of one message, in nanoseconds, on one time line. None is negative.
type Delays struct {
	Forward, Reverse int64 // together they are exactly Arrived − Sent
	// Excess is what a direction took above the least that it took around that
	// time: it does not depend on how that least is split.
	ForwardExcess, ReverseExcess int64
}

// Of returns the delays of a sample that came with the correction: Upper − θ is what the
// server's clock advanced by between when the message was sent and when it was read.
func (c *Correction) Of(s *Sample) Delays {
	total := s.Arrived - s.Sent
	advanced := float64(s.Upper()-c.frame.offset) - c.line.at(c.frame.at(s.Sent))
	// Where the corridor is narrower than nothing by what timestamps may differ by,
	// the sample itself knows better.
	forward := min(max(0, int64(advanced*c.pace+0.5)), total)
	reverse := total - forward
	return Delays{forward, reverse, max(0, forward-c.least), max(0, reverse-c.least)}
}
