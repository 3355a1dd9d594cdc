package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
)

// gated is what a gate found of two figures.
func gated(verdict gate.Verdict, findings ...[2]gate.Finding) *AB {
	ab := &AB{
		Schema: ABSchema, A: "./a|b {port}", B: "h:1", Pairs: 10, Seed: 7, Gated: []string{"rtt.p50", "rate"}, Verdict: verdict,
		Config:  record.Config{Proto: "text", Transport: "tcp", Clients: 10, Mode: record.Closed, Size: 64, Duration: 10e9, Warmup: 1e9},
		Reasons: []string{}, Warnings: []string{}, Runs: []ABRun{{Series: 1, Pair: 1, Side: "A"}},
	}
	for i, f := range findings {
		alpha := []float64{gate.Alpha / 2, gate.Confirm}[i]
		ab.Series = append(ab.Series, gate.Series{Pairs: 10, Rows: []gate.Row{
			{Name: "rtt.p50", Gated: true, A: 40_000, B: 50_000, Change: 0.25, Low: 0.2, High: 0.3, Confidence: 0.951, PWorse: 0.001, PBetter: 1,
				Alpha: alpha, Threshold: 0.05, Detectable: 0.09, Finding: f[0]},
			{Name: "rate", Gated: true, A: 2000, B: 1600, Change: -0.2, Low: -0.25, High: -0.15, Confidence: 0.951, PWorse: 0.002, PBetter: 1,
				Alpha: gate.Alpha / 2, Threshold: -0.06, Detectable: -0.1, Finding: f[1]},
			{Name: "rtt.p90", A: 60_000, B: 60_000, Confidence: 0.951, PWorse: 0.5, PBetter: 0.5, Threshold: 0.05, Finding: gate.Same},
		}})
	}
	return ab
}

func render(t *testing.T, format string, ab *AB) string {
	t.Helper()
	var b strings.Builder
	if err := RenderAB(&b, format, ab); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABText(t *testing.T) {
	ab := gated(gate.Regression, [2]gate.Finding{gate.Worse, gate.Same}, [2]gate.Finding{gate.Worse, gate.Better})
	ab.Reasons = []string{"rtt.p50 got worse in two series of fresh runs"}
	ab.Warnings = []string{"2 servers did not end"}
	text := render(t, "text", ab)
	for _, want := range []string{
		"echostamp ab\nA  ./a|b {port}\nB  h:1\ntext over tcp · 10 clients · closed loop · 64 bytes a message · 10 pairs of runs of 10.0s each · 1.00s warm-up before · order by seed 7 · 0ns in all\n",
		"\nseries 1\n", "\nseries 2\n",
		"  * rtt.p50   40.0µs   50.0µs  +25.0%  +20.0%  +30.0%  0.001  worse\n",
		"     * rate  2,000/s  1,600/s  -20.0%  -25.0%  -15.0%  0.002      ~\n",
		"    rtt.p90   60.0µs   60.0µs   +0.0%   +0.0%   +0.0%  0.500      ~\n",
		"warning     2 servers did not end\n",
		"worse is a change beyond rtt.p50 +5.0%, rate -6.0%, and p ≤ 0.005; that",
		"could see   rtt.p50 +9.0%, rate -10.0% (the smallest changes for the worse that 80 of 100 such gates find)\n",
		"verdict     regression\n            - rtt.p50 got worse in two series of fresh runs\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

func TestABMarkdown(t *testing.T) {
	text := render(t, "markdown", gated(gate.Pass, [2]gate.Finding{gate.Better, gate.Same}))
	for _, want := range []string{
		"## echostamp ab: pass\n\n- **A** ./a\\|b {port}\n- **B** h:1\n\ntext over tcp",
		"|  | A | B | change | from | to | p |  |\n|:--|--:|--:|--:|--:|--:|--:|--:|\n",
		"| \\* rtt.p50 | 40.0µs | 50.0µs | +25.0% | +20.0% | +30.0% | 0.001 | better |\n",
		"| rtt.p90 | 60.0µs | 60.0µs | +0.0% | +0.0% | +0.0% | 0.500 | \\~ |\n",
		"- **verdict** pass\n  - rtt.p50 got better: +25.0%\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "series 1") {
		t.Error("the only series is numbered")
	}
}

// TestABAtItsBeginning holds that a gate that came to nothing can be told of.
func TestABAtItsBeginning(t *testing.T) {
	for name, ab := range map[string]*AB{
		"nothing":       {Verdict: gate.Unfinished, Reasons: []string{"no server"}},
		"no whole pair": {Verdict: gate.Unfinished, Reasons: []string{"no server"}, Series: []gate.Series{{}}},
	} {
		for _, format := range ABFormats {
			if text := render(t, format, ab); !strings.Contains(text, "unfinished") || !strings.Contains(text, "no server") {
				t.Errorf("%s as %s:\n%s", name, format, text)
			}
		}
		checks := ab.Checks()
		if len(checks) != 1 || checks[0].Outcome != Inconclusive || !strings.Contains(checks[0].Detail, "no server") {
			t.Errorf("%s: %+v", name, checks)
		}
	}
	few := gated(gate.Unfinished, [2]gate.Finding{gate.Same, gate.Same})
	few.Series[0].Rows[0].Detectable = 0
	if text := render(t, "text", few); !strings.Contains(text, "could see   rtt.p50 none, of so few pairs, rate -10.0%") {
		t.Errorf("of few pairs:\n%s", text)
	}
}

func TestABChecks(t *testing.T) {
	same, worse := gate.Same, gate.Worse
	type pair = [2]gate.Finding
	for _, tc := range []struct {
		ab   *AB
		want string
	}{
		{gated(gate.Pass, pair{same, same}), "pass pass"},
		{gated(gate.Regression, pair{worse, same}, pair{worse, same}), "fail pass"},
		{gated(gate.Regression, pair{worse, worse}, pair{worse, same}), "fail inconclusive"},
		{gated(gate.Regression, pair{worse, worse}, pair{worse, worse}), "fail fail"},
		{gated(gate.Inconclusive, pair{worse, same}, pair{same, same}), "inconclusive inconclusive"},
		{gated(gate.Invalid, pair{same, same}), "inconclusive inconclusive"},
		{gated(gate.Unfinished, pair{worse, same}, pair{worse, same}), "inconclusive inconclusive"},
	} {
		var outcomes []string
		for i, c := range tc.ab.Checks() {
			outcomes = append(outcomes, string(c.Outcome))
			if c.Name != tc.ab.Gated[i] || !strings.Contains(c.Detail, "verdict of the whole: "+string(tc.ab.Verdict)) {
				t.Errorf("%+v", c)
			}
		}
		if got := strings.Join(outcomes, " "); got != tc.want {
			t.Errorf("%s of %v: %s, want %s", tc.ab.Verdict, tc.ab.Series, got, tc.want)
		}
	}
}

// TestABFormatsAgree holds that the JSON has the figures that the text has.
func TestABFormatsAgree(t *testing.T) {
	ab := gated(gate.Regression, [2]gate.Finding{gate.Worse, gate.Same}, [2]gate.Finding{gate.Worse, gate.Same})
	var read AB
	d := json.NewDecoder(strings.NewReader(render(t, "json", ab)))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	if got, want := render(t, "text", &read), render(t, "text", ab); got != want {
		t.Errorf("read back it is\n%s\nand was\n%s", got, want)
	}
	if fmt.Sprint(read.Checks()) != fmt.Sprint(ab.Checks()) {
		t.Error("read back its checks are others")
	}
}
