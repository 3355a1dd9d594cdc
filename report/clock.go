package report

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// clock tells how the two clocks relate, and what became of them meanwhile.
func clock(r *record.Run) (f facts) {
	c := r.Clock
	if len(r.Parts) > 0 {
		f.add("clock", "%s: offsets are those of the parts, off by %s at most; %s excluded",
			cmp.Or(c.Relation, "unknown"), unit.Duration(float64(c.Bound)), unit.Plural(c.Excluded, "reply"))
		return f
	}
	if len(c.Segments) == 0 {
		if _, directions := r.Metrics[record.Forward]; directions && r.Totals.Received > 0 {
			offset := "no offset was estimated"
			if !c.IsRaw() {
				offset = "the offset is not told"
			}
			f.add("clock", "%s: %s", cmp.Or(c.Relation, "unknown"), offset)
		}
		return f
	}
	facts := []string{
		fmt.Sprintf("server − client estimated at %s ± %s at the end", unit.Precise(c.Offset, c.Bound), unit.Duration(float64(c.Bound))),
		"drift " + drift(c.Drift, c.DriftBound),
		unit.Plural(int64(len(c.Segments)), "segment"),
		unit.Plural(c.Excluded, "reply") + " excluded",
	}
	if c.Violations > 0 {
		facts = append(facts, fmt.Sprintf("%s of causality from %s to %s", unit.Plural(c.Violations, "violation"),
			unit.Duration(float64(c.ViolationsFrom)), unit.Duration(float64(c.ViolationsTo))))
	}
	if c.Resolution > clockNoise {
		facts = append(facts, "timestamps in steps of "+unit.Duration(float64(c.Resolution)))
	}
	f.add("clock", "%s: %s", relation(c), strings.Join(facts, ", "))
	if len(c.Segments) > 1 {
		f[0].Items = list(c.Segments, mostListed, segment)
	}
	f[0].Items = append(f[0].Items, list(c.Changes, mostListed, change)...)
	return f
}

// clockNoise is what timestamps may differ by anyhow, in nanoseconds.
const clockNoise = 1_000

// mostListed is how many segments, and how many changes, a report for a terminal lists.
const mostListed = 10

// list describes the first of some things.
func list[T any](things []T, most int, describe func(T) string) (out []string) {
	for i, thing := range things {
		if i == most {
			return append(out, "and "+unit.Count(int64(len(things)-most))+" more, which the record has")
		}
		out = append(out, describe(thing))
	}
	return out
}

// segment tells of a time in which both clocks ran evenly.
func segment(s record.Segment) string {
	return fmt.Sprintf("%s to %s: from %s to %s ± %s, drift %s", unit.Duration(float64(s.From)), unit.Duration(float64(s.To)),
		unit.Precise(s.FromOffset, s.Bound), unit.Precise(s.ToOffset, s.Bound), unit.Duration(float64(s.Bound)), drift(s.Drift, s.DriftBound))
}

func relation(c record.Clock) string {
	if c.Vouched > 0 {
		return fmt.Sprintf("%s to within %s", c.Relation, unit.Duration(float64(c.Vouched)))
	}
	return c.Relation
}

func drift(ppm, bound float64) string {
	if bound > record.UnknownDrift {
		return "not known"
	}
	digits := max(0, min(3, 1-int(math.Floor(math.Log10(max(bound, 1e-9))))))
	unit := math.Pow10(digits)
	return fmt.Sprintf("%+.*f ± %.*f ppm", digits, math.Round(ppm*unit)/unit+0, digits, bound) // + 0 makes -0 a 0
}

// change tells of one of a clock or of the network.
func change(c record.Change) string {
	by := unit.Duration(float64(c.By))
	if c.By > 0 {
		by = "+" + by
	}
	what := c.Kind + " " + by
	switch c.Kind {
	case record.ClockStep:
		what = "the server's clock was stepped by " + by
	case record.ClockSlew:
		what = fmt.Sprintf("the drift changed by %+.1f ppm, and the offset by %s with it: one of the clocks is being slewed", c.Rate, by)
	case record.HostStep:
		what = "this host's wall clock was stepped by " + by
	case record.ForwardFloor:
		what = "the least delay to the server changed by " + by + ": the path is another"
	case record.ReverseFloor:
		what = "the least delay from the server changed by " + by + ": the path is another"
	}
	from, to := unit.Duration(float64(c.From)), unit.Duration(float64(c.To))
	if from == to {
		return "at " + from + " " + what
	}
	return "between " + from + " and " + to + " " + what
}

// clockNotes say how the directions are to be read.
func clockNotes(r *record.Run) (out []string) {
	c := r.Clock
	switch {
	case c.Relation == record.Same && float64(c.Resolution) > r.Metrics[record.RTT].Mean/10:
		// They are what they are, but for the resolution: there is a warning.
	case c.Relation == record.Same:
		out = append(out, "same: both ends read this host's clock, so forward and reverse are what they are")
	case c.Relation == record.Asserted:
		out = append(out, "asserted: forward and reverse are by the clocks as they stand, on your word")
	case c.Relation == record.Mixed:
		out = append(out, "mixed: the clocks of the parts relate in various ways; forward and reverse hold those of all")
	case !c.IsRaw():
		half := (float64(r.Metrics[record.Forward].Min) + float64(r.Metrics[record.Reverse].Min)) / 2
		out = append(out, fmt.Sprintf("%s: forward and reverse have equal minima by construction, for their split is known only to ± half the smallest round trip (± %s); excess is free of that assumption",
			c.Relation, unit.Duration(half)))
	}
	if _, excess := r.Metrics[record.ForwardExcess]; excess {
		out = append(out, "forward_excess and reverse_excess are what a direction took above its smallest delay around that time")
	}
	return out
}
