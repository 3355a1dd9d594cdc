package clock

import (
	"math"
	"slices"
	"sort"
)

// join makes one corridor of those of epochs.
func (e *Estimator) join(c *corridor, epochs []*epoch) {
	c.reset()
	c.slack = float64(e.summary.Slack)
	for _, o := range epochs {
		c.join(&o.corridor)
	}
}

// fit makes the corridor of the segment's first end epochs, and returns its middle.
// Long segments have shown which slope to expect: clocks do not change it fast, while
// a change of the network can make many slopes look alike.
func (e *Estimator) fit(end int) line {
	e.join(&e.old, e.segment[:end])
	if e.oneClock && e.zeroFits() {
		return e.old.along(0)
	}
	if end >= settled {
		if l := e.old.fit(prior{e.line.slope, inertia}); !e.contradicts(l) {
			return l
		}
	}
	return e.old.fit(undecided)
}

// zeroFits reports whether the old corridor has room for an offset of 0.
func (e *Estimator) zeroFits() bool {
	zero := float64(-e.frame.offset)
	return e.old.floor(0, 0) >= zero-Tolerance && e.old.ceiling(0, 0) <= zero+Tolerance
}

// fitFresh is the same for those from an index on, to be compared with the others.
func (e *Estimator) fitFresh(from int) line {
	e.join(&e.fresh, e.segment[from:])
	return e.fresh.fit(undecided)
}

const (
	settled = window / 4 // epochs
	inertia = 5_000      // the weight of the prior slope
)

// undecided prefers no slope but where all are the same.
var undecided = prior{weight: 1e-8}

// contradicts reports whether no line suits what another was fitted to.
func (e *Estimator) contradicts(l line) bool { return l.width < -Tolerance }

// look decides what has become certain with the newest epoch.
func (e *Estimator) look() {
	from := len(e.segment) - recent
	end := from - guard
	if end < 1 {
		return
	}
	l := e.fit(end)
	switch {
	case e.contradicts(l):
		if !e.giveUp(end-1, from) {
			e.doubt(end - 1)
		}
	case e.changed(l, end, from):
		e.cut(l, end, from)
	case end >= recent:
		e.line, e.stuck = l, 0
		e.learn(end)
		e.flush(l, e.ripe(end))
	}
}

// tooMany epochs in turn that contradict a segment are no exceptions.
const tooMany = 3

// giveUp begins a new segment if too many epochs in turn have contradicted the old one
// to be exceptions, and what came last does not contradict itself.
func (e *Estimator) giveUp(end, from int) bool {
	if end < 1 || e.stuck < tooMany || e.contradicts(e.fitFresh(from)) {
		return false
	}
	e.cut(e.fit(end), end, from)
	return true
}

// ripe returns how many of the first end epochs of the segment are to be handed on:
// those that are centred, and more if too many samples are held.
func (e *Estimator) ripe(end int) int {
	n := max(e.flushed, len(e.segment)-centred)
	held := e.held
	for i := e.flushed; i < end && (i < n || held > e.hold); i++ {
		held -= len(e.segment[i].samples)
		n = max(n, i+1)
	}
	return min(n, end)
}

// changed reports whether both sides of the corridor have moved the same way by more
// than noise: from the first end epochs of the segment, which before was fitted to, to
// those that begin at from. While some of these are still from before a change, they
// leave a narrower corridor, and it is too early to tell.
func (e *Estimator) changed(before line, end, from int) bool {
	after := e.fitFresh(from)
	slope := before.slope
	if end < recent { // too short to tell one
		slope = after.slope
	}
	t := e.segment[from].from()
	gap := before.width
	up := e.fresh.floor(slope, t) - e.old.floor(slope, t)
	down := e.fresh.ceiling(slope, t) - e.old.ceiling(slope, t)
	limit := max(e.tolerated(), e.noise.threshold(end))
	switch {
	case e.contradicts(after) || !together(up, down, limit, 0):
		return false
	case max(down, -up) > gap+e.tolerated() && together(up, down, limit, alike) && e.apart(end, from):
		return true // whatever the noise: no line suits both
	}
	return e.noise.known() && after.width >= gap-limit && e.shifted(before, after, from)
}

