package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Merge returns the run that others are parts of: load generators that ran side by side,
// or runs that followed each other. Its histograms are those of all their samples. What
// is told of the parts (Parts) stays; what they agree on is told of the whole, and what
// they do not agree on is empty there. Merging is associative, and the order of the
// runs makes no difference. What Merge returns can be read again; an error says which part is in the
// way of that, and why.
//
// Whether runs belong together is for Mismatches to say.
func Merge(runs []*Run) (*Run, error) {
	parts := inOrder(runs)
	whole, err := describeWhole(parts)
	if err != nil {
		return nil, err
	}
	sums := sums{}
	for _, r := range runs {
		if err := sums.add(r.Metrics); err != nil {
			return nil, fmt.Errorf("the run begun %s: %w", when(r), err)
		}
	}
	whole.Metrics = sums.metrics()
	whole.Intervals = []Interval{}
	for at, p := range parts {
		whole.Parts = append(whole.Parts, *p.facts)
		shift := int64(p.facts.Started.Sub(whole.Started)) - p.began
		for _, i := range p.intervals {
			i.Part = at
			i.Start += shift
			whole.Intervals = append(whole.Intervals, i)
		}
	}
	slices.SortStableFunc(whole.Intervals, func(a, b Interval) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Part, b.Part))
	})
	return whole, whole.unreadable()
}

// unreadable says why a reader would refuse what was merged of what it accepted.
func (r *Run) unreadable() error {
	if name, err := faultyMetric(r.Metrics); err != nil {
		return fmt.Errorf("all parts together: %s: %w", name, err)
	}
	for _, i := range r.Intervals {
		if i.Start < -ever || i.Start > ever {
			return fmt.Errorf("%s: it has an interval %v after the first part began: was the clock of its machine set?", r.part(i.Part), time.Duration(i.Start))
		}
	}
	if place, err := r.fault(); err != nil {
		return fmt.Errorf("all parts together: %s: %w", place, err)
	}
	return nil
}

// part names one of the runs that were merged.
func (r *Run) part(at int) string { return nameOf(at, &r.Parts[at]) }

func nameOf(at int, r *Run) string { return fmt.Sprintf("part %d, begun %s", at+1, when(r)) }

func when(r *Run) string { return r.Started.Format(time.RFC3339) }

// part is a run that was not merged of others.
type part struct {
	facts     *Run
	intervals []Interval
	began     int64 // when, in what its intervals are told in
}

// partsOf returns the parts of some runs.
func partsOf(runs []*Run) (all []part) {
	for _, r := range runs {
		if len(r.Parts) == 0 {
			facts := r.Facts()
			all = append(all, part{facts: &facts, intervals: r.Intervals})
			continue
		}
		for at := range r.Parts {
			p := part{facts: &r.Parts[at], began: int64(r.Parts[at].Started.Sub(r.Started))}
			for _, i := range r.Intervals {
				if i.Part == at {
					p.intervals = append(p.intervals, i)
				}
			}
			all = append(all, p)
		}
	}
	return all
}

// inOrder returns the parts of some runs in the order of compareRuns.
func inOrder(runs []*Run) []part {
	parts := partsOf(runs)
	slices.SortStableFunc(parts, func(a, b part) int { return compareRuns(a.facts, b.facts) })
	return parts
}

// compareRuns orders runs by when they began, and those of one moment somehow, but always
// in the same way. Those of which everything is the same are equal.
func compareRuns(a, b *Run) int {
	if c := cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Duration, b.Duration)); c != 0 {
		return c
	}
	x, e := json.Marshal(a)
	y, f := json.Marshal(b)
	return cmp.Or(bytes.Compare(x, y), strings.Compare(fmt.Sprint(e), fmt.Sprint(f)))
}

