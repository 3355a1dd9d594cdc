package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
)

// TestFalseAlarmsOfTheGate holds that of runs of the same server, whose figures scatter by
// 15 %, the gate fails in one comparison of a hundred at most, and that it finds what
// is slower by half. The seed makes it pass always or never.
func TestFalseAlarmsOfTheGate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const tries = 2000
	side := func(from int, scale float64) (runs []*record.Run) {
		for i := range 10 {
			r := comparedRun(from+i, 1e6)
			noise := func() int64 { return int64(1e6 * scale * math.Exp(0.15*random.NormFloat64())) }
			r.Metrics[record.RTT] = record.Metric{Count: 5000, Percentiles: map[string]int64{"50": noise(), "99": noise()}}
			runs = append(runs, r)
		}
		return runs
	}
	failed := func(scale float64) (n int) {
		for range tries {
			if Compare(side(0, 1), side(laterSide, scale), CompareOptions{Gate: true}).Gate.Outcome == Fail {
				n++
			}
		}
		return n
	}
	if n := failed(1); n > tries/100 {
		t.Errorf("%d false alarms in %d comparisons", n, tries)
	}
	if n := failed(1.5); n < tries*95/100 {
		t.Errorf("of %d slower servers %d were found", tries, n)
	}
}

func TestGate(t *testing.T) {
	six := []float64{1.00e6, 1.01e6, 1.02e6, 1.03e6, 1.04e6, 1.05e6}
	times := func(factor, plus float64) (out []float64) {
		for _, v := range six {
			out = append(out, v*factor+plus)
		}
		return out
	}
	rtt := func(stat string) record.Figure { return record.Figure{Metric: record.RTT, Stat: stat} }
	spoil := func(runs []*record.Run) { runs[0].Validity.Verdict = record.Invalid }
	for name, tc := range map[string]struct {
		old, new []float64
		options  CompareOptions
		change   func(new []*record.Run)
		want     Outcome
		says     string
	}{
		"the same":             {six, times(1, 1), CompareOptions{}, nil, Pass, "pass: rtt.p50 1.02ms → 1.03ms, +0.0%"},
		"slower":               {six, times(1.5, 0), CompareOptions{}, nil, Fail, "regression: rtt.p50 1.02ms → 1.54ms, +50.0%, p 0.0022; rtt.p99 3.08ms →"},
		"faster":               {six, times(0.5, 0), CompareOptions{}, nil, Pass, "pass"},
		"slower by little":     {six, times(1.04, 0.02e6), CompareOptions{Gated: []record.Figure{rtt("p50")}}, nil, Fail, "+6.0%"},
		"slower by too little": {six, times(1, 0.05e6), CompareOptions{Gated: []record.Figure{rtt("p50")}}, nil, Pass, "+4.9%"},
		"slower by 1.9 µs":     {times(0, 10e3), times(0, 11.9e3), CompareOptions{}, nil, Fail, "rtt.p99 30.0µs → 35.7µs"},
		"p50 by 1.9 µs":        {times(0, 10e3), times(0, 11.9e3), CompareOptions{Gated: []record.Figure{rtt("p50")}}, nil, Pass, "rtt.p50 10.0µs → 11.9µs, +19.0%"},
		"p50 by 2.1 µs":        {times(0, 10e3), times(0, 12.1e3), CompareOptions{Gated: []record.Figure{rtt("p50")}}, nil, Fail, "+21.0%"},
		"lower rate":           {six, times(1.5, 0), CompareOptions{Gated: []record.Figure{record.Rate}}, nil, Fail, "regression: rate 976/s → 650/s, -33.3%"},
		"higher rate":          {times(1.5, 0), six, CompareOptions{Gated: []record.Figure{record.Rate}}, nil, Pass, "pass"},
		"too few":              {six[:5], times(1.5, 0), CompareOptions{Gated: []record.Figure{rtt("p50"), rtt("p90"), rtt("p99"), record.Rate}}, nil, Inconclusive, "5 old and 6 new runs are too few for the gate: it takes 6 a side"},
		"enough together":      {six[:5], times(1.5, 0), CompareOptions{}, nil, Fail, "p 0.0043"},
		"lacking":              {six, times(1.5, 0), CompareOptions{Gated: []record.Figure{rtt("p99.9")}}, nil, Inconclusive, "rtt.p99.9 12 of 12 runs lack it: too few samples: 5000 of the 10000 needed"},
		"lacking and slower":   {six, times(1.5, 0), CompareOptions{Gated: []record.Figure{rtt("p99.9"), rtt("p50")}}, nil, Fail, "regression: rtt.p50"},
		"lacking in one": {six, times(1.5, 0), CompareOptions{}, func(new []*record.Run) { new[5].Metrics = nil }, Inconclusive,
			"rtt.p50 1 of 12 runs lack it: the run has no rtt"},
		"invalid":          {six, times(1.5, 0), CompareOptions{}, spoil, Inconclusive, "inconclusive: invalid: 1 of 6 new runs"},
		"invalid accepted": {six, times(1.5, 0), CompareOptions{AcceptInvalid: true}, spoil, Fail, "regression"},
	} {
		old, new := comparedSide(0, tc.old...), comparedSide(laterSide, tc.new...)
		if tc.change != nil {
			tc.change(new)
		}
		tc.options.Gate = true
		c := Compare(old, new, tc.options)
		if c.Gate.Outcome != tc.want || !strings.Contains(c.Gate.String(), tc.says) {
			t.Errorf("%s: %s, want %s with %q", name, c.Gate, tc.want, tc.says)
		}
		checkChecks(t, c)
	}
	if c := Compare(comparedSide(0, 1e6), comparedSide(laterSide, 1e6), CompareOptions{}); c.Gate != nil || c.Checks() != nil {
		t.Errorf("there is a gate that was not asked for: %v", c.Gate)
	}
}

// checkChecks holds the checks to the gate: they are its figures, and the worst of them is
// its outcome.
func checkChecks(t *testing.T, c *Comparison) {
	t.Helper()
	order := []Outcome{Pass, Inconclusive, Fail}
	worst := 0
	for i, check := range c.Checks() {
		worst = max(worst, slices.Index(order, check.Outcome))
		if got := fmt.Sprint(check.Name, check.Detail); got != c.Gate.Figures[i].Figure+c.Gate.Figures[i].Detail || check.Detail == "" {
			t.Errorf("%+v is not what the gate says: %+v", check, c.Gate.Figures[i])
		}
	}
	if order[worst] != c.Gate.Outcome || len(c.Checks()) != len(c.Gate.Figures) {
		t.Errorf("the worst of %+v is not %s", c.Checks(), c.Gate.Outcome)
	}
}