// apart reports whether no line suits both the first end epochs of the segment and those
// from an index on. Lines of a slope that one side alone allows are not all of them.
func (e *Estimator) apart(end, from int) bool {
	e.join(&e.around, e.segment[:end])
	for _, o := range e.segment[from:] {
		e.around.join(&o.corridor)
	}
	return e.contradicts(e.around.fit(undecided))
}

// shifted reports whether one line is the other moved: in the middle of the epochs from
// an index on, both sides by about the same. Otherwise it is the network that changed.
func (e *Estimator) shifted(before, after line, from int) bool {
	t := (e.segment[from].from() + e.segment[len(e.segment)-1].to()) / 2
	by, wider := after.at(t)-before.at(t), (after.width-before.width)/2
	return together(by+wider, by-wider, 0, alike)
}

// alike is the part of one side's movement that the other's must be at least, for both to
// be those of a clock.
const alike = 0.5

// together reports whether two movements are the same way, the lesser above a limit and
// at least such a part of the greater.
func together(a, b, limit, part float64) bool {
	least, most := min(math.Abs(a), math.Abs(b)), max(math.Abs(a), math.Abs(b))
	return a*b > 0 && least > limit && least >= part*most
}

// flush hands on the samples of the first end epochs of the segment. They are some of
// those that e.old is the corridor and l the middle of.
func (e *Estimator) flush(l line, end int) {
	b, c := e.old.band(l), e.old.correction(e.frame, l)
	for ; e.flushed < end; e.flushed++ {
		o := e.segment[e.flushed]
		i := max(0, min(e.flushed-recent/2, end-recent))
		e.join(&e.around, e.segment[i:min(i+recent, end)])
		e.track.note(o, b, &e.around)
		e.summary.see(o.samples)
		e.summary.violate(o.odd)
		e.emit(o.samples, c)
		e.recycle(o)
	}
}

// learn takes the groups of epochs that are among the first end of the segment, and
// were not.
func (e *Estimator) learn(end int) {
	for ; e.learned+recent <= end; e.learned += recent {
		e.follow(e.segment[e.learned : e.learned+recent])
	}
}

// follow takes a group of epochs, to know noise, and changes of the network.
func (e *Estimator) follow(group []*epoch) {
	e.join(&e.fresh, group)
	limit := math.Inf(1)
	if e.noise.known() {
		limit = max(e.tolerated(), plain*e.noise.threshold(len(e.segment)))
	}
	for _, c := range e.floors.follow(group[0].from(), e.line.slope, &e.fresh, limit, &e.noise) {
		c.From, c.To = c.From+e.frame.time, c.To+e.frame.time
		e.summary.addChange(c)
	}
}

// doubt deals with the epoch at an index of the segment, which contradicts those
// before it. If it is a minority of its samples that does, they are expelled; else no
// offset suits the epoch, and it is excluded.
func (e *Estimator) doubt(at int) {
	o := e.segment[at]
	if at > 0 && e.reconcile(o, at) {
		return
	}
	e.stuck++
	e.exclude(o)
	e.segment = slices.Delete(e.segment, at, at+1)
}

// reconcile expels the samples of an epoch that contradict those before it, and
// reports whether that was a minority, and has helped.
func (e *Estimator) reconcile(o *epoch, at int) bool {
	b := e.old.band(e.fit(at))
	o.expel(func(s *Sample) bool {
		upper, lower := e.frame.upper(s), e.frame.lower(s)
		lowest, _ := b.at(upper.t)
		_, highest := b.at(lower.t)
		return upper.y < lowest-e.tolerated() || -lower.y > highest+e.tolerated()
	}, e.frame)
	return len(o.samples) > 0 && len(o.odd) <= len(o.samples) && !e.contradicts(e.fit(at+1))
}

// cut ends the segment after its first end epochs, whose middle is before, and begins
// another with those from an index on. What is in between is excluded, and the first of
// these as well if it is not the only one: the change may have been in it.
func (e *Estimator) cut(before line, end, from int) {
	from = min(from+1, len(e.segment)-1)
	if trimmed := e.trim(end); trimmed < end {
		end, before = trimmed, e.fit(trimmed)
	}
	after := e.fitFresh(from)
	between, rest := slices.Clone(e.segment[end:from]), slices.Clone(e.segment[from:])
	e.summary.addChange(e.change(before, after, end, from))
	e.flush(before, end)
	for _, o := range between {
		e.exclude(o)
	}
	e.segment = e.segment[:end]
	e.endSegment(before)
	e.segment, e.line = rest, after
}

