package clock

import "slices"

// ticks finds in what steps a server's clock advances when its digits do not tell: a
// clock that is read from a cache stands still until the next tick, whatever the digits of
// the time that it shows. It shows itself
//
//   - by messages that were sent one after the other's reply and got the same timestamp:
//     the clock stood still meanwhile, which is proof;
//   - by the smallest differences between timestamps, once some are the same;
//   - where messages are too rare for that, by differences that are all multiples of one,
//     to within nanoseconds: no network is as exact as that. Messages that are in step with
//     a tick show a multiple of it, which is not less honest.
//
// Clocks of several servers do not disturb that, as differences are those of a client,
// which talks to one of them.
type ticks struct {
	seen, repeats int64
	held          int64         // the longest time for which a clock was seen to stand still
	gaps          []int64       // between the first timestamps that a client got
	jumps         []int64       // between the first timestamps that any clients got
	recent        [4]stampSince // timestamps
	newest        int           // of them
	fresh         bool          // something has been found out since tick was asked
}

// stampSince is a timestamp, and when the first reply with it arrived.
type stampSince struct{ stamp, since int64 }

const (
	mostGaps      = 256
	enough        = 100_000
	fewestGaps    = 16         // that are enough to tell
	fewestRepeats = 3          // of them, and
	slowestTick   = 15_625_000 // of a system: 64 in a second
	repeatShare   = 1000       // one in so many samples: two clocks may show the same by chance
	// What is longer is no tick, but a clock that stands still. It is also the
	// coarsest step of the protocol's digits.
	longestTick = 1_000_000_000
)

// settled reports whether no more samples are needed: so many that a clock which has not
// stood still yet does not tick.
func (k *ticks) settled() bool { return k.seen >= enough && k.repeats == 0 }

// take adds a sample of a client.
func (k *ticks) take(s *Sample, p *peer) {
	k.seen++
	if s.Stamp == p.stamp {
		k.repeat(s.Sent - p.since)
		return
	}
	if p.since != 0 && s.Stamp > p.stamp {
		k.gaps = k.note(k.gaps, s.Stamp-p.stamp)
	}
	p.stamp, p.since = s.Stamp, s.Arrived
	for i := range k.recent {
		if r := &k.recent[i]; r.stamp == s.Stamp {
			k.repeat(s.Sent - r.since)
			return
		}
	}
	if last := k.recent[k.newest].stamp; k.seen > 1 && s.Stamp > last {
		k.jumps = k.note(k.jumps, s.Stamp-last)
	}
	k.newest = (k.newest + 1) % len(k.recent)
	k.recent[k.newest] = stampSince{s.Stamp, s.Arrived}
}

// repeat notes that a clock stood still for a time. Below zero it need not have: the two
// messages may have met the server at the same time.
func (k *ticks) repeat(held int64) {
	if held < 0 {
		return
	}
	k.repeats++
	k.fresh = k.fresh || held > k.held || k.repeats == fewestRepeats
	k.held = max(k.held, held)
}

// note keeps the first differences.
func (k *ticks) note(differences []int64, d int64) []int64 {
	if len(differences) < mostGaps {
		differences = append(differences, d)
		k.fresh = k.fresh || len(differences)%fewestGaps == 0
	}
	return differences
}

// known reports whether there is enough to tell.
func (k *ticks) known() bool { return max(len(k.gaps), len(k.jumps)) >= fewestGaps }

// tick is the step of the server's clock, or 0 if nothing shows that it has one.
func (k *ticks) tick() int64 {
	k.fresh = false
	if k.held > longestTick {
		return 0
	}
	even := least(spacing(k.gaps), spacing(k.jumps))
	if k.repeats < fewestRepeats || k.repeats*repeatShare < k.seen {
		return even
	}
	return max(k.held, even, min(smallest(k.gaps), smallest(k.jumps), longestTick))
}

// least is the lesser of two ticks, of which 0 is none.
func least(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// smallest is what few differences are below, which may be those of a clock that was
// corrected, or of another server's.
func smallest(differences []int64) int64 {
	if len(differences) == 0 {
		return longestTick
	}
	sorted := slices.Sorted(slices.Values(differences))
	return sorted[len(sorted)/fewBreaks]
}

// spacing is the greatest number that nearly all of some differences are multiples of, or
// 0 if there is none. If all are the same, messages are in step with the ticks; then it is
// the longest tick that a system has of those which suit.
func spacing(differences []int64) int64 {
	if len(differences) < fewestGaps {
		return 0
	}
	sorted := slices.Sorted(slices.Values(differences))
	steps := stepsOf(sorted)
	tried := int64(0)
	for _, c := range slices.SortedFunc(slices.Values(steps), func(a, b step) int { return int(a.by - b.by) }) {
		if c.by < longestTick && c.by >= coarse*c.exact && c.by > tried+tried/10 && suits(steps, c.by, len(sorted)) {
			if c == steps[0] && float64(c.count) >= nearly*float64(len(sorted)) {
				return c.by / ((c.by + slowestTick - 1) / slowestTick)
			}
			return c.by
		}
		tried = max(tried, c.by)
	}
	return 0
}

// A step is from one value of differences to the next, or to the first from 0.
type step struct {
	by    int64
	exact int64 // how exact the values are
	count int   // differences of the next value
}

const (
	coarse = 40  // a step is told from noise if it is so many times what values are exact to
	nearly = 0.9 // of all
)

// stepsOf returns the steps between sorted differences. Those that differ by no more than
// ticks do, of a clock that is corrected meanwhile, are one value.
func stepsOf(sorted []int64) (steps []step) {
	value := int64(0)
	for _, d := range sorted {
		exact := min(20+d/50_000, 1_000)
		if d > value+exact {
			steps = append(steps, step{d - value, exact, 0})
			value = d
		}
		if len(steps) > 0 {
			steps[len(steps)-1].count++
		}
	}
	return steps
}

// suits reports whether nearly all steps, by the count of what they lead to, are multiples
// of a tick, and enough to tell: with a small tick and a long step any would be.
func suits(steps []step, tick int64, all int) bool {
	hits, checked := 0, 0
	for _, s := range steps {
		times := (s.by + tick/2) / tick
		if off := 2 * s.exact * (1 + times); off <= tick/10 {
			checked += s.count
			if times > 0 && abs(s.by-times*tick) <= off {
				hits += s.count
			}
		}
	}
	return 2*checked >= all && float64(hits) >= nearly*float64(checked)
}
