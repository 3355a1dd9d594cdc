// Package hist records nanoseconds of either sign into HDR histograms: exact
// count, minimum, maximum and mean, percentiles to three significant digits.
//
// Delays between two clocks can be negative, which an HDR histogram cannot hold,
// so a [Histogram] is a signed pair: one for the values from zero up, one for
// the magnitudes of those below. It belongs to one shard while it records; the
// shards' histograms are merged when they are done. Merging loses nothing.
package hist

import (
	"fmt"
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// Every int64 but the lowest can be recorded: the clocks of two machines
	// may be years apart, and what is out of range must not vanish.
	highest = math.MaxInt64
	digits  = 3
)

// A Histogram holds signed values in nanoseconds. It is not safe for concurrent
// use; the zero Histogram is not ready for use.
type Histogram struct {
	positive *hdr.Histogram
	negative *hdr.Histogram // nil until there is a value below zero: most metrics have none
	count    int64
	min, max int64
	// Sums are of the differences from the first value, so that the spread of
	// values far from zero (clocks that are days apart) is not lost in rounding.
	first        int64
	sum, squares float64
}

// New returns an empty histogram.
func New() *Histogram { return &Histogram{positive: newSide()} }

func newSide() *hdr.Histogram { return hdr.New(1, highest, digits) }

// below returns the side of the values below zero.
func (h *Histogram) below() *hdr.Histogram {
	if h.negative == nil {
		h.negative = newSide()
	}
	return h.negative
}

// Record adds one value. math.MinInt64, which has no magnitude, counts as one
// more.
func (h *Histogram) Record(v int64) {
	v = max(v, -highest)
	side := h.positive
	magnitude := v
	if v < 0 {
		side, magnitude = h.below(), -v
	}
	if err := side.RecordValue(magnitude); err != nil {
		panic(fmt.Sprintf("hist: %v", err)) // the range is that of int64
	}
	if h.count == 0 {
		h.first, h.min, h.max = v, v, v
	}
	h.count++
	h.min, h.max = min(h.min, v), max(h.max, v)
	d := float64(v - h.first)
	h.sum += d
	h.squares += d * d
}

// Merge adds all that from holds.
func (h *Histogram) Merge(from *Histogram) {
	if from.count == 0 {
		return
	}
	if h.count == 0 {
		h.first, h.min, h.max = from.first, from.min, from.max
	}
	h.positive.Merge(from.positive)
	if from.negative != nil {
		h.below().Merge(from.negative)
	}
	h.min, h.max = min(h.min, from.min), max(h.max, from.max)
	n, shift := float64(from.count), float64(from.first-h.first)
	h.squares += from.squares + 2*shift*from.sum + n*shift*shift
	h.sum += from.sum + n*shift
	h.count += from.count
}

// Reset makes h empty.
func (h *Histogram) Reset() {
	h.positive.Reset()
	if h.negative != nil {
		h.negative.Reset()
	}
	*h = Histogram{positive: h.positive, negative: h.negative}
}

// Count returns the number of values.
func (h *Histogram) Count() int64 { return h.count }

// Min returns the smallest value, exactly, or 0 of an empty histogram.
func (h *Histogram) Min() int64 { return h.min }

// Max returns the largest value, exactly, or 0 of an empty histogram.
func (h *Histogram) Max() int64 { return h.max }

// Mean returns the arithmetic mean, or 0 of an empty histogram.
func (h *Histogram) Mean() float64 {
	if h.count == 0 {
		return 0
	}
	return float64(h.first) + h.sum/float64(h.count)
}

// StdDev returns the standard deviation of the values (the population's), or 0
// of an empty histogram.
func (h *Histogram) StdDev() float64 {
	if h.count == 0 {
		return 0
	}
	n := float64(h.count)
	return math.Sqrt(max(0, (h.squares-h.sum*h.sum/n)/n))
}

// Percentile returns the value at percentile q (0 to 100) by the nearest-rank
// definition: the smallest recorded value that at least q percent of all do not
// exceed, within 0.1 % and never outside Min and Max. It returns 0 of an empty
// histogram.
func (h *Histogram) Percentile(q float64) int64 {
	if h.count == 0 {
		return 0
	}
	var below int64
	if h.negative != nil {
		below = h.negative.TotalCount()
	}
	rank := h.rank(q)
	if rank <= below {
		// The rank-th smallest of all is that far from the largest magnitude.
		return max(h.min, -atRank(h.negative, below-rank+1))
	}
	return min(h.max, max(h.min, atRank(h.positive, rank-below)))
}

// rank is the number of values, at least one, that percentile q takes in. The
// factor keeps 99.9 % of 1,000 at 999 although 99.9/100 is not exact.
func (h *Histogram) rank(q float64) int64 {
	r := math.Ceil(q / 100 * float64(h.count) * (1 - 1e-14))
	return min(max(int64(r), 1), h.count)
}

// atRank returns the rank-th smallest value of one side. The library rounds to
// the nearest rank, so the quotient cannot end beside it.
func atRank(side *hdr.Histogram, rank int64) int64 {
	return side.ValueAtPercentile(float64(rank) / float64(side.TotalCount()) * 100)
}

// Encode returns both sides in the HdrHistogram V2 compressed format as base64;
// negative is empty where no value is below zero.
func (h *Histogram) Encode() (positive, negative string, err error) {
	p, err := h.positive.EncodeV2()
	if err != nil || h.negative == nil || h.negative.TotalCount() == 0 {
		return string(p), "", err
	}
	n, err := h.negative.EncodeV2()
	return string(p), string(n), err
}
