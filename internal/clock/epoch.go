package clock

import (
	"cmp"
	"slices"
)

// A Sample is what one reply says of the offset θ = server clock − client clock: at
// the time At on the client's line it was neither above Upper nor below Lower. All
// are nanoseconds.
type Sample struct {
	At    int64 // when the reply was read
	Upper int64 // the server's timestamp − when the message was sent
	Lower int64 // the server's timestamp − when the reply arrived
	// Counted is whether it belongs to what is measured. Others help to find the
	// offset, as those of a warm-up do.
	Counted bool
}

// A frame is what times and offsets are counted from where they are floats, so that
// these are exact to far less than a nanosecond.
type frame struct{ time, offset int64 }

func (f frame) at(time int64) float64 { return float64(time - f.time) }

// bounds are those of a sample.
func (f frame) bounds(s Sample) (t, upper, lower float64) {
	return f.at(s.At), float64(s.Upper - f.offset), float64(s.Lower - f.offset)
}

// An epoch is the samples of a quarter of a second, until they are handed on, and
// the corridor that they leave.
type epoch struct {
	corridor
	index   int64
	samples []Sample
	odd     []Sample // that contradict most of the others
	slot    slot     // of the newest samples
	run     corridor // of those since begin, without the slot's
	earlier corridor // of the runs before; not in the order of times
	used    float64  // the offset in its middle that its samples were corrected with
}

// A slot is a millisecond of samples. Only its least bounds can matter to the corridor:
// within a slot one clock runs away from the other by no more than timestamps may differ
// by. So most samples cost a comparison only.
type slot struct {
	end          int64
	upper, lower Sample // with the least Upper and the greatest Lower
}

const slotLength = 1_000_000 // nanoseconds

// begin is called before samples that are not in the order of those before.
func (e *epoch) begin(f frame) {
	e.endSlot(f)
	e.slot = slot{}
	e.earlier.upper = append(e.earlier.upper, e.run.upper...)
	e.earlier.lower = append(e.earlier.lower, e.run.lower...)
	e.run.reset()
}

// take adds a sample.
func (e *epoch) take(s Sample, f frame) {
	e.samples = append(e.samples, s)
	switch {
	case s.At >= e.slot.end || s.At < e.slot.end-slotLength:
		if e.endSlot(f); s.At < e.slot.end {
			e.begin(f)
		}
		e.slot = slot{s.At - s.At%slotLength + slotLength, s, s}
	case s.Upper < e.slot.upper.Upper:
		e.slot.upper = s
		if s.Lower > e.slot.lower.Lower {
			e.slot.lower = s
		}
	case s.Lower > e.slot.lower.Lower:
		e.slot.lower = s
	}
}

// endSlot puts the slot into the corridor.
func (e *epoch) endSlot(f frame) {
	if e.slot.end == 0 {
		return
	}
	t, upper, _ := f.bounds(e.slot.upper)
	e.run.upper.add(point{t, upper})
	t, _, lower := f.bounds(e.slot.lower)
	e.run.lower.add(point{t, -lower})
}

// close makes the corridor of all samples.
func (e *epoch) close(f frame) {
	e.begin(f)
	byTime := func(a, b point) int { return cmp.Compare(a.t, b.t) }
	slices.SortFunc(e.earlier.upper, byTime)
	slices.SortFunc(e.earlier.lower, byTime)
	e.join(&e.earlier)
	e.earlier.reset()
}

// from, to and middle are of its samples' times.
func (e *epoch) from() float64   { return e.upper[0].t }
func (e *epoch) to() float64     { return e.upper[len(e.upper)-1].t }
func (e *epoch) middle() float64 { return (e.from() + e.to()) / 2 }

// minority returns what tells the samples that contradict most of the others by more
// than a tolerance, along a slope; it is false if no offset suits most of them. What
// suits the most is found as NTP finds the true time among clocks (Marzullo's
// algorithm; RFC 5905, 11.2.1).
func (e *epoch) minority(tolerance, slope float64, f frame) (odd func(Sample) bool, ok bool) {
	lowest := func(s Sample) float64 { t, _, lower := f.bounds(s); return lower - slope*t - tolerance }
	highest := func(s Sample) float64 { t, upper, _ := f.bounds(s); return upper - slope*t + tolerance }
	value, most := popular(e.samples, lowest, highest)
	odd = func(s Sample) bool { return value < lowest(s) || value > highest(s) }
	return odd, 2*most > len(e.samples)
}

// expel parts samples that contradict others from them.
func (e *epoch) expel(odd func(Sample) bool, f frame) {
	slices.SortFunc(e.samples, func(a, b Sample) int { return cmp.Compare(a.At, b.At) })
	e.reset()
	kept := e.samples[:0]
	for _, s := range e.samples {
		if odd(s) {
			e.odd = append(e.odd, s)
			continue
		}
		kept = append(kept, s)
		e.add(f.bounds(s))
	}
	e.samples = kept
}

// popular returns a value that the most samples allow, and how many they are.
func popular(samples []Sample, lowest, highest func(Sample) float64) (value float64, most int) {
	type edge struct {
		at   float64
		step int
	}
	edges := make([]edge, 0, 2*len(samples))
	for _, s := range samples {
		edges = append(edges, edge{lowest(s), 1}, edge{highest(s), -1})
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
