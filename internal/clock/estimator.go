package clock

import (
	"math"
	"slices"
)

// How an Estimator cuts time.
const (
	epochLength = 250_000_000 // nanoseconds
	// window is how many epochs a line is fitted to: 64 s if none is empty. A
	// quartz runs evenly for so long.
	window = 256
	// recent is how many of the newest epochs are compared with those before
	// them, to find changes.
	recent = 8
	// guard is how many epochs lie between the two. A change happened there, and
	// their samples belong to neither side.
	guard = 2
	// centred is how many epochs after it make an epoch the middle of a window.
	centred = window / 2
	// patience is how many epochs are awaited at first for want of samples that tell
	// how exact timestamps are.
	patience = 3 * recent
	// Tolerance is what timestamps of one moment may differ by, nanoseconds.
	Tolerance = 1_000
)

// An Estimator finds the offset between the clocks of a server and of this host from
// the samples of all connections, while they come, and tells by how much it can be
// wrong. It holds the samples of the last few seconds and hands them on, each with
// the [Correction] to use, when what came later has shown that the clocks did not
// change meanwhile.
//
// The samples of an epoch leave a corridor for the offset, and those of successive
// epochs a straight one, as long as both clocks run evenly. The offset is taken to be
// its middle. A change of a clock moves both sides of the corridor by the same; what
// moves one side alone is the network. After a change of a clock a new segment
// begins.
//
// An Estimator is arithmetic, and not safe for concurrent use. Its memory is that of
// the samples of some three seconds (five at the beginning), or of as many as it was
// told to hold, and of what a corridor of a minute takes, which is little.
type Estimator struct {
	emit     func([]Sample, Correction)
	hold     int
	oneClock bool
	frame    frame
	begun    bool
	digits   int64 // the resolution that was told
	ticks    ticks
	peers    peers
	until    int64 // no sample from before should come any more

	open    []*epoch // still to be closed, by index
	segment []*epoch // the newest closed ones since the last change, oldest first
	held    int      // samples of the segment
	flushed int      // how many of the segment have been handed on
	learned int      // of how many of them the noise is known
	stuck   int      // epochs in turn that contradicted the segment
	line    line     // the offset, as last fitted
	track   track    // of the segment
	noise   noise
	floors  floors
	wander  tail // of the offsets that were used, from those known in the end
	summary Summary

	old, fresh corridor
	around     corridor
	spare      [][]Sample
	lately     int // samples of the last epoch
}

// NewEstimator returns an estimator that calls emit with samples of about the same
// time, and with the correction for them. The samples are the estimator's again when
// emit returns. Those that contradict the others, and those from around a change, are
// never handed on.
//
// The estimator holds up to so many samples for longer than it must, half a window at
// most: the offset is known best when there are samples from before and after.
func NewEstimator(hold int, emit func([]Sample, Correction)) *Estimator {
	e := &Estimator{hold: hold, emit: emit}
	e.summary.Lowest, e.summary.Highest = math.MaxInt64, math.MinInt64
	return e
}

// ExpectOneClock says that both ends are on one host. As long as no sample contradicts
// that they read the same clock, it does not drift. It is called before Add.
func (e *Estimator) ExpectOneClock() { e.oneClock = true }

// SetResolution says that the server's timestamps are in steps of so many nanoseconds, by
// their digits. It may be called at any time. A clock that ticks more coarsely is found.
func (e *Estimator) SetResolution(ns int64) {
	if ns != e.digits {
		e.digits = ns
		e.resolve()
	}
}

// resolve takes into account in what steps the server's timestamps are. By digits they are
// off by as much, either way, for some servers round. By ticks they are never late, and
// early by up to two: Linux fills its coarse clock with a time that may be a tick old. That
// is one either way for a clock that is behind by one.
//
// What contradicted the others before that was known may not any more.
func (e *Estimator) resolve() {
	s := &e.summary
	s.Resolution, s.Behind = e.digits, 0
	if tick := e.ticks.tick(); tick > e.digits+e.digits/10 {
		s.Resolution = tick
	}
	before := s.Slack
	s.Slack = 0
	if s.Resolution > Tolerance {
		s.Slack = s.Resolution
	}
	if s.Slack > e.digits {
		s.Behind = s.Slack
	}
	if s.Slack <= before {
		return
	}
	for _, o := range e.segment[e.flushed:] {
		o.restore(e.frame)
	}
	e.stuck = 0
}

// tolerated is by how much bounds may contradict each other, in nanoseconds.
func (e *Estimator) tolerated() float64 { return float64(Tolerance + e.summary.Slack) }

