package report

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/echostamp/echostamp/internal/record"
)

// CompareSchema is the value of Comparison.Schema.
const CompareSchema = "echostamp.compare.v1"

// A Comparison is what saved runs of two sides say of each other. The runs of a side are
// a sample: figures are medians of theirs, and whether the sides differ is by the U test,
// which assumes nothing of how runs scatter (benchmath.AssumeNothing).
//
// It is advisory: a machine that changed between the sides looks like a change of what was
// measured.
type Comparison struct {
	Schema     string        `json:"schema"`
	Of         string        `json:"of"`         // what was measured, and how
	Alpha      float64       `json:"alpha"`      // a row differs if its p is no more
	Confidence float64       `json:"confidence"` // of the intervals of medians
	Old        int           `json:"old"`        // how many runs
	New        int           `json:"new"`
	Rows       []ComparedRow `json:"rows"`
	// Differences are why the sides cannot be compared, if they were all the same.
	Differences []string `json:"differences"`
	Warnings    []string `json:"warnings"`
	// Gate is there if that was asked for.
	Gate *ComparedGate `json:"gate,omitempty"`
}

// A ComparedRow is one figure of both sides.
type ComparedRow struct {
	Figure string  `json:"figure"`
	Unit   string  `json:"unit"`
	Old    Median  `json:"old"`
	New    Median  `json:"new"`
	P      float64 `json:"p"` // the probability of such a difference if there is none
	// Change is that of the medians in percent; nothing can be said of a change from 0.
	Change  *float64 `json:"change_percent"`
	Verdict string   `json:"verdict"` // NoChange, Better or Worse
	Gated   bool     `json:"gated"`
}

// A Median is that of a figure, with its interval. It is open where there are too few runs
// for an end.
type Median struct {
	Median float64  `json:"median"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	N      int      `json:"n"` // runs
}

// The verdicts of a row.
const (
	NoChange = "~" // none that could not be chance
	Better   = "better"
	Worse    = "worse"
)

// CompareOptions say how runs are compared.
type CompareOptions struct {
	Alpha float64 // 0 is DefaultAlpha
	All   bool    // every metric and every figure of it, not those that matter most
	// Gate has the comparison pass or fail, by Gated; if those are none, by p50 and p99 of
	// response, or else of rtt. Each is there once. An invalid run makes it inconclusive unless AcceptInvalid.
	Gate          bool
	Gated         []record.Figure
	AcceptInvalid bool
}

const (
	// DefaultAlpha is how often a figure is said to differ where nothing does.
	DefaultAlpha = 0.05
	confidence   = 0.95 // of the intervals of medians
)

// Compare compares the runs of two sides, of which each has one at least.
func Compare(old, new []*record.Run, o CompareOptions) *Comparison {
	runs := slices.Concat(old, new)
	c := &Comparison{
		Schema: CompareSchema, Of: subject(runs), Alpha: cmp.Or(o.Alpha, DefaultAlpha), Confidence: confidence,
		Old: len(old), New: len(new), Rows: []ComparedRow{},
		Differences: append([]string{}, record.Differences(runs)...), Warnings: []string{},
	}
	gated := o.gated(runs)
	var incomplete []string
	for _, f := range o.figures(runs, gated) {
		a, b := valuesOf(f, old), valuesOf(f, new)
		switch has := len(a) + len(b); {
		case has == len(runs):
			row := c.compare(f, a, b)
			row.Gated = slices.Contains(gated, f)
			c.Rows = append(c.Rows, row)
		case has > 0:
			incomplete = append(incomplete, f.String())
		}
	}
	c.warn(old, new, incomplete)
	if o.Gate {
		c.Gate = c.judge(gated, runs, o.AcceptInvalid)
	}
	return c
}

// valuesOf are a figure of the runs that have it.
func valuesOf(f record.Figure, runs []*record.Run) (values []float64) {
	for _, r := range runs {
		if v, err := f.Of(r); err == nil {
			values = append(values, v)
		}
	}
	return values
}

// compare makes the row of a figure.
func (c *Comparison) compare(f record.Figure, before, after []float64) ComparedRow {
	thresholds := benchmath.DefaultThresholds
	thresholds.CompareAlpha = c.Alpha
	a, b := benchmath.NewSample(before, &thresholds), benchmath.NewSample(after, &thresholds)
	row := ComparedRow{
		Figure: f.String(), Unit: unitOf(f), Old: medianOf(a), New: medianOf(b),
		P: min(1, benchmath.AssumeNothing.Compare(a, b).P), Verdict: NoChange,
	}
	switch from, to := row.Old.Median, row.New.Median; {
	case from == to:
		row.Change = new(0.0)
	case from != 0:
		row.Change = new((to/from - 1) * 100)
	}
	if loss := row.loss(); rejects(row.P, c.Alpha) && loss > 0 {
		row.Verdict = Worse
	} else if rejects(row.P, c.Alpha) && loss < 0 {
		row.Verdict = Better
	}
	return row
}

// loss is by how much the new median is worse than the old one.
func (r ComparedRow) loss() float64 {
	if r.Unit == seriesRate { // of which more is better
		return r.Old.Median - r.New.Median
	}
	return r.New.Median - r.Old.Median
}

func unitOf(f record.Figure) string {
	switch {
	case f.IsTime():
		return seriesTime
	case f == record.Rate:
		return seriesRate
	}
	return seriesErrors
}

func medianOf(s *benchmath.Sample) Median {
	sum := benchmath.AssumeNothing.Summary(s, confidence)
	m := Median{Median: sum.Center, N: len(s.Values)}
	if !math.IsInf(sum.Lo, 0) {
		m.Low = new(sum.Lo)
	}
	if !math.IsInf(sum.Hi, 0) {
		m.High = new(sum.Hi)
	}
	return m
}

// rejects reports whether a p is no more than alpha, but for what its sum was rounded by.
func rejects(p, alpha float64) bool { return p <= alpha*(1+1e-9) }

// leastP is the smallest p that the U test can return for so many values: of all orders
// that they can have two set the sides apart.
func leastP(n, m int) float64 {
	orders := 1.0
	for i := range n {
		orders *= float64(m+i+1) / float64(i+1)
	}
	return min(1, 2/orders)
}

// leastRuns is how many runs a side takes for p to be able to be no more than alpha.
func leastRuns(alpha float64) int {
	n := 1
	for !rejects(leastP(n, n), alpha) {
		n++
	}
	return n
}
