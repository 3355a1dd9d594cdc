package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// figures are what a run measured.
type figures map[metric]float64

// A metric is a figure by its name: a rate in messages a second, or a
// percentile of the round trip in nanoseconds.
type metric string

const (
	rate   metric = "rate"
	p50    metric = "p50"
	p99    metric = "p99"
	lagP50 metric = "lag p50"
	lagP99 metric = "lag p99"
)

func (m metric) String() string {
	switch m {
	case rate:
		return "messages/s"
	case p50, p99:
		return "rtt " + string(m)
	}
	return string(m)
}

// format writes a value of the metric.
func (m metric) format(v float64) string {
	if m == rate {
		return fmt.Sprintf("%.0f/s", v)
	}
	return fmt.Sprintf("%.1f µs", v/1000)
}

// A goal is a bound for the median ratio, or for our median itself; the zero goal
// is none.
type goal struct {
	sign  string
	bound float64
	ours  metric // the bound is for our median of this; empty is for the ratio
}

func atLeast(bound float64) goal { return goal{sign: "≥", bound: bound} }
func atMost(bound float64) goal  { return goal{sign: "≤", bound: bound} }

// oursAtMost is a bound in the unit of a metric.
func oursAtMost(m metric, bound float64) goal { return goal{sign: "≤", bound: bound, ours: m} }

// verdict returns the goal, and whether a median, or a ratio, meets it.
func (g goal) verdict(ours, ratio float64) string {
	if g == (goal{}) {
		return "–"
	}
	v, bound := ratio, fmt.Sprintf("%.2f", g.bound)
	if g.ours != "" {
		v, bound = ours, g.ours.format(g.bound)
	}
	met := v >= g.bound
	if g.sign == "≤" {
		met = v <= g.bound
	}
	if met {
		return fmt.Sprintf("%s %s met", g.sign, bound)
	}
	return fmt.Sprintf("%s %s missed", g.sign, bound)
}

// A row is a metric of both sides in each round.
type row struct {
	name         string
	metric       metric
	clients      int
	ours, theirs []float64
	goal         goal
}

// String returns the row of the table. Its ratio is the median of those of the
// rounds, not the ratio of the medians: what slows a whole round cancels out.
func (r row) String() string {
	q := ratios(r.ours, r.theirs)
	return line(
		r.name+", "+r.metric.String(),
		strconv.Itoa(r.clients),
		r.metric.format(median(r.ours)),
		r.metric.format(median(r.theirs)),
		fmt.Sprintf("%.3f", median(q)),
		fmt.Sprintf("%.3f..%.3f", slices.Min(q), slices.Max(q)),
		r.goal.verdict(median(r.ours), median(q)),
	)
}

// heading returns the head of the table.
func heading() string {
	rule := make([]string, len(widths))
	for i, w := range widths {
		rule[i] = strings.Repeat("-", w)
	}
	return line("comparison", "clients", "ours", "theirs", "ratio", "min..max", "goal") + line(rule...)
}

// widths of the columns, for those who read the table as text.
var widths = []int{48, 7, 10, 10, 6, 14, 15}

func line(cells ...string) string {
	var b strings.Builder
	for i, c := range cells {
		fmt.Fprintf(&b, "| %-*s ", widths[i], c)
	}
	return b.String() + "|\n"
}

// ratios returns a[i]/b[i].
func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

// median returns the middle of v, or the mean of the two in the middle.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	middle := len(v) / 2
	if len(v)%2 == 1 {
		return v[middle]
	}
	return (v[middle-1] + v[middle]) / 2
}
