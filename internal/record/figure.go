package record

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Figure names one number of a run, as users write it: rtt.p99, rate, errors.
type Figure struct {
	Metric string // one of the names of metrics; empty is that it is of none
	Stat   string // of a metric: min, mean, max, or a percentile such as p99.9
}

// Figures that are of no metric.
var (
	Rate       = Figure{Stat: "rate"}   // replies a second
	Errors     = Figure{Stat: "errors"} // how many, of all kinds
	ErrorShare = Figure{Stat: "error%"} // percent of the messages that were sent
)

var metricNames = []string{
	Response, RTT, Lag, OwnLag, Wakeup, Forward, Reverse, ForwardRaw, ReverseRaw, ForwardExcess, ReverseExcess,
}

// ParseFigure reads METRIC.STAT, rate or errors.
func ParseFigure(text string) (Figure, error) {
	if text == Rate.Stat || text == Errors.Stat {
		return Figure{Stat: text}, nil
	}
	metric, stat, _ := strings.Cut(text, ".")
	if !slices.Contains(metricNames, metric) {
		return Figure{}, fmt.Errorf("%q is none of rate, errors, and a percentile, min, mean or max of a metric, such as rtt.p99; metrics are %s", text, strings.Join(metricNames, ", "))
	}
	if q, ok := percentileOf(stat); ok {
		stat = "p" + PercentileName(q)
	} else if stat != "min" && stat != "mean" && stat != "max" {
		return Figure{}, fmt.Errorf("%q is none of min, mean, max, and percentiles such as p50 or p99.9", stat)
	}
	return Figure{metric, stat}, nil
}

// percentileOf reads the name of a percentile: p99.9.
func percentileOf(stat string) (q float64, ok bool) {
	digits, ok := strings.CutPrefix(stat, "p")
	if !ok || strings.Trim(digits, "0123456789.") != "" {
		return 0, false
	}
	q, err := strconv.ParseFloat(digits, 64)
	return q, err == nil && q > 0 && q < 100
}

// String writes a figure as ParseFigure reads it; of ErrorShare, what it is a share of.
func (f Figure) String() string {
	switch {
	case f == ErrorShare:
		return Errors.Stat
	case f.Metric == "":
		return f.Stat
	}
	return f.Metric + "." + f.Stat
}

// IsTime reports whether it is in nanoseconds, as those of all metrics are.
func (f Figure) IsTime() bool { return f.Metric != "" }

// HigherIsBetter reports whether more of it is better, as only of the rate.
func (f Figure) HigherIsBetter() bool { return f == Rate }

// OfErrors reports whether it is about errors.
func (f Figure) OfErrors() bool { return f == Errors || f == ErrorShare }

// UserFigures are the median and the p99 of a metric: what a gate goes by unless told
// otherwise.
func UserFigures(metric string) []Figure { return []Figure{{metric, "p50"}, {metric, "p99"}} }

// ParseFigures reads one or more, each of which may be there once.
func ParseFigures(texts []string) (figures []Figure, err error) {
	if len(texts) == 0 {
		return nil, errors.New("no figure is named")
	}
	for _, text := range texts {
		f, err := ParseFigure(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(figures, f) {
			return nil, fmt.Errorf("%s is there twice", f)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// Samples is how many samples the figure needs at least.
func (f Figure) Samples() int64 {
	if q, ok := percentileOf(f.Stat); ok {
		return int64(math.Ceil(fewest*100/(100-q) - 1e-6)) // 100−99.9 is not exact
	}
	return 1
}

// Of returns the figure of a run. A *NoFigure is why there is none.
func (f Figure) Of(r *Run) (float64, error) {
	switch f {
	case Rate:
		return r.Totals.Rate, nil
	case Errors:
		return float64(r.Totals.ErrorCount()), nil
	case ErrorShare:
		if r.Totals.Sent == 0 {
			return 0, &NoFigure{"no message was sent"}
		}
		return float64(r.Totals.ErrorCount()) / float64(r.Totals.Sent) * 100, nil
	}
	m, ok := r.Metrics[f.Metric]
	if !ok {
		return 0, &NoFigure{"the run has no " + f.Metric}
	}
	if needed := f.Samples(); m.Count < needed {
		return 0, &NoFigure{fmt.Sprintf("too few samples: %d, and it needs %d", m.Count, needed)}
	}
	ns, err := m.stat(f.Stat)
	if err == nil && ns < 0 {
		err = &NoFigure{"it is below zero, which no time is, only clocks that differ make it so"}
	}
	return ns, err
}

// stat returns a figure of a metric that has samples enough.
func (m Metric) stat(name string) (float64, error) {
	switch name {
	case "min":
		return float64(m.Min), nil
	case "mean":
		return m.Mean, nil
	case "max":
		return float64(m.Max), nil
	}
	q, ok := percentileOf(name)
	if !ok {
		return 0, &NoFigure{fmt.Sprintf("%q is no figure", name)}
	}
	if ns, ok := m.Percentiles[PercentileName(q)]; ok {
		return float64(ns), nil
	}
	h, err := m.Histogram()
	if err != nil {
		return 0, &NoFigure{err.Error()}
	}
	return float64(h.Percentile(q)), nil
}

// NoFigure says why a run lacks a figure.
type NoFigure struct{ Reason string }

func (e *NoFigure) Error() string { return e.Reason }
