package clock

import (
	"cmp"
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
	from      int64
	at, limit int64 // the least of them; a limit below is mirrored
	used      bool
}

const slotLength = 1_000_000 // nanoseconds

// take adds a limit, and reports whether it does not belong to the slot.
func (s *slot) take(at, limit int64) (other bool) {
	if uint64(at-s.from) >= slotLength {
		return true
	}
	if limit < s.limit {
		s.at, s.limit = at, limit
	}
	return false
}

// begin goes over to the slot of a limit. The one at hand goes into the hull; f is mirrored
// if the limits are.
func (s *slot) begin(at, limit int64, h *hull, f frame) {
	s.flush(h, f)
	*s = slot{at - at%slotLength, at, limit, true}
}

func (s *slot) flush(h *hull, f frame) {
	if s.used {
		h.add(point{f.at(s.at), float64(s.limit - f.offset)})
	}
}

// take adds a sample.
func (e *epoch) take(s *Sample, f frame) {
	e.samples = append(e.samples, *s)
	if upper := s.Upper(); e.upper.take(s.Sent, upper) {
		e.upper.begin(s.Sent, upper, &e.corridor.upper, f)
	}
	if lower := -s.Lower(); e.lower.take(s.Arrived, lower) {
		e.lower.begin(s.Arrived, lower, &e.corridor.lower, f.mirrored())
	}
}

// close completes the corridor. The server's timestamps are off by up to slack.
func (e *epoch) close(f frame, slack float64) {
	e.upper.flush(&e.corridor.upper, f)
	e.lower.flush(&e.corridor.lower, f.mirrored())
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
