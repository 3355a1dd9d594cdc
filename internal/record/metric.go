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

// A Metric is one histogram and the figures read from it, in nanoseconds.
type Metric struct {
	Count  int64   `json:"count"`
	Min    int64   `json:"min"`
	Max    int64   `json:"max"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	// Percentiles are those of Percentiles above which at least ten samples
	// lie, by name.
	Percentiles map[string]int64 `json:"percentiles"`
	// Low names the percentiles above which fewer than a hundred samples lie.
	Low []string `json:"low"`
	// HDR is the histogram in HdrHistogram's V2 compressed format, base64;
	// HDRNegative holds the magnitudes of the values below zero.
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

// NewMetric reads the figures from h.
func NewMetric(h *hist.Histogram) Metric {
	m := Metric{
		Count: h.Count(), Min: h.Min(), Max: h.Max(), Mean: h.Mean(), StdDev: h.StdDev(),
		Percentiles: map[string]int64{},
		Low:         []string{},
	}
	for _, q := range Percentiles {
		if above(h.Count(), q) < enough {
			m.Low = append(m.Low, PercentileName(q))
		}
		if Enough(h.Count(), q) {
			m.Percentiles[PercentileName(q)] = h.Percentile(q)
		}
	}
	m.HDR, m.HDRNegative = h.Encode()
	return m
}

// Histogram returns the histogram that m was read from; its mean and deviation are
// exact to rounding. An error says in what it and the figures but percentiles disagree.
func (m Metric) Histogram() (*hist.Histogram, error) {
	return hist.Decode(m.HDR, m.HDRNegative, hist.Figures{Count: m.Count, Min: m.Min, Max: m.Max, Mean: m.Mean, StdDev: m.StdDev})
}

// fault says in what a metric contradicts itself.
func (m Metric) fault() error {
	h, err := m.Histogram()
	if err != nil {
		return err
	}
	read := NewMetric(h)
	switch {
	case !maps.Equal(m.Percentiles, read.Percentiles):
		return fmt.Errorf("its percentiles are %v, and those of its histogram %v", m.Percentiles, read.Percentiles)
	case !slices.Equal(m.Low, read.Low):
		return fmt.Errorf("it calls %q low, and its histogram %q", m.Low, read.Low)
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
type sums map[string]*hist.Histogram

func (s sums) add(metrics map[string]Metric) error {
	for name, m := range metrics {
		h, err := m.Histogram()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch sum := s[name]; {
		case sum == nil:
			s[name] = h
		case sum.Count() > math.MaxInt64-h.Count():
			return fmt.Errorf("%s: its values and those before are together more than 63 bits hold", name)
		default:
			sum.Merge(h)
		}
	}
	return nil
}

func (s sums) metrics() map[string]Metric {
	out := map[string]Metric{}
	for name, h := range s {
		out[name] = NewMetric(h)
	}
	return out
}
