package main

import (
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/spf13/cobra"
)

// gateOf reads a command line of ab as the command does.
func gateOf(t *testing.T, line string) (*abGate, error) {
	t.Helper()
	var opts abOptions
	var runs runOptions
	cmd := &cobra.Command{}
	opts.define(cmd.Flags())
	runs.define(cmd.Flags())
	runs.defaultWarmup("1s")
	if err := cmd.ParseFlags(append([]string{"--a", "a:1", "--b", "b:1"}, strings.Fields(line)...)); err != nil {
		t.Fatal(err)
	}
	cfg, err := runs.config()
	if err != nil {
		t.Fatal(err)
	}
	return opts.gate(ui{}, cfg)
}

// TestBudget holds that pairs and duration are such that two series fit, and that what was
// given stays.
func TestBudget(t *testing.T) {
	for _, tc := range []struct {
		line     string
		pairs    int
		duration time.Duration
		says     string
	}{
		{"", 10, 10 * time.Second, ""},
		{"--budget 5m", 10, 6 * time.Second, ""},                // 300 s / 40 − 1.5 s
		{"--budget 30m", 39, 10 * time.Second, ""},              // 1,800 s / (4 × 11.5 s)
		{"--budget 90s", 9, time.Second, ""},                    // 10 pairs of a second take 100 s
		{"--budget 5m -p 20", 20, 2250 * time.Millisecond, ""},  // 300 s / 80 − 1.5 s
		{"--budget 5m -d 5s", 11, 5 * time.Second, ""},          // 300 s / (4 × 6.5 s)
		{"--budget 5m --warmup 0s", 10, 7 * time.Second, ""},    //
		{"--budget 10h", 100, 10 * time.Second, ""},             // no more than that
		{"--budget 10m -p 10 -d 10s", 10, 10 * time.Second, ""}, //
		{"--budget 5m -p 10 -d 10s", 0, 0, "two series of 10 pairs of runs of 10s take 460s with all that is around them, and 5m0s is less"}, //
		{"--budget 1m", 0, 0, "two series of 8 pairs of runs of 1s take 80.0s"},                                                              //
		{"--budget 1m --figure rtt.p50", 0, 0, "two series of 7 pairs of runs of 1s take 70.0s"},                                             //
		{"--budget 5m -d 1m", 0, 0, "two series of 8 pairs of runs of 1m0s take 1968s"},                                                      //
		{"--budget 5m --warmup auto", 0, 0, "needs runs whose length is known"},                                                              //
		{"--budget 5m --stages 100/s:1s", 0, 0, "needs runs whose length is known"},                                                          //
		{"--budget 10s -d 100ms --warmup 0s --figure rtt.p50 -p 4", 0, 0, "4 pairs are too few: with 1 gated figure it takes 7"},
		{"--budget 30s -d 100ms --warmup 0s", 12, 100 * time.Millisecond, ""},
		{"-p 4611686018427387904 --budget 5m", 0, 0, "is not between 1 and 100"},
		{"--budget 5m --warmup -1500ms", 0, 0, "--warmup: -1.5s is not between"},
		{"--budget 5m -d 87600h", 0, 0, "and 5m0s is less"},
		{"--figure=", 0, 0, `"" is none of rate`},
		{"--max-detectable=", 0, 0, "is no share such as 25%"},
		{"--max-detectable 0.25", 0, 0, "is no share such as 25%"},
		{"--a localhost:abc", 0, 0, "localhost:abc"},
		{"-p 0 --budget 5m", 0, 0, "0 is not between 1 and 100"},
		{"-r 1000 --figure rate", 0, 0, "in open loop the rate is what was asked for"},
		{"-p 101", 0, 0, "101 is not between 1 and 100"},                                                                                //
		{"--figure rtt.p50,rtt.p90,rtt.p99 -p 8", 0, 0, "8 pairs are too few: with 3 gated figures it takes 9 to find anything at all"}, //
	} {
		g, err := gateOf(t, tc.line)
		if tc.says != "" {
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q: %v, want an error with %q", tc.line, err, tc.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.line, err)
			continue
		}
		if g.pairs != tc.pairs || g.cfg.Duration.Round(50*time.Millisecond) != tc.duration {
			t.Errorf("%q: %d pairs of %v, want %d of %v", tc.line, g.pairs, g.cfg.Duration, tc.pairs, tc.duration)
		}
	}
}

// TestDefaultFigures holds that what is gated is what users wait for.
func TestDefaultFigures(t *testing.T) {
	for line, want := range map[string]string{
		"": "rtt.p50 rtt.p99", "-r 1000": "response.p50 response.p99", "--figure rate --figure forward.p90": "rate forward.p90",
	} {
		g, err := gateOf(t, line)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range g.gated {
			names = append(names, f.String())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

func TestVerdictsAndExitCodes(t *testing.T) {
	for verdict, want := range map[gate.Verdict]int{
		gate.Pass: exitDone, gate.Regression: exitRegression, gate.Inconclusive: exitInvalid, gate.Invalid: exitInvalid, gate.Unfinished: exitInterrupted,
	} {
		r := &abResult{}
		r.Verdict = verdict
		code := exitDone
		if err := r.exit(false); err != nil {
			code = err.(*exit).code
		}
		if code != want {
			t.Errorf("%s: exit code %d, want %d", verdict, code, want)
		}
		if err := r.exit(true); (err == nil) != (want == exitDone || verdict == gate.Inconclusive) {
			t.Errorf("%s, if inconclusive is allowed: %v", verdict, err)
		}
	}
}

// TestLonger holds how much longer runs with too few samples are made.
func TestLonger(t *testing.T) {
	for line, want := range map[string]string{
		"-d 3s":                      "7.50s each", // of runs that took 3 s
		"-d 3s --budget 6m -p 10":    "7.50s each",
		"-d 3s -p 10 --budget 3m":    "", // 40 × (7.5 + 1.5) s
		"-n 1000":                    "2,500 messages each",
		"--stages 100/s:3s":          "",
		"-d 3s --max-detectable 10%": "7.50s each",
	} {
		g, err := gateOf(t, line)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if g.lengthen(3*time.Second, 2.5) {
			got = g.length()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	g, _ := gateOf(t, "-d 10s")
	if g.maxDetectable != gate.MaxDetectable || g.lengthen(10*time.Second, 4.1) || !g.lengthen(10*time.Second, 4) {
		t.Errorf("runs of 10 s: %+v", g.cfg.Duration)
	}
}