// Add takes samples, best in the order in which their replies arrived. Those that are
// earlier than they should be after Advance, because they were read late, go together
// with those from then. Their limits are of their own times all the same.
func (e *Estimator) Add(samples []Sample) {
	if len(samples) == 0 {
		return
	}
	if !e.begun {
		e.begun = true
		e.frame = frameOf(samples)
	}
	var at *epoch
	for i := range samples {
		s := &samples[i]
		p := e.peers.of(s.Client)
		if !e.ticks.settled() {
			e.ticks.take(s, p)
		}
		if s.Arrived-p.at >= peerEvery {
			p.take(s, Tolerance+2*e.summary.Slack)
		}
		arrived := max(s.Arrived, e.until)
		if at == nil || arrived < at.index*epochLength || arrived >= (at.index+1)*epochLength {
			at = e.epochAt(arrived / epochLength)
		}
		at.take(s, e.frame)
	}
	if e.ticks.fresh {
		e.resolve()
	}
}

// epochAt returns the open epoch of an index.
func (e *Estimator) epochAt(index int64) *epoch {
	i, found := slices.BinarySearchFunc(e.open, index, func(o *epoch, index int64) int { return int(o.index - index) })
	if !found {
		e.open = slices.Insert(e.open, i, &epoch{index: index, samples: e.room()})
	}
	return e.open[i]
}

// room returns memory for an epoch's samples: that of another, or as much as the last
// one took, for growing takes time.
func (e *Estimator) room() []Sample {
	if n := len(e.spare); n > 0 {
		room := e.spare[n-1]
		e.spare = e.spare[:n-1]
		return room
	}
	return make([]Sample, 0, e.lately+e.lately/8)
}

// Advance says that no reply will come any more that was read before a time.
func (e *Estimator) Advance(until int64) {
	e.until = max(e.until, until)
	if !e.ticks.known() && len(e.open) < patience && until < math.MaxInt64 {
		return // too early to tell what contradicts what
	}
	for len(e.open) > 0 && (e.open[0].index+1)*epochLength <= until {
		o := e.open[0]
		e.open = slices.Delete(e.open, 0, 1)
		e.close(o)
	}
}

// Settled returns a time before which no sample was read that may still be handed on.
func (e *Estimator) Settled() int64 {
	switch {
	case e.flushed < len(e.segment):
		return e.segment[e.flushed].index * epochLength
	case len(e.open) > 0:
		return e.open[0].index * epochLength
	}
	return e.until
}

// Changes returns those that were found so far, the first Most of them.
func (e *Estimator) Changes() []Change { return e.summary.Changes }

// frameOf returns a frame that fits samples, whatever the oddest of them say.
func frameOf(samples []Sample) frame {
	uppers := make([]int64, len(samples))
	for i := range samples {
		uppers[i] = samples[i].Upper()
	}
	slices.Sort(uppers)
	return frame{samples[0].Sent, uppers[len(uppers)/2]}
}

// close takes an epoch that is complete.
func (e *Estimator) close(o *epoch) {
	o.close(e.frame, float64(e.summary.Slack))
	e.lately = len(o.samples)
	e.segment = append(e.segment, o)
	e.held += len(o.samples)
	if e.contradicts(o.fit(undecided)) {
		e.agree(len(e.segment) - 1)
	}
	if len(e.segment) > window+recent+guard {
		e.forget()
	}
	e.look()
}

// agree deals with the newest epoch of the segment, whose samples contradict one
// another: the minority is expelled. If that does not help, what was before decides.
func (e *Estimator) agree(at int) {
	o := e.segment[at]
	if odd, ok := o.minority(e.tolerated(), e.line.slope, e.frame); ok {
		o.expel(odd, e.frame)
		if !e.contradicts(o.fit(undecided)) {
			return
		}
	}
	e.doubt(at)
}

// forget lets go of the segment's oldest epoch.
func (e *Estimator) forget() {
	o := e.segment[0]
	e.wander.add(o.used - e.line.at(o.middle()))
	e.track.long = true
	e.segment = slices.Delete(e.segment, 0, 1)
	e.flushed--
	e.learned--
}

// exclude counts the samples of an epoch of which no offset is known.
func (e *Estimator) exclude(o *epoch) {
	e.summary.Excluded += counted(o.samples) + counted(o.odd)
	e.summary.see(o.samples)
	e.summary.see(o.odd)
	e.recycle(o)
}

// recycle lets go of an epoch's samples.
func (e *Estimator) recycle(o *epoch) {
	e.held -= len(o.samples) + len(o.odd)
	e.spare = append(e.spare, o.samples[:0])
	o.samples, o.odd = nil, nil
}

func counted(samples []Sample) (n int64) {
	for i := range samples {
		if samples[i].Counted {
			n++
		}
	}
	return n
}

// Finish hands on what is left, and returns what is known. The estimator is of no use
// after that.
func (e *Estimator) Finish() Summary {
	e.Advance(math.MaxInt64)
	e.finish()
	e.summary.catchUp()
	e.summary.Groups = e.peers.groups(e.frame.time, Tolerance+e.summary.Slack)
	e.summary.widen(int64(math.Ceil(max(leastWander, e.wander.quantile()))))
	return e.summary
}
