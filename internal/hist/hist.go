// Package hist records nanoseconds of either sign into HDR histograms: exact
// count, minimum, maximum and mean, percentiles to three significant digits.
//
// Buckets and their encoding are those of HdrHistogram (Gil Tene's, V2 of its
// format), so that its tools read what is written here. Delays between two clocks
// can be negative, which an HDR histogram cannot hold, so a [Histogram] is a signed
// pair: one for the values from zero up, one for the magnitudes of those below. It
// belongs to one shard while it records. Merging loses nothing.
//
// It is the project's own and no library's because a run takes a histogram of every
// metric every second: merging, emptying and encoding go over no more than what was
// recorded, and allocate nothing.
package hist

import (
	"iter"
	"math"
	"math/bits"
	"slices"
)

// The buckets: each power of two is cut in 1,024 from 2,048 up, and below that
// there is one for each integer. So every int64 but the lowest can be recorded
// within 0.1 %: the clocks of two machines may be years apart, and what is out of
// range must not vanish.
const (
	highest = math.MaxInt64
	digits  = 3
	half    = 1 << 10 // buckets of a power of two
	exact   = 2 * half
	buckets = (63-11)*half + exact // of all values
)

// index is the bucket of a magnitude.
func index(v int64) int {
	shift := bits.Len64(uint64(v)|(exact-1)) - 11
	return shift<<10 + int(v>>shift)
}

// bounds are the lowest and the highest magnitude of a bucket.
func bounds(i int) (low, high int64) {
	shift := max(0, i>>10-1)
	low = int64(i-shift<<10) << shift
	return low, low + 1<<shift - 1
}

// counts are of magnitudes, by bucket. They grow by whole powers of two.
type counts []int64

func (c *counts) add(v, n int64) {
	i := index(v)
	if i >= len(*c) {
		c.grow(i)
	}
	(*c)[i] += n
}

// grow makes room for a bucket.
func (c *counts) grow(i int) {
	n := (i/half + 1) * half
	*c = slices.Grow(*c, n-len(*c))[:n]
}

// A Histogram holds signed values in nanoseconds. It is not safe for concurrent
// use.
type Histogram struct {
	positive  counts
	negative  counts
	count     int64
	negatives int64 // of count
	min, max  int64
	// Sums are of the differences from the first value, so that the spread of
	// values far from zero (clocks that are days apart) is not lost in rounding.
	first        int64
	sum, squares float64
}

// New returns an empty histogram.
func New() *Histogram { return &Histogram{} }

// Record adds one value. math.MinInt64, which has no magnitude, counts as one
// more.
func (h *Histogram) Record(v int64) { h.RecordN(v, 1) }

// RecordN adds a value n times, which is not negative.
func (h *Histogram) RecordN(v, n int64) {
	if n == 0 {
		return
	}
	v = max(v, -highest)
	if v < 0 {
		h.negative.add(-v, n)
		h.negatives += n
	} else {
		h.positive.add(v, n)
	}
	if h.count == 0 {
		h.first, h.min, h.max = v, v, v
	}
	h.count += n
	h.min, h.max = min(h.min, v), max(h.max, v)
	d := difference(v, h.first)
	h.sum += float64(n) * d
	h.squares += float64(n) * d * d
}

// difference is exact to 2^53, and of values further apart rounded, also where 63 bits do not
// hold it.
func difference(a, b int64) float64 {
	if d := a - b; (d >= 0) == (a >= b) {
		return float64(d)
	}
	return float64(a) - float64(b)
}

// upper and lower are the part of either side in which anything was counted, and the
// bucket that it begins with.
func (h *Histogram) upper() (from int, part counts) { return h.positive.part(h.min, h.max) }
func (h *Histogram) lower() (from int, part counts) { return h.negative.part(-h.max, -h.min) }

// part is that of some magnitudes.
func (c counts) part(low, high int64) (from int, part counts) {
	if high < 0 || len(c) == 0 {
		return 0, nil
	}
	from = index(max(low, 0))
	return from, c[from:min(index(high)+1, len(c))]
}

// Merge adds all that from holds.
func (h *Histogram) Merge(from *Histogram) {
	if from.count == 0 {
		return
	}
	if h.count == 0 {
		h.first, h.min, h.max = from.first, from.min, from.max
	}
	h.positive.merge(from.upper())
	h.negative.merge(from.lower())
	h.min, h.max = min(h.min, from.min), max(h.max, from.max)
	n, shift := float64(from.count), difference(from.first, h.first)
	h.squares += from.squares + 2*shift*from.sum + n*shift*shift
	h.sum += from.sum + n*shift
	h.count += from.count
	h.negatives += from.negatives
}

// merge adds a part of another's.
func (c *counts) merge(from int, part counts) {
	if to := from + len(part); to > len(*c) {
		c.grow(to - 1)
	}
	for i, n := range part {
		(*c)[from+i] += n
	}
}

// Reset makes h empty. It keeps its memory.
func (h *Histogram) Reset() {
	_, up := h.upper()
	_, low := h.lower()
	clear(up)
	clear(low)
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
func (h *Histogram) Percentile(q float64) int64 { return h.AtRank(Rank(q, h.count)) }

// AtRank returns the value of a rank, from 1 for the smallest to Count for the largest,
// as Percentile does.
func (h *Histogram) AtRank(rank int64) int64 {
	for b := range h.Buckets() {
		if rank -= b.Count; rank <= 0 {
			return b.Value()
		}
	}
	return 0
}

// Above returns how many values lie above v, and how many are as good as v: those of the
// bucket that v is in.
func (h *Histogram) Above(v int64) (above, at int64) {
	for b := range h.Buckets() {
		switch {
		case b.Low > v:
			above += b.Count
		case b.High >= v:
			at += b.Count
		}
	}
	return above, at
}

// Rank is the number of values, at least one, that percentile q of so many takes in.
// The factor keeps 99.9 % of 1,000 at 999 although 99.9/100 is not exact.
func Rank(q float64, count int64) int64 {
	r := math.Ceil(q / 100 * float64(count) * (1 - 1e-14))
	return min(max(int64(r), 1), count)
}

// A Bucket is the number of values from Low to High, which are not told apart, though
// none was below the histogram's minimum or above its maximum.
type Bucket struct {
	Low, High int64
	Count     int64
}

// Value is what stands for those in a bucket: the end that is farther from zero.
func (b Bucket) Value() int64 {
	if b.High < 0 {
		return b.Low
	}
	return b.High
}

// Buckets returns those that hold any values, the lowest first. Low and High are
// clipped to Min and Max.
func (h *Histogram) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		from, part := h.lower()
		for i, n := range slices.Backward(part) {
			low, high := bounds(from + i)
			if n > 0 && !yield(h.clip(Bucket{-high, -low, n})) {
				return
			}
		}
		from, part = h.upper()
		for i, n := range part {
			low, high := bounds(from + i)
			if n > 0 && !yield(h.clip(Bucket{low, high, n})) {
				return
			}
		}
	}
}

func (h *Histogram) clip(b Bucket) Bucket {
	return Bucket{max(b.Low, h.min), min(b.High, h.max), b.Count}
}
