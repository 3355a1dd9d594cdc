package clock

import "math"

// floors follows the least delay of both directions, group of epochs by group, to
// find when the network changes. What moves both sides of the corridor the same way
// is no business of it: that is a clock.
type floors struct{ upper, lower level }

// A level is about where one side of the corridor is.
type level struct {
	known  bool
	t, y   float64
	beyond int     // groups in turn that were further from it than noise
	since  float64 // when the first of them was
}

const (
	// So many groups in turn must be beyond noise.
	lasting = 2
	// The level follows what it sees by this part of the difference.
	following = 0.25
)

// follow takes the corridor of a group of epochs that began at time t, and what is
// more than noise. It returns which directions have changed for good, and adds what is
// no change to the noise.
func (f *floors) follow(t, slope float64, group *corridor, limit float64, n *noise) (changes []Change) {
	known := f.upper.known
	up := f.upper.difference(t, slope, group.floor(slope, t))
	down := f.lower.difference(t, slope, group.ceiling(slope, t))
	beyond := max(math.Abs(up), math.Abs(down)) > limit
	switch {
	case known && !beyond:
		n.upper.add(math.Abs(up))
		n.lower.add(math.Abs(down))
	case together(up, down, limit, alike):
		return nil
	}
	if f.upper.follow(up, limit) {
		changes = append(changes, f.upper.change(ForwardFloor, up))
	}
	if f.lower.follow(down, limit) {
		changes = append(changes, f.lower.change(ReverseFloor, -down))
	}
	return changes
}

// change is one of the network, which began in the group before the first that was beyond
// noise, or in that itself.
func (l *level) change(kind ChangeKind, by float64) Change {
	const group = recent * epochLength
	return Change{Kind: kind, From: int64(l.since) - group, To: int64(l.since) + group, By: int64(by)}
}

// difference goes on to time t, and returns how far y is from where it was to be.
func (l *level) difference(t, slope, y float64) float64 {
	if !l.known {
		l.known, l.t, l.y = true, t, y
	}
	l.y += slope * (t - l.t)
	l.t = t
	return y - l.y
}

// follow takes a difference, and reports whether the level has changed for good.
func (l *level) follow(d, limit float64) bool {
	if math.Abs(d) <= limit {
		l.beyond = 0
		l.y += d * following
		return false
	}
	if l.beyond == 0 {
		l.since = l.t
	}
	if l.beyond++; l.beyond < lasting {
		return false
	}
	l.beyond = 0
	l.y += d
	return true
}
