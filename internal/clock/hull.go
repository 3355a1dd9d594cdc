package clock

import "sort"

// A point is a bound of the offset: y at time t, both in nanoseconds and relative
// to what the estimator has as its origin.
type point struct{ t, y float64 }

// A hull is the lower convex hull of points, in the order of their times. The lines
// that lie below all points are those that lie below the hull.
type hull []point

// add takes a point that is not earlier than those before. Amortised, it takes
// constant time (Andrew's monotone chain).
func (h *hull) add(p point) {
	s := *h
	if n := len(s); n > 0 && s[n-1].t == p.t {
		if s[n-1].y <= p.y {
			return
		}
		s = s[:n-1]
	}
	for n := len(s); n > 1; n = len(s) {
		a, b := s[n-2], s[n-1]
		if (b.y-a.y)*(p.t-b.t) < (p.y-b.y)*(b.t-a.t) {
			break // b lies below the line from a to p
		}
		s = s[:n-1]
	}
	*h = append(s, p)
}

// slope is that of the edge which begins at vertex i.
func (h hull) slope(i int) float64 { return (h[i+1].y - h[i].y) / (h[i+1].t - h[i].t) }

// support returns the highest line of a slope that lies below all points: its
// value at time t. An empty hull has none; it must not be asked.
func (h hull) support(slope, t float64) float64 {
	i := sort.Search(len(h)-1, func(i int) bool { return h.slope(i) >= slope })
	return h[i].y - slope*(h[i].t-t)
}
