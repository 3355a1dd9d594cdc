package record

// Clock tells how the server's clock relates to this host's, and which of the two
// kinds of directions Forward and Reverse are. Times are since measuring began, or before
// the end of a run that never did.
type Clock struct {
	// Relation is one of those below; empty is that nothing is known: no offset suits
	// the server's timestamps, or none was looked for.
	Relation string `json:"relation,omitempty"`
	// Vouched is what the user says that the clocks differ by at most, if Asserted,
	// and Contradiction by how much more they were found to.
	Vouched       int64 `json:"vouched_ns,omitempty"`
	Contradiction int64 `json:"contradiction_ns,omitempty"`

	// What follows was estimated, and is missing if Segments is empty.

	// Offset is server clock − client clock at the end, and Bound by how much that,
	// and every offset that was used, can be off.
	Offset int64 `json:"offset_ns"`
	Bound  int64 `json:"bound_ns"`
	// Drift is how fast the server's clock runs away, in the longest segment. A bound
	// above UnknownDrift is that it is not known.
	Drift      float64 `json:"drift_ppm"`
	DriftBound float64 `json:"drift_bound_ppm"`
	// Segments are the times in which both clocks ran evenly. Of more than 1,000
	// they are the first and the last, and Changes the first; More are missing.
	Segments []Segment `json:"segments"`
	Changes  []Change  `json:"changes"`
	More     int64     `json:"more,omitempty"`
	// Excluded are the replies of which no offset is known, around changes, or because their
	// timestamp is more than 100 years from this host's clock, and
	// Violations those whose timestamp contradicts the others: by it the server
	// had the message before it was sent, or after the reply arrived. Neither are
	// in corrected directions, nor in ForwardExcess and ReverseExcess.
	Excluded   int64 `json:"excluded"`
	Violations int64 `json:"violations"`
	// ViolationsFrom and ViolationsTo are when the first and the last of them came.
	ViolationsFrom int64 `json:"violations_from_ns,omitempty"`
	ViolationsTo   int64 `json:"violations_to_ns,omitempty"`
	// Resolution is in what steps the server's timestamps are, by their digits or by how
	// its clock was seen to tick. Bound and DriftBound have room for it.
	Resolution int64 `json:"resolution_ns,omitempty"`
	// Groups are the clients of each clock, that of most first, if at the end not all
	// talked to the same. They are missing if clients were answered by several in turns.
	Groups []ClockGroup `json:"groups,omitempty"`
}

// A ClockGroup is the clients that talk to one clock.
type ClockGroup struct {
	Clients int64 `json:"clients"`
	Ahead   int64 `json:"ahead_ns"` // how far it is ahead of the clock of the first group
}

// UnknownDrift is the DriftBound from where on it says no more than that clocks are not
// so far apart, in ppm.
const UnknownDrift = 100

// The relations.
const (
	Same       = "same"       // both read this host's clock: Forward is ForwardRaw
	Consistent = "consistent" // nothing shows that they differ; Forward is corrected
	Corrected  = "corrected"  // they differ; Forward is corrected
	Asserted   = "asserted"   // the user vouches for them: Forward is ForwardRaw
	Mixed      = "mixed"      // of merged runs: they relate in various ways
)

// IsRaw reports whether Forward and Reverse are by the clocks as they stand.
func (c Clock) IsRaw() bool {
	return c.Relation != Consistent && c.Relation != Corrected && c.Relation != Mixed
}

// NeedsWall reports whether Forward and Reverse would be wrong by a step of this host's
// wall clock: where nothing was estimated, or what was is not used.
func (c Clock) NeedsWall() bool { return c.Relation == Asserted || len(c.Segments) == 0 }

// A Segment is a time in which both clocks ran evenly.
type Segment struct {
	From       int64   `json:"from_ns"`
	To         int64   `json:"to_ns"`
	FromOffset int64   `json:"from_offset_ns"`
	ToOffset   int64   `json:"to_offset_ns"`
	Bound      int64   `json:"bound_ns"`
	Drift      float64 `json:"drift_ppm"`
	DriftBound float64 `json:"drift_bound_ppm"`
	Count      int64   `json:"count"` // replies
}

// A Change is one of a clock, or of the least delay of a direction. It was between From
// and To; of a slew that is when it was noticed that it had begun or ended.
type Change struct {
	Kind string  `json:"kind"`
	From int64   `json:"from_ns"`
	To   int64   `json:"to_ns"`
	By   int64   `json:"by_ns"`  // how far the offset moved meanwhile beyond its drift, or the least delay
	Rate float64 `json:"by_ppm"` // by how much the drift changed; of ClockStep and ClockSlew
}

// The kinds of changes.
const (
	ClockStep    = "step"      // of the server's clock
	ClockSlew    = "slew"      // one of the clocks began, or ceased, to run faster or slower
	HostStep     = "host-step" // of this host's wall clock, which measuring does not use
	ForwardFloor = "forward-floor"
	ReverseFloor = "reverse-floor"
)
