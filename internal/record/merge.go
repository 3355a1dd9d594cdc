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
// runs makes no difference. An error is of a histogram.
//
// Whether runs belong together is for Mismatches to say.
func Merge(runs []*Run) (*Run, error) {
	parts := inOrder(runs)
	whole := describeWhole(parts)
	sums := sums{}
	for _, r := range runs {
		if err := sums.add(r.Metrics); err != nil {
			return nil, err
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
	return whole, nil
}

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
func describeWhole(parts []part) *Run {
	first := parts[0].facts
	whole := &Run{
		Schema: Schema, Tool: first.Tool, Started: first.Started, Command: []string{},
		Config: first.Config, Host: first.Host, Server: first.Server,
		Totals: Totals{Errors: map[string]int64{}}, Clock: Clock{Segments: []Segment{}, Changes: []Change{}},
		Validity: Validity{Verdict: Valid, Reasons: []string{}}, Warnings: []string{},
	}
	for at, p := range parts {
		f := p.facts
		agree(&whole.Config, f.Config)
		agree(&whole.Host, f.Host)
		agree(&whole.Server, f.Server)
		whole.Interrupted = whole.Interrupted || f.Interrupted
		whole.Totals.add(f.Totals)
		whole.Clock.add(f.Clock, at == 0)
		whole.Validity.add(f.Validity, at)
		whole.Generator.add(f.Generator)
		for _, w := range f.Warnings {
			whole.Warnings = append(whole.Warnings, fmt.Sprintf("part %d: %s", at+1, w))
		}
	}
	for _, m := range mismatches(parts) {
		whole.Warnings = append(whole.Warnings, "these runs were merged although "+m)
	}
	whole.Duration = measured(parts)
	whole.Config.Clients, whole.Config.Rate = together(parts, whole)
	if whole.Duration > 0 {
		whole.Totals.Rate = float64(whole.Totals.Received-whole.Totals.Late) / float64(whole.Duration) * 1e9
	}
	return whole
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

// together are the clients and the rate of all parts: the sums if they ran side by side,
// what each had if they ran one after another, and 0, for various, if neither is so.
func together(parts []part, whole *Run) (clients int, rate float64) {
	var sum int64
	var latest time.Time
	earliest := parts[0].facts.Started.Add(time.Duration(parts[0].facts.Duration))
	for _, p := range parts {
		from, until := p.facts.Started, p.facts.Started.Add(time.Duration(p.facts.Duration))
		if from.After(latest) {
			latest = from
		}
		if until.Before(earliest) {
			earliest = until
		}
		sum += p.facts.Duration
		clients += p.facts.Config.Clients
		rate += p.facts.Config.Rate
	}
	switch {
	case sum == whole.Duration:
		return whole.Config.Clients, whole.Config.Rate
	case latest.Before(earliest) && whole.Config.Mode == "":
		return clients, 0
	case latest.Before(earliest):
		return clients, rate
	}
	return 0, 0
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

func (t *Totals) add(o Totals) {
	if t.Backlog+o.Backlog > 0 {
		t.OwnBacklog = (t.OwnBacklog*float64(t.Backlog) + o.OwnBacklog*float64(o.Backlog)) / float64(t.Backlog+o.Backlog)
	}
	t.Due += o.Due
	t.Backlog += o.Backlog
	t.Sent += o.Sent
	t.Received += o.Received
	t.Failed += o.Failed
	t.Unanswered += o.Unanswered
	t.Late += o.Late
	t.Unstamped += o.Unstamped
	t.BytesSent += o.BytesSent
	t.BytesReceived += o.BytesReceived
	if t.Errors == nil {
		t.Errors = map[string]int64{}
	}
	addErrors(t.Errors, o.Errors)
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
	c.Excluded += o.Excluded
	c.Violations += o.Violations
	c.Resolution = max(c.Resolution, o.Resolution)
}

// add keeps the worst verdict.
func (v *Validity) add(o Validity, at int) {
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
	g.CPU += o.CPU
	g.Busy, g.Steal = max(g.Busy, o.Busy), max(g.Steal, o.Steal)
	g.VoluntarySwitches += o.VoluntarySwitches
	g.InvoluntarySwitches += o.InvoluntarySwitches
	g.Waited += o.Waited
	g.GCs += o.GCs
	g.GCPause += o.GCPause
	g.ClockSteps += o.ClockSteps
	if max(o.ClockStep, -o.ClockStep) > max(g.ClockStep, -g.ClockStep) {
		g.ClockStep = o.ClockStep
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
