package record

import (
	"fmt"
	"time"
)

// Overlap says whether merged runs measured at the same time.
type Overlap struct {
	Kind   string `json:"kind"`      // Together, Staggered or Sequential
	Common int64  `json:"common_ns"` // of Run.Duration, how long all of them did
	Most   int    `json:"most"`      // how many did at once, at most
}

// The kinds of Overlap.
const (
	// Together is that they began and ended at nearly the same time: for 95 % of Run.Duration all
	// measured. Config.Rate and Config.Clients are the sums.
	Together = "together"
	// Staggered is that some measured at the same time, and not all, or not for so long. No rate and no
	// number of clients lasted: Config.Rate is the average over Run.Duration, and Config.Clients 0.
	Staggered = "staggered"
	// Sequential is that they followed each other. Config.Rate and Config.Clients are what each had, and
	// 0 if they differ in it.
	Sequential = "sequential"
)

// enoughTogether is the share of the time in which all runs must have measured for their rates to add up.
const enoughTogether = 0.95

// overlap tells of a merged run how its parts overlap, and what that makes of their rates and clients.
func (r *Run) overlap(parts []part) {
	if len(parts) < 2 {
		return
	}
	o := overlapOf(parts, r.Duration)
	r.Overlap = &o
	var clients int
	var rate, sent float64 // in a second, and in all
	for _, p := range parts {
		clients += p.facts.Config.Clients
		rate += p.facts.Config.Rate
		sent += p.facts.Config.Rate * float64(p.facts.Duration)
	}
	switch o.Kind {
	case Sequential:
		return // what they agree on
	case Together:
		r.Config.Clients, r.Config.Rate = clients, rate
	case Staggered:
		r.Config.Clients, r.Config.Rate = 0, sent/float64(r.Duration)
		r.Warnings = append(r.Warnings, staggered(o, len(parts), r))
	}
	if r.Config.Mode == "" {
		r.Config.Rate = 0
	}
}

func overlapOf(parts []part, measured int64) Overlap {
	o := Overlap{Kind: Staggered}
	latest, earliest := parts[0].facts.Started, end(parts[0])
	for _, p := range parts {
		latest = later(latest, p.facts.Started)
		if e := end(p); e.Before(earliest) {
			earliest = e
		}
		at := 0 // as many as measure when this one begins
		for _, q := range parts {
			if !q.facts.Started.After(p.facts.Started) && end(q).After(p.facts.Started) {
				at++
			}
		}
		o.Most = max(o.Most, at)
	}
	o.Common = max(0, int64(earliest.Sub(latest)))
	switch {
	case o.Most <= 1:
		o.Kind = Sequential
	case float64(o.Common) >= enoughTogether*float64(measured):
		o.Kind = Together
	}
	return o
}

func end(p part) time.Time { return p.facts.Started.Add(time.Duration(p.facts.Duration)) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// staggered warns of runs that were.
func staggered(o Overlap, parts int, r *Run) string {
	text := fmt.Sprintf("staggered: the %d runs overlapped for %v of %v", parts, rounded(o.Common), rounded(r.Duration))
	if o.Common == 0 {
		text = fmt.Sprintf("staggered: the %d runs never all overlapped, %d of them did at most", parts, o.Most)
	}
	if r.Config.Mode == Open {
		text += "; the rate is the average over all of that time"
	}
	return text
}

// rounded is a time for people.
func rounded(ns int64) time.Duration {
	d := time.Duration(ns)
	if d >= 100*time.Millisecond {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
