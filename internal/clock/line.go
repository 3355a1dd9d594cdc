// Package clock holds the time line on which everything is measured, and what is to
// be known of two clocks from the timestamps of messages between them. It is
// arithmetic on what the system's clocks say, and does no I/O.
//
// A [Line] never steps; [Steps] tells when the wall clock does. An [Estimator] takes a
// [Sample] for each reply and gives them back with a [Correction], by which the delays
// of both directions are on one time line. Its [Summary] says how far the server's clock
// is off, by how much that can be wrong, and what happened to it. The idea is at
// Estimator; the geometry is in corridor.go, the detection of changes in segment.go.
package clock

import "time"

// A Line is a time line that never steps: it begins at the wall clock's time
// and advances with the monotonic clock. Two instants of one line can be
// subtracted whatever happens to the wall clock meanwhile. The zero Line is not
// ready for use; call [NewLine].
type Line struct {
	start time.Time
	begin int64
}

// NewLine returns a line that begins now.
func NewLine() Line {
	now := time.Now()
	return Line{start: now, begin: now.UnixNano()}
}

// Now returns the instant on the line, and the wall clock's time, both in Unix
// nanoseconds. They are of the same moment, so wall − line is how far the wall
// clock has been stepped or slewed since the line began.
func (l Line) Now() (line, wall int64) {
	now := time.Now()
	return l.begin + int64(now.Sub(l.start)), now.UnixNano()
}
