package record

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Objective is a bound for one figure of a run, such as response.p99<1ms.
type Objective struct {
	Metric string // one of the names of metrics
	Stat   string // min, mean, max, or a percentile of Percentiles: p99
	Within bool   // the bound itself is allowed: <=
	Bound  int64  // nanoseconds
}

var metricNames = []string{
	Response, RTT, Lag, OwnLag, Wakeup, Forward, Reverse, ForwardRaw, ReverseRaw, ForwardExcess, ReverseExcess,
}

// ParseObjective reads METRIC.STAT<TIME or METRIC.STAT<=TIME.
func ParseObjective(text string) (Objective, error) {
	var o Objective
	figure, bound, ok := strings.Cut(text, "<")
	if !ok {
		return o, fmt.Errorf("%q is no objective, such as response.p99<1ms", text)
	}
	bound, o.Within = strings.CutPrefix(bound, "=")
	o.Metric, o.Stat, _ = strings.Cut(strings.TrimSpace(figure), ".")
	if !slices.Contains(metricNames, o.Metric) {
		return o, fmt.Errorf("%q is none of the metrics %s", o.Metric, strings.Join(metricNames, ", "))
	}
	if stats := statNames(); !slices.Contains(stats, o.Stat) {
		return o, fmt.Errorf("%q is none of %s", o.Stat, strings.Join(stats, ", "))
	}
	d, err := time.ParseDuration(strings.TrimSpace(bound))
	if err != nil || d <= 0 {
		return o, fmt.Errorf("%q is no time such as 1ms", strings.TrimSpace(bound))
	}
	o.Bound = int64(d)
	return o, nil
}

func statNames() []string {
	names := []string{"min", "mean", "max"}
	for _, q := range Percentiles {
		names = append(names, "p"+PercentileName(q))
	}
	return names
}

// String writes an objective as ParseObjective reads it.
func (o Objective) String() string {
	sign := "<"
	if o.Within {
		sign = "<="
	}
	return o.Figure() + sign + time.Duration(o.Bound).String()
}

// Figure names what the objective is about: response.p99.
func (o Objective) Figure() string { return o.Metric + "." + o.Stat }

// Of returns the figure of a run in nanoseconds; false if the run has no such
// metric or too few samples, or the figure is below zero: no time is, only clocks that
// differ make it so.
func (o Objective) Of(r *Run) (ns float64, ok bool) {
	m, ok := r.Metrics[o.Metric]
	if !ok || m.Count == 0 {
		return 0, false
	}
	switch o.Stat {
	case "min":
		ns = float64(m.Min)
	case "mean":
		ns = m.Mean
	case "max":
		ns = float64(m.Max)
	default:
		var p int64
		p, ok = m.Percentiles[strings.TrimPrefix(o.Stat, "p")]
		ns = float64(p)
	}
	return ns, ok && ns >= 0
}

// Samples is how many samples the figure needs at least.
func (o Objective) Samples() int64 {
	for _, q := range Percentiles {
		if o.Stat == "p"+PercentileName(q) {
			return int64(float64(fewest)*100/(100-q) + 0.5)
		}
	}
	return 1
}

// Holds reports whether a figure keeps the objective.
func (o Objective) Holds(ns float64) bool {
	return ns < float64(o.Bound) || o.Within && ns == float64(o.Bound)
}
