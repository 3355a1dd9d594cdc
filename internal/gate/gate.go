// Package gate decides whether a server B is slower than a server A, by pairs of runs.
//
// Two runs of the same server differ, by 26 % in the median and 52 % in p99 on one small
// machine, so two numbers tell nothing. A [Pair] is a run of each, one right after the
// other and in random order, so that what changes slowly on the machine is the same for
// both. A series is some ten pairs. Of each gated figure the test asks whether the pairs
// differ in one direction more than by chance (the exact signed-rank test), and whether
// they differ by more than matters (the Hodges–Lehmann estimate). What a first series finds a
// second one of fresh runs has to confirm, or it is no regression: [Judge] says what one
// found, and [Conclude] what both did.
package gate

import (
	"math"
	"slices"
	"time"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/stat"
)

// What the test takes for a regression.
const (
	// Alpha is how often a first series may find something where there is nothing, in any
	// of its gated figures, and Confirm how often a second one may confirm it then.
	Alpha   = 0.01
	Confirm = 0.05
	// LeastChange and LeastTime are what a change is more than, as a share and as a time.
	LeastChange = 0.05
	LeastTime   = 2 * time.Microsecond
	// Power is how often the smallest change that a gate could have seen is found, in
	// both series.
	Power = 0.8
	// MaxDetectable is what that change may be at most for a pass, unless told otherwise.
	MaxDetectable = 0.25
	// Confidence is that of the interval of a change.
	Confidence = 0.95
)

// A Pair is a run of each side.
type Pair struct{ A, B *record.Run }

// A Row is what the pairs of a series say of one figure.
type Row struct {
	Figure record.Figure `json:"-"`
	Name   string        `json:"figure"`
	Gated  bool          `json:"gated"`
	A      float64       `json:"a"` // the median of A's runs, in nanoseconds or replies a second
	B      float64       `json:"b"`
	// Change is that from A to B, as a share of A, and Low to High its interval.
	Change     float64 `json:"change"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"` // of the interval
	// PWorse and PBetter are the probabilities of such differences, or greater ones, if
	// there were no change.
	PWorse  float64 `json:"p_worse"`
	PBetter float64 `json:"p_better"`
	// Noise is by how much the same server could seem to get worse from one series to
	// another, by A's runs: in one series of twenty it is more.
	Noise float64 `json:"noise"`
	// Alpha is what PWorse is at most, and Threshold what Change goes beyond, of what the
	// series finds worse. As Noise and Detectable it is below zero of the rate.
	Alpha     float64 `json:"alpha"`
	Threshold float64 `json:"threshold"`
	// Detectable is the smallest change for the worse that a gate finds, in both series, four
	// times out of five, or would find if this figure were gated; 0 is none, as of too few pairs.
	Detectable float64 `json:"detectable,omitempty"`
	Finding    Finding `json:"finding"`
}

// A Finding is what a series says of a figure.
type Finding string

// The findings.
const (
	Same   Finding = "~"      // nothing that could not be noise, or that matters
	Worse  Finding = "worse"  // B's is worse
	Better Finding = "better" // B's is better
)

// shown are the figures of a report of a gate besides the gated ones, where runs have them.
var shown = []record.Figure{
	{Metric: record.Response, Stat: "p50"}, {Metric: record.Response, Stat: "p90"}, {Metric: record.Response, Stat: "p99"},
	{Metric: record.Response, Stat: "p99.9"}, {Metric: record.Response, Stat: "mean"},
	{Metric: record.RTT, Stat: "p50"}, {Metric: record.RTT, Stat: "p90"}, {Metric: record.RTT, Stat: "p99"},
	{Metric: record.RTT, Stat: "p99.9"}, {Metric: record.RTT, Stat: "mean"},
	{Metric: record.Forward, Stat: "p50"}, {Metric: record.Forward, Stat: "p99"},
	{Metric: record.Reverse, Stat: "p50"}, {Metric: record.Reverse, Stat: "p99"},
	record.Rate,
}

// Figures are the gated ones and the others of a report.
func Figures(gated []record.Figure) []record.Figure {
	others := slices.DeleteFunc(slices.Clone(shown), func(f record.Figure) bool { return slices.Contains(gated, f) })
	return append(slices.Clone(gated), others...)
}

// Judge says what a series of pairs, in the order of time, tells of the gated figures, and
// of others that all its runs have. First is the series that it is to confirm, if any.
func Judge(pairs []Pair, gated []record.Figure, first *Series) Series {
	s := Series{Pairs: len(pairs), Rows: []Row{}}
	if len(pairs) == 0 {
		return s
	}
	confirmed := map[string]bool{}
	if first != nil {
		confirmed = first.worse()
	}
	for _, f := range Figures(gated) {
		alpha := Alpha / float64(len(gated))
		if confirmed[f.String()] {
			alpha = Confirm / float64(len(confirmed))
		}
		if v, ok := valuesOf(pairs, f); ok {
			r := v.row(f, alpha)
			r.Gated, r.Detectable = slices.Contains(gated, f), v.detectable(f, len(gated))
			s.Rows = append(s.Rows, r)
		}
	}
	return s
}

