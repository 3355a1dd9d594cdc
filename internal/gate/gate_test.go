package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/stat"
)

// figure is one that the tests gate.
var (
	median  = record.Figure{Metric: record.RTT, Stat: "p50"}
	p99     = record.Figure{Metric: record.RTT, Stat: "p99"}
	average = record.Figure{Metric: record.RTT, Stat: "mean"}
)

// run is a record of a run with these figures, in nanoseconds and replies a second.
func run(p50, high, rate float64) *record.Run {
	return &record.Run{
		Metrics: map[string]record.Metric{record.RTT: {
			Count: 1_000_000, Mean: p50, Percentiles: map[string]int64{"50": int64(p50), "99": int64(high)},
		}},
		Totals:   record.Totals{Rate: rate},
		Validity: record.Validity{Verdict: record.Valid},
	}
}

// series makes pairs in which each of B's figures is so much higher, and each run is off by
// what noise returns, as a logarithm.
func series(pairs int, higher float64, noise func() float64) (out []Pair) {
	for range pairs {
		a, b := math.Exp(noise()), math.Exp(noise())
		out = append(out, Pair{
			A: run(1e6*a, 5e6*a, 1000/a),
			B: run(1e6*b*(1+higher), 5e6*b*(1+higher), 1000/b/(1+higher)),
		})
	}
	return out
}

// some is noise that changes from call to call, by a percent.
func some() func() float64 {
	random := rand.New(rand.NewPCG(1, 1))
	return func() float64 { return 0.01 * random.NormFloat64() }
}

func TestJudge(t *testing.T) {
	for higher, want := range map[float64]Finding{0: Same, 0.03: Same, -0.03: Same, 0.2: Worse, -0.2: Better} {
		rows := Judge(series(10, higher, some()), []record.Figure{record.Rate, median}, nil).Rows
		if len(rows) != 4 { // with rtt.p99 and the mean
			t.Fatalf("%d rows: %+v", len(rows), rows)
		}
		for i, r := range rows {
			change := higher
			if r.Figure == record.Rate {
				change = 1/(1+higher) - 1
			}
			if math.Abs(r.Change-change) > 0.02 || r.Low > r.Change || r.High < r.Change || r.Finding != want || r.Gated != (i < 2) {
				t.Errorf("%+v higher: %+v", higher, r)
			}
			if math.Abs(r.Threshold) < LeastChange || math.Abs(r.Detectable) < math.Abs(r.Threshold) || r.Threshold < 0 != (r.Figure == record.Rate) {
				t.Errorf("%+v higher: threshold %v, detectable %v", higher, r.Threshold, r.Detectable)
			}
		}
	}
}

// TestWhatMatters holds that changes below a time, or below what A differs from itself by,
// are not told however sure they are.
func TestWhatMatters(t *testing.T) {
	exact := func(a, b float64) (pairs []Pair) {
		for range 10 {
			pairs = append(pairs, Pair{run(a, a, 1), run(b, b, 1)})
		}
		return pairs
	}
	for _, tc := range []struct {
		a, b float64
		want Finding
	}{
		{10_000, 11_900, Same}, {10_000, 12_100, Worse}, {12_100, 10_000, Better}, // 2 µs
		{1e6, 1.049e6, Same}, {1e6, 1.051e6, Worse}, // 5 %
	} {
		if r := Judge(exact(tc.a, tc.b), []record.Figure{median}, nil).Rows[0]; r.Finding != tc.want {
			t.Errorf("from %v to %v: %+v", tc.a, tc.b, r)
		}
	}
	for rate, want := range map[float64]Finding{951: Same, 949: Worse, 1052: Same, 1054: Better} { // 5 % less, or 1/0.95
		var pairs []Pair
		for range 10 {
			pairs = append(pairs, Pair{run(1, 1, 1000), run(1, 1, rate)})
		}
		if r := Judge(pairs, []record.Figure{record.Rate}, nil).Rows[0]; r.Finding != want || math.Abs(r.Threshold+LeastChange) > 1e-9 {
			t.Errorf("from a rate of 1000 to %v: %+v", rate, r)
		}
	}
	drifting := exact(1e6, 1.2e6)
	for i := range drifting {
		factor := 1 + float64(i%2) // the machine is twice as slow in every other pair
		drifting[i] = Pair{run(1e6*factor, 1e6*factor, 1), run(1.2e6*factor, 1.2e6*factor, 1)}
	}
	if r := Judge(drifting, []record.Figure{median}, nil).Rows[0]; r.Finding != Same || r.Noise < 0.2 || r.PWorse > 0.001 {
		t.Errorf("while A differs from itself: %+v", r)
	}
}

