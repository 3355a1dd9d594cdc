package hist

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// figures are those of a histogram.
func (h *Histogram) figures() Figures {
	return Figures{Count: h.Count(), Min: h.Min(), Max: h.Max(), Mean: h.Mean(), StdDev: h.StdDev()}
}

// TestAgainstTheLibrary holds buckets, percentiles and encoding to another
// implementation of the same histogram.
func TestAgainstTheLibrary(t *testing.T) {
	for _, values := range [][]int64{
		{0}, {1, 2047, 2048, 2049, 4095, 4096}, {math.MaxInt64}, {7, 7, 7, 1 << 40},
		samples(10_000, 0, 100_000), samples(3000, 1e9, 1e7), samples(1000, 86400*1e9, 1e12),
	} {
		t.Run(fmt.Sprint(values[0], " and ", len(values)-1), func(t *testing.T) {
			ours, theirs := New(), hdr.New(1, highest, digits)
			for _, v := range values {
				ours.Record(v)
				if err := theirs.RecordValue(v); err != nil {
					t.Fatal(err)
				}
			}
			text, negative := ours.Encode()
			if negative != "" {
				t.Errorf("a side below zero: %q", negative)
			}
			back, err := hdr.Decode([]byte(text))
			if err != nil || !back.Equals(theirs) {
				t.Errorf("decoded by the library it is another histogram (%v)", err)
			}
			foreign, err := theirs.EncodeV2()
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := Decode(string(foreign), "", ours.figures())
			if err != nil || !slices.Equal(slices.Collect(decoded.Buckets()), slices.Collect(ours.Buckets())) {
				t.Errorf("what the library encodes is decoded to another histogram (%v)", err)
			}
			for _, b := range theirs.Distribution() {
				if b.Count == 0 {
					continue
				}
				low, high := bounds(index(b.From))
				if low != b.From || high != b.To || ours.positive[index(b.From)] != b.Count {
					t.Fatalf("the bucket of %d has %d values from %d to %d, want %+v", b.From, ours.positive[index(b.From)], low, high, b)
				}
			}
			for _, q := range []float64{25, 50, 90} {
				if got, want := ours.Percentile(q), min(theirs.ValueAtPercentile(q), ours.Max()); len(values) > 100 && got != want {
					t.Errorf("p%v is %d, the library says %d", q, got, want)
				}
			}
		})
	}
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	for _, values := range [][]int64{
		nil, {0}, {-1}, {math.MinInt64, math.MaxInt64}, {-5, 10, 20}, samples(5000, -100_000, 100_000), samples(100, -86400*365*1e9, 1e6),
	} {
		h := New()
		for _, v := range values {
			h.Record(v)
		}
		positive, negative := h.Encode()
		back, err := Decode(positive, negative, h.figures())
		if err != nil {
			t.Errorf("%d values: %v", len(values), err)
			continue
		}
		f, want := back.figures(), h.figures()
		if f.Count != want.Count || f.Min != want.Min || f.Max != want.Max || !closeTo(f.Mean, want.Mean) || !closeTo(f.StdDev, want.StdDev) {
			t.Errorf("%+v became %+v", want, f)
		}
		if !slices.Equal(slices.Collect(back.Buckets()), slices.Collect(h.Buckets())) {
			t.Errorf("%d values have other buckets", len(values))
		}
		again, below := back.Encode()
		if again != positive || below != negative {
			t.Errorf("%d values are encoded otherwise the second time", len(values))
		}
	}
}

func closeTo(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(math.Abs(a)+math.Abs(b)) }

func TestDecodeRefuses(t *testing.T) {
	h := New()
	for _, v := range samples(100, 0, 1000) {
		h.Record(v)
	}
	text, _ := h.Encode()
	f := h.figures()
	with := func(change func(*Figures)) Figures { c := f; change(&c); return c }
	z, _ := base64.StdEncoding.DecodeString(text)
	broken := func(at int) string { b := slices.Clone(z); b[at] ^= 1; return base64.StdEncoding.EncodeToString(b) }
	for name, tc := range map[string]struct {
		text     string
		negative string
		f        Figures
		says     string
	}{
		"no base64":     {"?", "", f, "illegal base64"},
		"nothing":       {"", "", f, "not in HdrHistogram's compressed format"},
		"something":     {base64.StdEncoding.EncodeToString([]byte("something else")), "", f, "not in HdrHistogram's compressed format"},
		"cut":           {base64.StdEncoding.EncodeToString(z[:len(z)-4]), "", f, "bytes long and is"},
		"changed":       {broken(len(z) - 6), "", f, ""},
		"other zlib":    {broken(8), "", f, "zlib"},
		"other count":   {text, "", with(func(f *Figures) { f.Count++ }), "100 values where 101 are told"},
		"other minimum": {text, "", with(func(f *Figures) { f.Min -= 10_000 }), "are not the"},
		"other maximum": {text, "", with(func(f *Figures) { f.Max *= 2 }), "are not the"},
		"no mean":       {text, "", with(func(f *Figures) { f.Mean = math.Inf(1) }), "no figures"},
		"zero below":    {text, text, with(func(f *Figures) { f.Count *= 2; f.Min = -f.Max; f.Max = -1 }), "are not the"},
	} {
		if _, err := Decode(tc.text, tc.negative, tc.f); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

// FuzzDecode holds that no text does harm, and that what is accepted is a histogram.
func FuzzDecode(f *testing.F) {
	h := New()
	for _, v := range samples(50, -1000, 1000) {
		h.Record(v)
	}
	positive, negative := h.Encode()
	f.Add(positive, negative, h.Count(), h.Min(), h.Max(), h.Mean(), h.StdDev())
	f.Fuzz(func(t *testing.T, positive, negative string, count, lo, hi int64, mean, sd float64) {
		h, err := Decode(positive, negative, Figures{count, lo, hi, mean, sd})
		if err != nil {
			return
		}
		var n int64
		last := int64(math.MinInt64)
		for b := range h.Buckets() {
			if b.Low > b.High || b.Low <= last || b.Count <= 0 {
				t.Errorf("the bucket after %d is %+v", last, b)
			}
			n, last = n+b.Count, b.High
		}
		if n != h.Count() || h.Percentile(0) < h.Min() || h.Percentile(100) != h.Max() && n > 0 {
			t.Errorf("%d values, of %d from %d to %d", n, h.Count(), h.Min(), h.Max())
		}
	})
}

// FuzzDecodePlain is the same without the base64 and the zlib, which few inputs are.
func FuzzDecodePlain(f *testing.F) {
	h := New()
	h.Record(3)
	text, _ := h.Encode()
	c := coders.Get().(*coder)
	if _, err := c.decode(text); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(c.plain.Bytes()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		side, err := decodePlain(b)
		if err == nil && len(side) > buckets {
			t.Errorf("%d buckets", len(side))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	h := New()
	for _, v := range samples(10_000, 30_000, 20_000) {
		h.Record(v)
	}
	for b.Loop() {
		h.Encode()
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	h := New()
	for _, v := range samples(10_000, 30_000, 20_000) {
		h.Record(v)
	}
	positive, negative := h.Encode()
	for b.Loop() {
		if _, err := Decode(positive, negative, h.figures()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMergeAndReset(b *testing.B) {
	b.ReportAllocs()
	from, to := New(), New()
	values := samples(10_000, 30_000, 20_000)
	for b.Loop() {
		from.Record(values[1])
		from.Record(values[2])
		to.Merge(from)
		from.Reset()
	}
}
