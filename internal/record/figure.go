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
			return nil, fmt.Errorf("%s is listed twice", f)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// Samples is how many samples the figure needs at least.
func (f Figure) Samples() int64 {
	if q, ok := percentileOf(f.Stat); ok {
		return samplesFor(q)
	}
	return 1
}

// samplesFor is how many samples a percentile needs at least. 100−99.9 is not exact.
func samplesFor(q float64) int64 { return int64(math.Ceil(fewest*100/(100-q) - 1e-6)) }

// Of returns the figure of a run. A *NoFigure is why there is none.
func (f Figure) Of(r *Run) (float64, error) {
	v, err := f.Range(r)
	if err == nil && v.Doubt != "" {
		err = &NoFigure{v.Doubt}
	}
	if err != nil {
		return 0, err
	}
	return v.High, nil
}

// NoFigure says why a run lacks a figure.
type NoFigure struct{ Reason string }

func (e *NoFigure) Error() string { return e.Reason }