func TestLeastPairs(t *testing.T) {
	for gated, want := range map[int]int{1: 7, 2: 8, 3: 9, 10: 10} {
		if got := LeastPairs(gated); got != want {
			t.Errorf("of %d figures: %d pairs, want %d", gated, got, want)
		}
		all := make([]float64, want)
		for i := range all {
			all[i] = float64(i + 1)
		}
		if p := stat.SignedRank(all); p > Alpha/float64(gated) {
			t.Errorf("%d pairs that all are worse have p %v", want, p)
		}
	}
}

func TestConclude(t *testing.T) {
	found := func(p50, high Finding) Series {
		return Series{Rows: []Row{{Name: "rtt.p50", Gated: true, Finding: p50}, {Name: "rtt.p99", Gated: true, Finding: high}, {Name: "rtt.mean"}}}
	}
	for _, tc := range []struct {
		series  []Series
		want    Verdict
		reasons string
	}{
		{[]Series{found(Same, Same)}, Pass, ""},
		{[]Series{found(Better, Better)}, Pass, ""},
		{[]Series{found(Worse, Same)}, Inconclusive, "no second one"},
		{[]Series{found(Worse, Same), found(Worse, Same)}, Regression, "rtt.p50 got worse in two series"},
		{[]Series{found(Worse, Worse), found(Same, Worse)}, Regression, "rtt.p99 got worse in two series"},
		{[]Series{found(Worse, Same), found(Same, Same)}, Inconclusive, "rtt.p50 was worse in the first series and not in the second"},
		{[]Series{found(Worse, Same), found(Same, Worse)}, Inconclusive, "rtt.p99 was worse in the second series only"},
	} {
		got, reasons := Conclude(tc.series, 0)
		if text := strings.Join(reasons, "; "); got != tc.want || !strings.Contains(text, tc.reasons) || (text == "") != (tc.reasons == "") {
			t.Errorf("%+v: %v, %q", tc.series, got, text)
		}
		if tc.series[0].Repeats() != (tc.want != Pass) {
			t.Errorf("%+v: is repeated %v", tc.series, tc.series[0].Repeats())
		}
	}
}