// describeWhole tells of the parts together, which are in the order of time.
func describeWhole(parts []part) (*Run, error) {
	first := parts[0].facts
	whole := &Run{
		Schema: Schema, Tool: first.Tool, Started: first.Started, Command: []string{},
		Config: first.Config, Host: first.Host, Server: first.Server,
		Totals: Totals{Errors: map[string]int64{}}, Clock: Clock{Segments: []Segment{}, Changes: []Change{}},
		Validity: Validity{Verdict: Valid, Reasons: []string{}}, Warnings: []string{},
	}
	for at, p := range parts {
		f := p.facts
		if apart := f.Started.Sub(first.Started); apart > ever {
			return nil, fmt.Errorf("%s: that is %.0f years after part 1, begun %s: was the clock of one machine not set?", nameOf(at, f), apart.Hours()/24/365.25, when(first))
		}
		agree(&whole.Config, f.Config)
		agree(&whole.Host, f.Host)
		agree(&whole.Server, f.Server)
		whole.Interrupted = whole.Interrupted || f.Interrupted
		if !whole.Totals.add(f.Totals) {
			return nil, fmt.Errorf("%s: the sum of its counts and those of the parts before it overflows 63 bits", nameOf(at, f))
		}
		whole.Clock.add(f.Clock, at == 0)
		whole.Validity.add(f.Validity, at)
		whole.Generator.add(f.Generator)
		whole.StreamLost = min(whole.StreamLost+f.StreamLost, ever)
		if f.Interrupted {
			whole.Warnings = append(whole.Warnings, fmt.Sprintf("part %d: it was interrupted after %v", at+1, rounded(f.Duration)))
		}
		for _, w := range f.Warnings {
			whole.Warnings = append(whole.Warnings, fmt.Sprintf("part %d: %s", at+1, w))
		}
	}
	for _, m := range mismatches(parts) {
		whole.Warnings = append(whole.Warnings, "these runs were merged although "+m)
	}
	whole.Duration = measured(parts)
	whole.overlap(parts)
	if whole.Duration > 0 {
		whole.Totals.Rate = float64(whole.Totals.Received-whole.Totals.Late) / float64(whole.Duration) * 1e9
	}
	return whole, nil
}

// agree empties the fields of a struct that are not those of another.
func agree[T any](with *T, other T) {
	a, b := reflect.ValueOf(with).Elem(), reflect.ValueOf(other)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			a.Field(i).SetZero()
		}
	}
}

// measured is for how long any of the parts measured, which are in the order of time.
func measured(parts []part) (sum int64) {
	var until time.Time
	for _, p := range parts {
		from, to := p.facts.Started, p.facts.Started.Add(time.Duration(p.facts.Duration))
		if from.Before(until) {
			from = until
		}
		if to.After(from) {
			sum += int64(to.Sub(from))
			until = to
		}
	}
	return sum
}

// add keeps what is true of several clocks: the relation that all have, and the widest
// bound.
func (c *Clock) add(o Clock, first bool) {
	switch {
	case first:
		c.Relation = o.Relation
	case c.Relation != o.Relation:
		c.Relation = Mixed
	}
	c.Bound = max(c.Bound, o.Bound)
	c.Vouched, c.Contradiction = max(c.Vouched, o.Vouched), max(c.Contradiction, o.Contradiction)
	addTo(&c.Excluded, o.Excluded)
	addTo(&c.Violations, o.Violations)
	c.Resolution = max(c.Resolution, o.Resolution)
}

// add keeps the worst verdict.
func (v *Validity) add(o Validity, at int) {
	if o.Verdict == Invalid {
		v.ByErrors = o.ByErrors && (v.ByErrors || v.Verdict != Invalid)
	}
	order := []string{Valid, GeneratorLimited, Invalid}
	if slices.Index(order, o.Verdict) > slices.Index(order, v.Verdict) {
		v.Verdict = o.Verdict
	}
	v.Limited = v.Limited || o.Limited
	for _, reason := range o.Reasons {
		v.Reasons = append(v.Reasons, fmt.Sprintf("part %d: %s", at+1, reason))
	}
}

func (g *Generator) add(o Generator) {
	addTo(&g.CPU, o.CPU)
	g.Busy, g.Steal = max(g.Busy, o.Busy), max(g.Steal, o.Steal)
	addTo(&g.VoluntarySwitches, o.VoluntarySwitches)
	addTo(&g.InvoluntarySwitches, o.InvoluntarySwitches)
	addTo(&g.Waited, o.Waited)
	addTo(&g.GCs, o.GCs)
	addTo(&g.GCPause, o.GCPause)
	addTo(&g.ClockSteps, o.ClockSteps)
	if max(o.ClockStep, -o.ClockStep) > max(g.ClockStep, -g.ClockStep) {
		g.ClockStep = o.ClockStep
	}
	if o.Quota != nil {
		g.Quota = g.Quota.with(*o.Quota)
	}
}

// Mismatches says why runs do not belong together, a sentence each: they are of
// different targets, protocols or modes, or one of them is there twice.
func Mismatches(runs []*Run) []string { return mismatches(inOrder(runs)) }

// mismatches does that for parts in the order of time.
func mismatches(parts []part) []string {
	facts := make([]*Run, len(parts))
	for i, p := range parts {
		facts[i] = p.facts
	}
	target := property{"target", func(r *Run) string { return r.Config.Target }}
	return append(differ(facts, []property{target, protocol, loop}), twice(parts)...)
}

// with keeps the smallest of two quotas, and what both did.
func (q *Quota) with(o Quota) *Quota {
	if q != nil {
		o.CPUs = min(o.CPUs, q.CPUs)
		addTo(&o.Periods, q.Periods)
		addTo(&o.Throttled, q.Throttled)
		addTo(&o.Stopped, q.Stopped)
	}
	return &o
}