// LeastPairs is the number of pairs of which a regression in one of so many gated figures
// can be found at all.
func LeastPairs(gated int) int {
	n := 1
	for stat.LeastP(n) > Alpha/float64(gated) {
		n++
	}
	return n
}

// values are those of a figure in the runs of a series.
type values struct {
	a, b  []float64
	worse []float64 // by how much B's are worse, as logarithms of ratios
}

// valuesOf returns the values of a figure; false if a run has none, or has none of which
// there is a ratio.
func valuesOf(pairs []Pair, f record.Figure) (v values, ok bool) {
	for _, p := range pairs {
		a, err := f.Of(p.A)
		b, err2 := f.Of(p.B)
		if err != nil || err2 != nil || a <= 0 || b <= 0 {
			return values{}, false
		}
		v.a, v.b = append(v.a, a), append(v.b, b)
		worse := math.Log(b / a)
		if f.HigherIsBetter() {
			worse = -worse
		}
		v.worse = append(v.worse, worse)
	}
	return v, true
}

// worsening turns the logarithm of how much worse a figure got into a change of it: 0.25 is a
// quarter more time, and −0.2 a fifth less of what is better when it is more.
func worsening(f record.Figure, worse float64) float64 {
	if f.HigherIsBetter() {
		worse = -worse
	}
	return math.Expm1(worse)
}

// least is the least change that matters of a figure whose amount is so much, as the
// logarithm of how much worse it is.
func least(f record.Figure, amount float64) float64 {
	if f.HigherIsBetter() {
		return -math.Log1p(-LeastChange)
	}
	change := LeastChange
	if f.IsTime() {
		change = max(change, float64(LeastTime)/amount)
	}
	return math.Log1p(change)
}

// row tests a figure.
func (v values) row(f record.Figure, alpha float64) Row {
	r := Row{Figure: f, Name: f.String(), Alpha: alpha, A: stat.Median(v.a), B: stat.Median(v.b), Finding: Same}
	low, high, confidence := stat.SignedRankInterval(v.worse, Confidence)
	if f.HigherIsBetter() {
		low, high = high, low
	}
	r.Change, r.Confidence = worsening(f, stat.HodgesLehmann(v.worse)), confidence
	r.Low, r.High = worsening(f, low), worsening(f, high)
	r.PWorse, r.PBetter = stat.SignedRank(v.worse), stat.SignedRank(negated(v.worse))
	test := stat.PairedTest{Alpha: alpha, Least: v.least(f)}
	r.Noise, r.Threshold = worsening(f, v.noise()), worsening(f, test.Least)
	switch {
	case test.Finds(v.worse):
		r.Finding = Worse
	case test.Finds(negated(v.worse)):
		r.Finding = Better
	}
	return r
}

// detectable is the smallest change for the worse that is mostly found by both series of a gate
// of so many figures; 0 is none.
func (v values) detectable(f record.Figure, of int) float64 {
	first := stat.PairedTest{Alpha: Alpha / float64(of), Least: v.least(f)}
	second := stat.PairedTest{Alpha: Confirm / float64(of), Least: first.Least}
	shift := stat.Detectable(v.worse, Power, first, second)
	if math.IsInf(shift, 1) {
		return 0
	}
	return worsening(f, shift)
}

// least is what a change is more than, as a logarithm: what matters, and what is no noise.
func (v values) least(f record.Figure) float64 { return max(least(f, stat.Median(v.a)), v.noise()) }

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = -v[i]
	}
	return out
}

// How noise is estimated.
const (
	perDeviation = 1.4826 // of a normal distribution: σ, by the median of the sizes
	efficiency   = 1.0233 // σ of a Hodges–Lehmann estimate by that of a mean: √(π/3)
	oneOfTwenty  = 1.645  // σ above the mean
)

// noise is what the change of a series would be less than, nineteen times out of twenty, if
// both sides were A, as a logarithm: by how A's runs differ that follow each other.
func (v values) noise() float64 {
	var sizes []float64
	for i := 1; i < len(v.a); i++ {
		sizes = append(sizes, math.Abs(math.Log(v.a[i]/v.a[i-1])))
	}
	if len(sizes) == 0 {
		return 0
	}
	deviation := perDeviation * stat.Median(sizes)
	return oneOfTwenty * efficiency * deviation / math.Sqrt(float64(len(v.a)))
}