// TestConcludeOfTheBlind holds that a pass is one that could have seen it, and that what got
// worse beside the gated figures is told.
func TestConcludeOfTheBlind(t *testing.T) {
	rows := func(detectable float64, other Finding) Series {
		return Series{Rows: []Row{
			{Name: "rtt.p50", Gated: true, Detectable: detectable, Low: -0.43, High: 0.84, Confidence: 0.951, Finding: Same},
			{Name: "rate", Gated: true, Detectable: -0.1, Finding: Same},
			{Name: "rtt.p90", Detectable: 0.3, Change: 0.73, Finding: other},
			{Name: "rtt.mean", Detectable: 0.2, Finding: Same},
			{Name: "reverse.p50", Detectable: 0.051, Change: 0.97, Finding: other},
		}}
	}
	const blind = "rtt.p50: no regression found, but only a change of +160.0% or more was detectable (95% interval -43.0% to +84.0%)"
	for _, tc := range []struct {
		series  []Series
		most    float64
		want    Verdict
		reasons string
	}{
		{[]Series{rows(0.2, Same)}, 0.25, Pass, ""},
		{[]Series{rows(1.6, Same)}, 0.25, Inconclusive, blind},
		{[]Series{rows(1.6, Same)}, 2, Pass, ""},
		{[]Series{rows(1.6, Same)}, 0, Pass, ""},
		{[]Series{rows(0, Same)}, 10, Inconclusive, "rtt.p50: no regression found, but no change was detectable with so few pairs"},
		{[]Series{rows(0.2, Worse)}, 0.25, Pass, "also worse, not gated: rtt.p90 +73.0%, reverse.p50 +97.0% (one series)"},
		{[]Series{rows(1.6, Worse)}, 0.25, Inconclusive, blind + "; also worse, not gated: rtt.p90"},
		{[]Series{rows(0.2, Worse), rows(0.2, Worse)}, 0.25, Pass, "also worse, not gated: rtt.p90 +73.0%, reverse.p50 +97.0% (both series)"},
		{[]Series{rows(0.2, Worse), rows(0.2, Same)}, 0.25, Pass, ""},
	} {
		got, reasons := Conclude(tc.series, tc.most)
		if text := strings.Join(reasons, "; "); got != tc.want || !strings.Contains(text, tc.reasons) || (text == "") != (tc.reasons == "") {
			t.Errorf("%+v: %v, %q", tc, got, text)
		}
	}
	var sharper []string
	for _, r := range rows(1.6, Same).Sharper(0.25) {
		sharper = append(sharper, r.Name)
	}
	if got := strings.Join(sharper, " "); got != "reverse.p50 rtt.mean" {
		t.Errorf("sharper are %s", got)
	}
}

func TestShortfall(t *testing.T) {
	few := run(1, 2, 3)
	few.Metrics[record.RTT] = record.Metric{Count: 40}
	if s := Shortfall(few, []record.Figure{median, p99, record.Rate}); s != 25 {
		t.Errorf("40 samples are %v times too few for p99", s)
	}
	if s := Shortfall(few, []record.Figure{median}); s != 1 {
		t.Errorf("40 samples are %v times too few for p50", s)
	}
	few.Metrics[record.RTT] = record.Metric{}
	if s := Shortfall(few, []record.Figure{median}); !math.IsInf(s, 1) {
		t.Errorf("no samples are %v times too few", s)
	}
}

// TestPassesOfTheBlind holds how often a gate of ten pairs passes if nothing has changed: where
// runs scatter more, it mostly could not have seen a quarter, and says so.
func TestPassesOfTheBlind(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	const gates = 8
	for scatter, want := range map[float64][2]float64{0.03: {1, 1}, 0.3: {0, 0.05}} {
		passes := 0
		for range gates {
			v, _ := valuesOf(series(10, 0, func() float64 { return scatter * random.NormFloat64() }), median)
			r := v.row(median, Alpha)
			r.Gated, r.Detectable = true, v.detectable(median, 1)
			if verdict, _ := Conclude([]Series{{Rows: []Row{r}}}, MaxDetectable); verdict == Pass {
				passes++
			}
		}
		if share := float64(passes) / gates; share < want[0] || share > want[1] {
			t.Errorf("σ %v: %v of the gates pass", scatter, share)
		}
	}
}

