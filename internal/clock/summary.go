package clock

import "math"

// A Summary is what is known of the two clocks when a run is over. Times are
// nanoseconds on the client's line.
type Summary struct {
	Segments []Segment // in their order; if there are more than Most the first, and the last
	Changes  []Change  // the first Most
	More     int64     // segments and changes that are missing
	Bound    int64     // of all segments
	// Excluded are the samples around changes, of which no offset is known, and
	// Violations those whose reply says that the server had the message before it
	// was sent, or after the reply arrived. Of both, those that counted.
	Excluded, Violations int64
	// FirstViolation and LastViolation are when their replies were read.
	FirstViolation, LastViolation int64
	// No offset was above Lowest or below Highest, by any sample, excluded and
	// violations too: with one clock 0 is in between, but for Tolerance and Slack.
	Lowest, Highest int64
	// Resolution is in what steps the server's timestamps are, by their digits or by how
	// its clock ticks. Slack is by how much Lowest and Highest may be off because of it.
	Resolution, Slack int64
	// Behind is how far timestamps are behind the server's clock because it ticks, in
	// the middle. All offsets here are without it.
	Behind int64
	// Groups are the clients of each clock, if they talk to several.
	Groups []Group
}

// Most is how many segments, and how many changes, a Summary holds.
const Most = 1000

// A Segment is a time in which both clocks ran evenly.
type Segment struct {
	From, To             int64
	FromOffset, ToOffset int64 // θ at both ends
	Bound                int64 // by how much an offset in it can be off
	// Drift is how much faster the server's clock runs than this host's, as a share
	// of the time. It is off by DriftBound at most if the least delays stayed what
	// they were.
	Drift, DriftBound float64
	Counted           int64 // samples
}

// A Change is one of a clock or of the network.
type Change struct {
	Kind     ChangeKind
	From, To int64   // it was in between
	By       int64   // how far the offset moved in between beyond its drift, or the least delay of a direction
	Rate     float64 // by how much the drift changed, as a share of the time
}

// ChangeKind is what changed.
type ChangeKind uint8

// The kinds of changes.
const (
	Step         ChangeKind = iota // of a clock
	Slew                           // a clock began, or ceased, to run faster or slower
	ForwardFloor                   // the least delay to the server
	ReverseFloor                   // the least delay from the server
)

// Seen reports whether there was any sample, of which Lowest and Highest are.
func (s *Summary) Seen() bool { return s.Lowest != math.MaxInt64 || s.Highest != math.MinInt64 }

// see takes samples, whatever becomes of them.
func (s *Summary) see(samples []Sample) {
	for i := range samples {
		s.Lowest, s.Highest = min(s.Lowest, samples[i].Upper()), max(s.Highest, samples[i].Lower())
	}
}

// violate counts samples that contradict the others.
func (s *Summary) violate(odd []Sample) {
	s.see(odd)
	for i := range odd {
		o := &odd[i]
		if !o.Counted {
			continue
		}
		if s.Violations == 0 {
			s.FirstViolation = o.Read
		}
		s.FirstViolation, s.LastViolation = min(s.FirstViolation, o.Read), max(s.LastViolation, o.Read)
		s.Violations++
	}
}

func (s *Summary) addChange(c Change) {
	if len(s.Changes) == Most {
		s.More++
		return
	}
	s.Changes = append(s.Changes, c)
}

// addSegment keeps the first segments, and the last.
func (s *Summary) addSegment(g Segment) {
	s.Bound = max(s.Bound, g.Bound)
	if len(s.Segments) == Most {
		s.More++
		s.Segments = s.Segments[:Most-1]
	}
	s.Segments = append(s.Segments, g)
}

// catchUp has the offsets be those of the clock, not of timestamps that are behind it.
func (s *Summary) catchUp() {
	s.Lowest, s.Highest = s.Lowest+s.Behind, s.Highest+s.Behind
	for i := range s.Segments {
		s.Segments[i].FromOffset += s.Behind
		s.Segments[i].ToOffset += s.Behind
	}
}

// widen adds to all bounds, and the slack of both ends to those of the drift.
func (s *Summary) widen(by int64) {
	by += s.Slack
	s.Bound += by
	for i := range s.Segments {
		g := &s.Segments[i]
		g.Bound += by
		g.DriftBound = min(g.DriftBound+2*float64(s.Slack)/float64(max(1, g.To-g.From)), 2*MaxDrift)
	}
}