// trim returns how many of the first end epochs of the segment are from before a change
// for sure: not those that contradict themselves, nor those without which the corridor is
// wider.
func (e *Estimator) trim(end int) int {
	least := max(1, e.flushed)
	for most := end; end > least && most-end < guard && len(e.segment[end-1].odd) > 0; {
		end--
	}
	for end > least && e.fit(end-1).width > e.fit(end).width+e.tolerated() {
		end--
	}
	e.fit(end)
	return end
}

// change is how one line became another, between the first end epochs of the segment and
// those from an index on. It is a step unless a change of the rate explains it, or it took
// so long that no step would.
func (e *Estimator) change(before, after line, end, from int) Change {
	since := e.segment[end-1].to()
	until := max(since, e.segment[from].from())
	by, rate := after.at(until)-before.at(until), after.slope-before.slope
	c := Change{Kind: Step, By: int64(math.Round(by)), Rate: rate}
	width := until - since
	if math.Abs(by) <= math.Abs(rate)*(width+recent*epochLength) || width > 2*(guard+1)*epochLength && math.Abs(by) <= MaxDrift*width {
		c.Kind = Slew
	} else {
		since, until = e.narrow(before, after, end, from)
	}
	c.From, c.To = e.frame.time+int64(since), e.frame.time+int64(until)
	return c
}

// narrow returns the last time at which a message in between was sent that suited only the
// line before, and the first at which a reply arrived that suited only the one after, as
// far as there are such.
func (e *Estimator) narrow(before, after line, end, from int) (since, until float64) {
	since, until = e.segment[end-1].to(), e.segment[from].from()
	suits := func(l line, upper, lower point) bool {
		return -lower.y <= l.at(lower.t)+e.tolerated() && l.at(upper.t) <= upper.y+e.tolerated()
	}
	for _, o := range e.segment[end:from] {
		for _, s := range slices.Concat(o.samples, o.odd) {
			upper, lower := e.frame.upper(&s), e.frame.lower(&s)
			switch is, was := suits(after, upper, lower), suits(before, upper, lower); {
			case was && !is:
				since = max(since, upper.t)
			case is && !was:
				until = min(until, lower.t)
			}
		}
	}
	if since > until { // replies overtake one another
		since, until = until, since
	}
	return since, until
}

// endSegment makes the record of a segment whose epochs have all been handed on, and
// whose middle is l.
func (e *Estimator) endSegment(l line) {
	for _, o := range e.segment {
		e.wander.add(o.used - l.at(o.middle()))
	}
	e.join(&e.old, e.segment)
	e.summary.addSegment(e.track.segment(e.frame, &e.old, l, e.uncertainty()))
	e.track, e.floors = track{}, floors{}
	e.segment, e.flushed, e.learned, e.stuck = nil, 0, 0, 0
}

// uncertainty is by how much the least delays may seem to change although they do not.
func (e *Estimator) uncertainty() float64 {
	if !e.noise.known() {
		return math.Inf(1)
	}
	return max(e.tolerated(), e.noise.threshold(window))
}

// finish deals with the epochs after which no more will come.
func (e *Estimator) finish() {
	for len(e.segment) > 0 {
		l := e.fit(len(e.segment))
		if !e.contradicts(l) {
			e.flush(l, len(e.segment))
			e.endSegment(l)
			return
		}
		// The first epochs that one line suits; a change was in the last of
		// them or the one after.
		first := sort.Search(len(e.segment), func(n int) bool { return e.contradicts(e.fit(n + 1)) })
		end, from := max(first-1, e.flushed), first+1
		if end > 0 && from < len(e.segment) {
			if before := e.fit(end); e.changed(before, end, from) {
				e.cut(before, end, from)
				continue
			}
			if e.giveUp(end, from) {
				continue
			}
		}
		e.doubt(first)
	}
}