func TestUnfit(t *testing.T) {
	invalid := run(1, 2, 3)
	invalid.Validity = record.Validity{Verdict: record.Invalid, Reasons: []string{"errors"}}
	limited := run(1, 2, 3)
	limited.Validity.Verdict = record.GeneratorLimited
	few := run(1, 2, 3)
	few.Metrics[record.RTT] = record.Metric{Count: 30, Percentiles: map[string]int64{"50": 1}}
	for name, tc := range map[string]struct {
		run    *record.Run
		accept bool
		says   string
	}{
		"valid":          {run(1, 2, 3), false, ""},
		"limited":        {limited, false, ""},
		"invalid":        {invalid, false, "is invalid: errors"},
		"accepted":       {invalid, true, ""},
		"too few":        {few, true, "has no rtt.p99: too few samples"},
		"nothing at all": {run(0, 2, 3), false, "has a rtt.p50 of 0"},
	} {
		if got := Unfit(tc.run, []record.Figure{median, p99}, tc.accept); !strings.Contains(got, tc.says) || (got == "") != (tc.says == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if rows := Judge([]Pair{{run(1, 2, 3), few}}, []record.Figure{p99}, nil).Rows; len(rows) == 0 || rows[0].Figure == p99 {
		t.Errorf("of a run without it: %+v", rows)
	}
	if rows := Judge(nil, []record.Figure{p99}, nil).Rows; len(rows) > 0 {
		t.Errorf("of no pairs: %+v", rows)
	}
}

// TestRates holds what the project says of its gate, by gates that are made up: how often it
// finds a regression where there is none, and one of 20 %, if runs of the same server scatter
// by so much. The seed makes it pass always or never.
func TestRates(t *testing.T) {
	const gates = 4000
	for _, tc := range []struct {
		scatter      float64 // σ of a run, as a logarithm
		once, twice  float64 // the least share of the series, and of the gates, that find 20 %
		onceAtMost   float64
		falseSeries  float64 // the greatest share of series that find something in nothing
		falseVerdict float64
	}{
		{0.05, 0.99, 0.99, 1, 0.01, 0.001},
		{0.15, 0.41, 0.28, 0.88, 0.01, 0.001},
		// Without the threshold by A's own noise it would be 0.11, and 0.02 here.
		{0.30, 0.10, 0.02, 0.32, 0.01, 0.001},
	} {
		name := fmt.Sprintf("σ %.0f%%", tc.scatter*100)
		found, verdicts := rates(gates, tc.scatter, 0)
		t.Logf("%s: nothing is found in %.2f%% of series, and told in %.2f%% of gates", name, found*100, verdicts*100)
		if found > tc.falseSeries || verdicts > tc.falseVerdict {
			t.Errorf("%s: something was found in %.4f of the series, and told in %.4f of the gates", name, found, verdicts)
		}
		found, verdicts = rates(gates, tc.scatter, 0.2)
		t.Logf("%s: 20%% is found in %.1f%% of series, and told in %.1f%% of gates", name, found*100, verdicts*100)
		if found < tc.once || found > tc.onceAtMost || verdicts < tc.twice {
			t.Errorf("%s: 20%% was found in %.3f of the series, and told in %.3f of the gates", name, found, verdicts)
		}
	}
}

// rates makes gates of ten pairs whose B is so much higher, with one gated figure, and
// returns how often the first series found it, and how often both did.
func rates(gates int, scatter, higher float64) (found, verdicts float64) {
	random := rand.New(rand.NewPCG(11, 12))
	noise := func() float64 { return scatter * random.NormFloat64() }
	for range gates {
		if !finds(series(10, higher, noise), Alpha) {
			continue
		}
		found++
		if finds(series(10, higher, noise), Confirm) {
			verdicts++
		}
	}
	return found / float64(gates), verdicts / float64(gates)
}

// finds reports whether a series finds the mean worse.
func finds(pairs []Pair, alpha float64) bool {
	v, _ := valuesOf(pairs, average)
	return v.row(average, alpha).Finding == Worse
}

// TestASecondSeriesConfirms holds that it tests what the first found, and only that, by
// another probability.
func TestASecondSeriesConfirms(t *testing.T) {
	gated := []record.Figure{median, p99, record.Rate}
	first := Series{Rows: []Row{{Name: "rtt.p50", Gated: true, Finding: Worse}, {Name: "rtt.p99", Gated: true, Finding: Same}, {Name: "rate", Gated: true, Finding: Worse}}}
	want := map[string]float64{"rtt.p50": Confirm / 2, "rate": Confirm / 2}
	for _, r := range Judge(series(10, 0, some()), gated, &first).Rows {
		if alpha, ok := want[r.Name]; ok && r.Alpha != alpha || !ok && r.Alpha != Alpha/3 {
			t.Errorf("%s by p ≤ %v", r.Name, r.Alpha)
		}
	}
}
