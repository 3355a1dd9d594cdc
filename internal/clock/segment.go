package clock

import (
	"math"
	"slices"
	"sort"
)

// join makes one corridor of those of epochs.
func join(c *corridor, epochs []*epoch) {
	c.reset()
	for _, o := range epochs {
		c.join(&o.corridor)
	}
}

// fit makes the corridor of the segment's first end epochs, and returns its middle.
// Long segments have shown which slope to expect: clocks do not change it fast, while
// a change of the network can make many slopes look alike.
func (e *Estimator) fit(end int) line {
	join(&e.old, e.segment[:end])
	if end < settled {
		return e.old.fit(undecided)
	}
	return e.old.fit(prior{e.line.slope, inertia})
}

// fitFresh is the same for those from an index on, to be compared with the others.
func (e *Estimator) fitFresh(from int) line {
	join(&e.fresh, e.segment[from:])
	return e.fresh.fit(undecided)
}

const (
	settled = window / 4 // epochs
	inertia = 5_000      // the weight of the prior slope
)

// undecided prefers no slope but where all are the same.
var undecided = prior{weight: 1e-8}

// contradicts reports whether no line suits what another was fitted to.
func (e *Estimator) contradicts(l line) bool { return l.width < -e.tolerated() }

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
		e.doubt(end - 1)
	case e.changed(l, end, from):
		e.cut(l, end, from)
	case end >= recent:
		e.line, e.stuck = l, 0
		e.learn(end)
		e.flush(l, e.ripe(end))
	}
}

// ripe returns how many of the first end epochs of the segment are to be handed on:
// those that are centred, and more if too many samples are held.
func (e *Estimator) ripe(end int) int {
	n := max(e.flushed, len(e.segment)-centred)
	for held := e.held; n < end && held > e.hold; n++ {
		held -= len(e.segment[n].samples)
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
	floor, ceiling := e.old.floor(slope, t), e.old.ceiling(slope, t)
	up, down := e.fresh.floor(slope, t)-floor, e.fresh.ceiling(slope, t)-ceiling
	least, most := min(math.Abs(up), math.Abs(down)), max(math.Abs(up), math.Abs(down))
	limit := max(e.tolerated(), e.noise.threshold(end))
	switch {
	case e.contradicts(after) || up*down <= 0 || least <= limit:
		return false
	case e.stuck > recent+guard: // they have contradicted each other for too long
		return true
	case after.width < before.width-limit:
		return false
	case e.noise.known():
		return true
	}
	disjoint := max(down, -up) > floor-ceiling+e.tolerated()
	return disjoint && least >= most/2
}

// flush hands on the samples of the first end epochs of the segment. They are some of
// those that e.old is the corridor and l the middle of.
func (e *Estimator) flush(l line, end int) {
	b, c := e.old.band(l), e.correction(l)
	for ; e.flushed < end; e.flushed++ {
		o := e.segment[e.flushed]
		e.track.note(o, b)
		e.summary.see(&o.corridor, e.frame)
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
	join(&e.fresh, group)
	limit := math.Inf(1)
	if e.noise.known() {
		limit = max(e.tolerated(), plain*e.noise.threshold(len(e.segment)))
	}
	for _, c := range e.floors.follow(group[0].from(), e.line.slope, &e.fresh, limit, &e.noise) {
		c.At += e.frame.time
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
	o.expel(func(s Sample) bool {
		t, upper, lower := e.frame.bounds(s)
		lowest, highest := b.at(t)
		return upper < lowest-e.tolerated() || lower > highest+e.tolerated()
	}, e.frame)
	return len(o.samples) > 0 && len(o.odd) <= len(o.samples) && !e.contradicts(e.fit(at+1))
}

// cut ends the segment after its first end epochs, whose middle is before, and begins
// another with those from an index on. What is in between is excluded, and so is an
// epoch that the change itself fell into: its samples contradicted one another.
func (e *Estimator) cut(before line, end, from int) {
	for from < len(e.segment)-1 && len(e.segment[from].odd) > 0 {
		from++
	}
	between, rest := e.segment[end:from], slices.Clone(e.segment[from:])
	e.flush(before, end)
	for _, o := range between {
		e.exclude(o)
	}
	e.segment = e.segment[:end]
	e.endSegment(before)
	e.segment = rest
	after := e.fitFresh(0)
	e.line = after
	e.summary.addChange(clockChange(e.frame, e.frame.at(rest[0].index*epochLength), before, after))
}

// endSegment makes the record of a segment whose epochs have all been handed on, and
// whose middle is l.
func (e *Estimator) endSegment(l line) {
	for _, o := range e.segment {
		e.wander.add(o.used - l.at(o.middle()))
	}
	join(&e.old, e.segment)
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
		}
		e.doubt(first)
	}
}
