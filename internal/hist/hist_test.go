package hist

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

var percentiles = []float64{0, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100}

// near holds the promise of three significant digits.
func near(got, want int64) bool {
	return math.Abs(float64(got)-float64(want)) <= math.Abs(float64(want))/1000
}

// check compares h with the sorted values by plain arithmetic.
func check(t *testing.T, h *Histogram, sorted []int64) {
	t.Helper()
	n := len(sorted)
	if h.Count() != int64(n) || h.Min() != sorted[0] || h.Max() != sorted[n-1] {
		t.Errorf("count %d, min %d, max %d; want %d, %d, %d", h.Count(), h.Min(), h.Max(), n, sorted[0], sorted[n-1])
	}
	last := int64(math.MinInt64)
	for _, q := range percentiles {
		rank := max(1, int(math.Ceil(math.Round(q*float64(n)*1e6)/1e8)))
		got, want := h.Percentile(q), sorted[rank-1]
		if !near(got, want) {
			t.Errorf("p%v of %d = %d, want %d", q, n, got, want)
		}
		if got < last || got < h.Min() || got > h.Max() {
			t.Errorf("p%v = %d lies below the percentile before it, or outside %d to %d", q, got, h.Min(), h.Max())
		}
		last = got
	}
	var mean, variance float64
	for _, v := range sorted {
		mean += float64(v-sorted[0]) / float64(n)
	}
	for _, v := range sorted {
		d := float64(v-sorted[0]) - mean
		variance += d * d / float64(n)
	}
	mean += float64(sorted[0])
	if math.Abs(h.Mean()-mean) > math.Abs(mean)*1e-9+1e-9 {
		t.Errorf("mean %v, want %v", h.Mean(), mean)
	}
	if want := math.Sqrt(variance); math.Abs(h.StdDev()-want) > want*1e-6+1e-6 {
		t.Errorf("stddev %v, want %v", h.StdDev(), want)
	}
}

// samples are latencies around a centre, such as an offset between clocks.
func samples(n int, centre, spread int64) []int64 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]int64, n)
	for i := range out {
		out[i] = centre + int64(r.ExpFloat64()*float64(spread))
	}
	return out
}

func TestHistogram(t *testing.T) {
	for name, values := range map[string][]int64{
		"one":               {42},
		"zero":              {0, 0},
		"one below zero":    {-42},
		"either side":       {-3, -2, -1, 0, 1, 2, 3},
		"thousand":          samples(1000, 0, 100_000),
		"below zero":        samples(1001, -1_000_000_000, 100_000),
		"across zero":       samples(5000, -100_000, 100_000),
		"clocks years off":  samples(5000, 86400*365*10*1e9, 100_000),
		"clocks years back": samples(149, -86400*365*10*1e9, 100_000),
		"whole range":       {math.MinInt64 + 1, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			whole, a, b := New(), New(), New()
			for i, v := range values {
				whole.Record(v)
				[]*Histogram{a, b}[i%2].Record(v)
			}
			merged := New()
			merged.Merge(a)
			merged.Merge(b)
			if name == "whole range" {
				if whole.Min() != values[0] || whole.Max() != values[1] || !near(whole.Percentile(50), values[0]) {
					t.Errorf("min %d, p50 %d, max %d", whole.Min(), whole.Percentile(50), whole.Max())
				}
				return
			}
			slices.Sort(values)
			check(t, whole, values)
			check(t, merged, values)
			whole.Reset()
			whole.Record(7)
			check(t, whole, []int64{7})
		})
	}
}

func TestLowestValueIsNotLost(t *testing.T) {
	h := New()
	h.Record(math.MinInt64)
	if h.Count() != 1 || h.Min() != -math.MaxInt64 {
		t.Errorf("count %d, min %d", h.Count(), h.Min())
	}
}

func TestEmpty(t *testing.T) {
	h := New()
	h.Merge(New())
	if h.Count() != 0 || h.Percentile(99) != 0 || h.Mean() != 0 || h.StdDev() != 0 || h.Min() != 0 || h.Max() != 0 {
		t.Error("an empty histogram has figures other than zero")
	}
}

func TestEncodeIsTheV2Format(t *testing.T) {
	h := New()
	for _, v := range []int64{-5, 10, 20} {
		h.Record(v)
	}
	positive, negative := h.Encode()
	for text, want := range map[string]int64{positive: 2, negative: 1} {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		back, err := hdr.Decode([]byte(text))
		if err != nil || back.TotalCount() != want {
			t.Errorf("decoded %v values, %v; want %d", back.TotalCount(), err, want)
		}
	}
	h.Reset()
	if _, negative := h.Encode(); negative != "" {
		t.Error("a histogram with nothing below zero has a negative side")
	}
}

func TestRecordingAllocatesNothing(t *testing.T) {
	h := New()
	h.Record(math.MinInt64) // the memory for the largest
	h.Record(math.MaxInt64)
	v := int64(-1)
	if n := testing.AllocsPerRun(100, func() { h.Record(v); v = -v * 3 }); n != 0 {
		t.Errorf("%v allocations a value", n)
	}
	to := New()
	to.Merge(h)
	if n := testing.AllocsPerRun(100, func() { to.Merge(h); to.Reset() }); n != 0 {
		t.Errorf("%v allocations to merge and to empty", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	b.ReportAllocs()
	h := New()
	v := int64(12345)
	for b.Loop() {
		h.Record(v)
		v = (v * 31) & 0xfffff
	}
}

// TestExtremes holds sums of values whose differences exceed 63 bits, in one histogram and in
// merged ones.
func TestExtremes(t *testing.T) {
	const top = math.MaxInt64
	a, b, both := New(), New(), New()
	for range 100 {
		a.Record(top)
		b.Record(-top)
		both.Record(top)
		both.Record(-top)
	}
	a.Merge(b)
	for name, h := range map[string]*Histogram{"recorded": both, "merged": a} {
		if h.Count() != 200 || h.Min() != -top || h.Max() != top || math.Abs(h.Mean()) > 1024 || math.Abs(h.StdDev()/top-1) > 1e-9 {
			t.Errorf("%s: %d from %d to %d, mean %v, deviation %v", name, h.Count(), h.Min(), h.Max(), h.Mean(), h.StdDev())
		}
		positive, negative := h.Encode()
		again, err := Decode(positive, negative, Figures{h.Count(), h.Min(), h.Max(), h.Mean(), h.StdDev()})
		if err != nil || again.Percentile(50) != h.Percentile(50) || again.Mean() != h.Mean() {
			t.Errorf("%s: decoded as %+v, %v", name, again, err)
		}
	}
}
