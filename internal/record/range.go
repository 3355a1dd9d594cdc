package record

import (
	"fmt"
	"math"
)

// A Range is what is known of a figure: it is not below Low, and not above High, which is
// infinite if nothing bounds it. Doubt says why the figure itself is not known; it is empty
// if it is, and both ends are the figure then.
type Range struct {
	Low, High float64
	Doubt     string
}

func known(v float64) Range { return Range{Low: v, High: v} }

// Range returns what is known of the figure of a run. A *NoFigure is why that is nothing.
func (f Figure) Range(r *Run) (Range, error) {
	switch f {
	case Rate:
		return known(r.Totals.Rate), nil
	case Errors:
		return known(float64(r.Totals.ErrorCount())), nil
	case ErrorShare:
		if r.Totals.Sent == 0 {
			return Range{}, &NoFigure{"no message was sent"}
		}
		return known(float64(r.Totals.ErrorCount()) / float64(r.Totals.Sent) * 100), nil
	}
	m, ok := r.Metrics[f.Metric]
	if !ok {
		return Range{}, &NoFigure{"the run has no " + f.Metric}
	}
	v, err := m.within(f.Stat)
	if err == nil && v.High < 0 {
		err = &NoFigure{"negative: the clocks disagree"}
	}
	return v, err
}

// within returns what is known of a figure of a metric.
func (m Metric) within(stat string) (Range, error) {
	q, isPercentile := percentileOf(stat)
	if v, ok := m.told(stat, q); ok {
		return known(v), nil // without decoding the histogram
	}
	samples := m.Samples()
	if samples == 0 {
		return Range{}, &NoFigure{"there are no samples"}
	}
	if needed := samplesFor(q); isPercentile && samples < needed {
		return m.around(q, needed), nil
	}
	l, err := m.Latencies()
	if err != nil {
		return Range{}, &NoFigure{err.Error()}
	}
	switch {
	case isPercentile:
		return l.within(q), nil
	case stat == "mean":
		return l.atLeast(m.Mean), nil
	case stat == "max":
		return l.atLeast(float64(m.Max)), nil
	}
	return Range{}, &NoFigure{"no message was answered"}
}

// told returns a figure that the metric holds, percentile q if it is one, unless it is a
// lower bound.
func (m Metric) told(stat string, q float64) (v float64, ok bool) {
	switch {
	case stat == "min":
		return float64(m.Min), m.Count > 0
	case stat == "mean":
		return m.Mean, m.Count > 0 && !m.IsAtLeast(stat)
	case stat == "max":
		return float64(m.Max), m.Count > 0 && !m.IsAtLeast(stat)
	}
	name := PercentileName(q)
	ns, ok := m.Percentiles[name]
	return float64(ns), ok && !m.IsAtLeast(name)
}

// around returns what is known of percentile q, of which there are too few samples: it lies
// between the highest one below it that is told and the maximum.
func (m Metric) around(q float64, needed int64) Range {
	v := Range{math.Inf(-1), math.Inf(1), fmt.Sprintf("too few samples: %d of the %d needed", m.Samples(), needed)}
	for _, below := range Percentiles {
		if ns, ok := m.Percentiles[PercentileName(below)]; ok && below < q {
			v.Low = float64(ns)
		}
	}
	if !m.IsAtLeast("max") {
		v.High = float64(m.Max)
	}
	return v
}

// within returns what is known of a percentile of enough samples.
func (l Latencies) within(q float64) Range {
	low, high := l.percentile(l.All(), q)
	switch {
	case l.isKnown(low, high):
		return known(float64(high))
	case high == unbounded:
		return l.atLeast(float64(low))
	}
	return Range{float64(low), float64(high), l.doubt()}
}

// atLeast returns what is known of a figure that messages without a reply may make higher.
func (l Latencies) atLeast(v float64) Range {
	if l.censored() == 0 {
		return known(v)
	}
	return Range{v, math.Inf(1), l.doubt()}
}

// doubt says why a figure is only known to be at least something.
func (l Latencies) doubt() string {
	return fmt.Sprintf("%d of %d messages got no reply", l.censored(), l.Count())
}
