package clock

import (
	"slices"
	"sort"
)

// A point is a limit of the offset: y at time t, both in nanoseconds and relative
// to the estimator's origin.
type point struct{ t, y float64 }

// A hull is the lower convex hull of points, in the order of their times. The lines
// that lie below all points are those that lie below the hull.
type hull []point

// add takes a point. Those that come in the order of their times take constant time,
// amortised (Andrew's monotone chain); others are put where they belong.
func (h *hull) add(p point) {
	s := *h
	n := len(s)
	if n > 0 && p.t <= s[n-1].t {
		h.insert(p)
		return
	}
	*h = append(s[:convex(s, p)], p)
}

// insert takes a point that is not behind the last.
func (h *hull) insert(p point) {
	s := *h
	i := sort.Search(len(s), func(i int) bool { return s[i].t >= p.t })
	after := i // the first vertex that stays on the right
	if s[i].t == p.t {
		if s[i].y <= p.y {
			return
		}
		after++
	} else if i > 0 && !below(p, s[i-1], s[i]) {
		return
	}
	before := convex(s[:i], p)
	for after+1 < len(s) && !below(s[after], p, s[after+1]) {
		after++
	}
	*h = slices.Replace(s, before, after, p)
}

// convex returns how many of a hull's points remain vertices with another point to
// the right of them.
func convex(h hull, p point) int {
	n := len(h)
	for n > 1 && !below(h[n-1], h[n-2], p) {
		n--
	}
	return n
}

// below reports whether a point lies below the line between two others, whose times
// are before and after its own.
func below(p, from, to point) bool {
	return (p.y-from.y)*(to.t-p.t) < (to.y-p.y)*(p.t-from.t)
}

// slope is that of the edge which begins at vertex i.
func (h hull) slope(i int) float64 { return (h[i+1].y - h[i].y) / (h[i+1].t - h[i].t) }

// support returns the highest line of a slope that lies below all points: its
// value at time t. An empty hull has none; it must not be asked.
func (h hull) support(slope, t float64) float64 {
	i := sort.Search(len(h)-1, func(i int) bool { return h.slope(i) >= slope })
	return h[i].y - slope*(h[i].t-t)
}
