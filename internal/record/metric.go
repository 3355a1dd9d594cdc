package record

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/echostamp/echostamp/internal/hist"
)

// A Metric is one histogram and the figures read from it, in nanoseconds. Its percentiles
// are those of all messages: one without a reply counts as at least what was waited for it.
type Metric struct {
	Count  int64   `json:"count"` // of the messages that were answered
	Min    int64   `json:"min"`   // of these
	Max    int64   `json:"max"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"` // of the messages that were answered
	// Percentiles are those of Percentiles above which at least ten samples
	// lie, by name.
	Percentiles map[string]int64 `json:"percentiles"`
	// Low names the percentiles above which fewer than a hundred samples lie.
	Low []string `json:"low"`
	// AtLeast names the percentiles, and "max" and "mean", that are lower bounds: messages
	// without a reply may make them any higher. A percentile that is named here and has no
	// value in Percentiles is wholly unknown.
	AtLeast []string `json:"at_least,omitempty"`
	// Censored are the messages without a reply, if there are any.
	Censored *Censored `json:"censored,omitempty"`
	// HDR is the histogram of the messages that were answered in HdrHistogram's V2
	// compressed format, base64; HDRNegative holds the magnitudes of the values below zero.
	HDR         string `json:"hdr"`
	HDRNegative string `json:"hdr_negative,omitempty"`
}

// Percentiles are those that a record holds.
var Percentiles = []float64{50, 90, 99, 99.9, 99.99}

const (
	fewest = 10  // samples above a percentile for it to be told
	enough = 100 // samples above a percentile for it not to be low
)

// above is how many of count samples lie above percentile q. It is rounded up by
// far less than a sample: (100-99.9)/100 is not exact.
func above(count int64, q float64) float64 { return float64(count)*(100-q)/100 + 1e-6 }

// Enough reports whether so many samples are enough for percentile q to be told.
func Enough(count int64, q float64) bool { return above(count, q) >= fewest }

// PercentileName is the key of percentile q.
func PercentileName(q float64) string { return strconv.FormatFloat(q, 'f', -1, 64) }

// NewMetric reads the figures from h, of messages that were all answered.
func NewMetric(h *hist.Histogram) Metric { return Latencies{Measured: h}.Metric() }

// Histogram returns that of the messages that were answered; its mean and deviation are
// exact to rounding. An error says in what it and the figures but percentiles disagree.
func (m Metric) Histogram() (*hist.Histogram, error) {
	f := hist.Figures{Count: m.Count, Min: m.Min, Max: m.Max, Mean: m.Mean, StdDev: m.StdDev}
	if m.Censored != nil {
		f.Max, f.Mean = m.Censored.MeasuredMax, m.Censored.MeasuredMean
	}
	return hist.Decode(m.HDR, m.HDRNegative, f)
}

// fault says in what a metric contradicts itself.
func (m Metric) fault() error {
	l, err := m.Latencies()
	if err != nil {
		return err
	}
	read := l.Metric()
	switch {
	case !maps.Equal(m.Percentiles, read.Percentiles):
		return fmt.Errorf("its percentiles are %v, and those of its histogram %v", m.Percentiles, read.Percentiles)
	case !slices.Equal(m.Low, read.Low):
		return fmt.Errorf("it calls %q low, and its histogram %q", m.Low, read.Low)
	case !slices.Equal(m.AtLeast, read.AtLeast):
		return fmt.Errorf("it calls %q lower bounds, and its histogram %q", m.AtLeast, read.AtLeast)
	case m.Max != read.Max:
		return fmt.Errorf("its maximum is %d, and that of its histogram %d", m.Max, read.Max)
	case math.Abs(m.Mean-read.Mean) > 1e-6*math.Abs(read.Mean):
		return fmt.Errorf("its mean is %v, and that of its histogram %v", m.Mean, read.Mean)
	}
	return nil
}

// mergeMetrics returns the sum of two sets of metrics.
func mergeMetrics(a, b map[string]Metric) (map[string]Metric, error) {
	sum := sums{}
	if err := errors.Join(sum.add(a), sum.add(b)); err != nil {
		return nil, err
	}
	return sum.metrics(), nil
}

// sums adds up metrics by name.
type sums map[string]Latencies

func (s sums) add(metrics map[string]Metric) error {
	for name, m := range metrics {
		l, err := m.Latencies()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if have, ok := s[name]; ok {
			if have.Count() > math.MaxInt64-l.Count() {
				return fmt.Errorf("%s: the sum of its values and those before overflows 63 bits", name)
			}
			have.Merge(l)
			l = have
		}
		s[name] = l
	}
	return nil
}

func (s sums) metrics() map[string]Metric { return NewMetrics(s, s[RTT].censored()) }
