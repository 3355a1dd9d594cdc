package clock

import (
	"cmp"
	"math"
	"slices"
)

// An epoch is the samples whose replies arrived in a quarter of a second, until they are
// handed on, and the corridor that they leave. One that is read when its epoch has been
// closed belongs to the oldest that is open. Its limits keep their times all the same, so
// those of an epoch may be from before it.
type epoch struct {
	corridor
	index        int64
	samples      []Sample
	odd          []Sample // that contradict most of the others
	upper, lower slot     // of the newest samples
	used         float64  // the offset in its middle that its samples were corrected with
}

// A slot is the limits of one side in a millisecond. Only the least of them can matter to
// the corridor: within a slot one clock runs away from the other by no more than timestamps
// may differ by. So most samples cost a comparison only.
type slot struct {
	from, until float64
	least       point
}

const slotLength = 1_000_000 // nanoseconds

// take adds a limit. That of a slot which is over goes into the hull.
func (s *slot) take(p point, h *hull) {
	switch {
	case p.t < s.from || p.t >= s.until:
		s.flush(h)
		s.from = math.Floor(p.t/slotLength) * slotLength
		s.until, s.least = s.from+slotLength, p
	case p.y < s.least.y:
		s.least = p
	}
}

// flush puts the slot into the hull.
func (s *slot) flush(h *hull) {
	if s.until > s.from {
		h.add(s.least)
	}
}

// take adds a sample.
func (e *epoch) take(s *Sample, f frame) {
	e.samples = append(e.samples, *s)
	e.upper.take(f.upper(s), &e.corridor.upper)
	e.lower.take(f.lower(s), &e.corridor.lower)
}

// close completes the corridor. The server's timestamps are off by up to slack.
func (e *epoch) close(slack float64) {
	e.upper.flush(&e.corridor.upper)
	e.lower.flush(&e.corridor.lower)
	e.slack = slack
}

// from, to and middle are of the times at which its replies arrived, and first is when the
// first of its messages was sent.
func (e *epoch) first() float64  { return min(e.corridor.upper[0].t, e.from()) }
func (e *epoch) from() float64   { return e.corridor.lower[0].t }
func (e *epoch) to() float64     { return e.corridor.lower[len(e.corridor.lower)-1].t }
func (e *epoch) middle() float64 { return (e.from() + e.to()) / 2 }

// minority returns what tells the samples that contradict most of the others by more
// than a tolerance, along a slope; it is false if no offset suits most of them. What
// suits the most is found as NTP finds the true time among clocks (Marzullo's
// algorithm; RFC 5905, 11.2.1).
func (e *epoch) minority(tolerance, slope float64, f frame) (odd func(*Sample) bool, ok bool) {
	lowest := func(s *Sample) float64 { p := f.lower(s); return -p.y - slope*p.t - tolerance }
	highest := func(s *Sample) float64 { p := f.upper(s); return p.y - slope*p.t + tolerance }
	allowed := make([]span, len(e.samples))
	for i := range e.samples {
		s := &e.samples[i]
		allowed[i] = span{lowest(s), highest(s)}
	}
	value, most := popular(allowed)
	odd = func(s *Sample) bool { return value < lowest(s) || value > highest(s) }
	return odd, 2*most > len(e.samples)
}

// expel parts samples that contradict others from them.
func (e *epoch) expel(odd func(*Sample) bool, f frame) {
	e.reset()
	kept := e.samples[:0]
	for i := range e.samples {
		s := e.samples[i]
		if odd(&s) {
			e.odd = append(e.odd, s)
			continue
		}
		kept = append(kept, s)
		e.add(f.upper(&s), f.lower(&s))
	}
	e.samples = kept
}

// restore takes back what was expelled.
func (e *epoch) restore(f frame) {
	e.samples = append(e.samples, e.odd...)
	e.odd = nil
	e.expel(func(*Sample) bool { return false }, f)
}

// A span is the values between two.
type span struct{ lowest, highest float64 }

// popular returns a value that is in the most spans, and in how many.
func popular(spans []span) (value float64, most int) {
	type edge struct {
		at   float64
		step int
	}
	edges := make([]edge, 0, 2*len(spans))
	for _, s := range spans {
		edges = append(edges, edge{s.lowest, 1}, edge{s.highest, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.step, a.step)) })
	n := 0
	for i, e := range edges {
		if n += e.step; n > most {
			most, value = n, (e.at+edges[i+1].at)/2
		}
	}
	return value, most
}
