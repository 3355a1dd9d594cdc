package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// The figures that are compared: of latency as the runs count it, and of other metrics.
var (
	latencyStats = []string{"p50", "p90", "p99", "p99.9", "mean"}
	otherStats   = []string{"p50", "p99"}
)

// latencyOf is the metric that all runs count latency as.
func latencyOf(runs []*record.Run) string {
	if slices.ContainsFunc(runs, func(r *record.Run) bool { _, ok := r.Metrics[record.Response]; return !ok }) {
		return record.RTT
	}
	return record.Response
}

// gated are the figures that a gate goes by; none without a gate.
func (o CompareOptions) gated(runs []*record.Run) []record.Figure {
	switch latency := latencyOf(runs); {
	case !o.Gate:
		return nil
	case len(o.Gated) == 0:
		return record.UserFigures(latency)
	}
	return o.Gated
}

// figures are those to compare, in the order of a report.
func (o CompareOptions) figures(runs []*record.Run, gated []record.Figure) (all []record.Figure) {
	latency := latencyOf(runs)
	for _, metric := range rows {
		if slices.ContainsFunc(runs, func(r *record.Run) bool { return slices.Contains(shown(r), metric) }) {
			for _, stat := range o.stats(metric, latency) {
				all = append(all, record.Figure{Metric: metric, Stat: stat})
			}
		}
		for _, f := range gated {
			if f.Metric == metric && !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return append(all, record.Rate, record.Errors)
}

// stats are the figures of a metric that are compared.
func (o CompareOptions) stats(metric, latency string) []string {
	switch {
	case o.All || metric == latency:
		return latencyStats
	case slices.Contains([]string{record.RTT, record.Forward, record.Reverse}, metric):
		return otherStats
	}
	return nil // of the load generator itself, or of the clocks
}

// subject tells what the runs measured, by the first of them.
func subject(runs []*record.Run) string {
	r := *runs[0]
	if slices.ContainsFunc(runs, func(other *record.Run) bool { return other.Config.Seed != r.Config.Seed }) {
		r.Config.Seed = 0
	}
	return oneLine(r.Place() + " · " + strings.Join(about(&r)[:4], " · "))
}

// warn says what a reader must know to read the rows right.
func (c *Comparison) warn(old, new []*record.Run, incomplete []string) {
	add := func(format string, args ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...)) }
	for _, d := range c.Differences {
		add("these runs were compared although %s", d)
	}
	c.Warnings = append(c.Warnings, record.Remarks(slices.Concat(old, new))...)
	if which := having(untrusted, old, new); which != "" {
		add("invalid: %s; their figures cannot be trusted", which)
	}
	if which := having(limited, old, new); which != "" {
		add("generator-limited: %s", which)
	}
	if !rejects(leastP(c.Old, c.New), c.Alpha) {
		add("%s: no difference, however large, has a p of %v or less; it takes %d a side", c.few(), c.Alpha, leastRuns(c.Alpha))
	}
	if len(incomplete) > 0 {
		add("left out, as not every run has samples and replies enough, or the metric: %s", strings.Join(incomplete, ", "))
	}
}

// few says how many runs there are where more are needed.
func (c *Comparison) few() string {
	return fmt.Sprintf("%d old and %d new runs are too few", c.Old, c.New)
}

func untrusted(r *record.Run) bool { return !r.Validity.Comparable() }
func limited(r *record.Run) bool   { return r.Validity.Verdict == record.GeneratorLimited }

// having tells how many runs of each side are in some way; nothing if none is.
func having(is func(*record.Run) bool, old, new []*record.Run) string {
	var parts []string
	for _, side := range []struct {
		name string
		runs []*record.Run
	}{{"old", old}, {"new", new}} {
		n := 0
		for _, r := range side.runs {
			if is(r) {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s", n, unit.Plural(int64(len(side.runs)), side.name+" run")))
		}
	}
	return strings.Join(parts, " and ")
}
