package record

import (
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/hist"
)

// uniform is a metric of n samples, of 1 µs, 2 µs and so on.
func uniform(n int) Metric {
	h := hist.New()
	for i := range n {
		h.Record(int64(i+1) * 1000)
	}
	return NewMetric(h)
}

func TestObjective(t *testing.T) {
	r := &Run{
		Metrics: map[string]Metric{
			Response: {Count: 5000, Min: 10, Mean: 20.5, Max: 40, Percentiles: map[string]int64{"50": 15, "99": 30}},
			Reverse:  {Count: 5000, Min: -9, Max: 40, Percentiles: map[string]int64{"50": -5, "99": 30}},
			Lag:      {},
			Wakeup:   uniform(1000),
		},
		Totals:   Totals{Sent: 2000, Received: 1997, Rate: 999.5, Errors: map[string]int64{"timeout": 2, "reset": 1}},
		Validity: Validity{Verdict: Valid},
	}
	for _, tc := range []struct {
		text    string
		outcome string
		figure  float64
		reason  string
	}{
		{"response.p99<31ns", "pass", 30, ""},
		{"response.p99<30ns", "fail", 30, ""},
		{"response.p99<=30ns", "pass", 30, ""},
		{"response.p99>30ns", "fail", 30, ""},
		{"response.p99>=30ns", "pass", 30, ""},
		{"response.p50<1µs", "pass", 15, ""},
		{"response.min<5ns", "fail", 10, ""},
		{"response.mean<21ns", "pass", 20.5, ""},
		{"response.max<1s", "pass", 40, ""},
		{"wakeup.p75<750.1µs", "pass", 750_000, ""}, // of the histogram
		// The maximum bounds what there are too few samples for, and so does the highest
		// percentile that there are enough for.
		{"wakeup.p99.5<1s", "pass", 0, "too few samples: 1000 of the 2000 needed"},
		{"wakeup.p99.5<1.001ms", "pass", 0, "too few samples"},
		{"wakeup.p99.5<995µs", "unknown", 0, "too few samples"},
		{"wakeup.p99.5<980µs", "fail", 0, "too few samples"},
		{"reverse.p99<31ns", "pass", 30, ""},
		{"reverse.p50<1ms", "unknown", 0, "negative"},
		{"lag.max<1s", "unknown", 0, "there are no samples"},
		{"rtt.p50<1s", "unknown", 0, "the run has no rtt"},
		{"rate>=999.5/s", "pass", 999.5, ""},
		{"rate>999.5/s", "fail", 999.5, ""},
		{"rate<2000/s", "pass", 999.5, ""},
		{"errors<3", "fail", 3, ""},
		{"errors<=3", "pass", 3, ""},
		{"errors<=0", "fail", 3, ""},
		{"errors<0.2%", "pass", 0.15, ""},
		{"errors<=0.1%", "fail", 0.15, ""},
	} {
		o, err := ParseObjective(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if o.String() != tc.text {
			t.Errorf("%s is written as %s", tc.text, o)
		}
		a := o.Judge(r, false)
		if a.Objective != tc.text || a.Outcome != tc.outcome || !strings.Contains(a.Reason, tc.reason) || (a.Reason == "") != (tc.reason == "") {
			t.Errorf("%s: %+v", tc.text, a)
		}
		if known := a.Figure != nil; known != (tc.reason == "") || known && !near(*a.Figure, tc.figure) {
			t.Errorf("%s: its figure is not %v: %+v", tc.text, tc.figure, a)
		}
	}
	if _, err := ErrorShare.Of(&Run{}); err == nil {
		t.Error("there is a share of no messages")
	}
}

// near reports whether a figure of a histogram is what was recorded.
func near(a, b float64) bool { return a >= b*0.999 && a <= b*1.001 }

func TestSamplesOfAFigure(t *testing.T) {
	for text, want := range map[string]int64{
		"rtt.p50": 20, "rtt.p99": 1000, "rtt.p99.9": 10_000, "rtt.p99.99": 100_000, "rtt.p75": 40, "rtt.max": 1, "rate": 1,
	} {
		f, err := ParseFigure(text)
		if err != nil || f.Samples() != want {
			t.Errorf("%s: %d samples, %v; want %d", text, f.Samples(), err, want)
		}
	}
}

func TestBadObjectives(t *testing.T) {
	for text, says := range map[string]string{
		"":                   "is no objective",
		"response.p99":       "is no objective",
		"response.p99=1ms":   "is no objective",
		"speed.p99<1ms":      `"speed.p99" is none of rate, errors, and a percentile`,
		"response.p100<1ms":  `"p100" is none of min, mean, max`,
		"response.p0<1ms":    `"p0" is none of`,
		"response.p-5<1ms":   `"p-5" is none of`,
		"response.pNaN<1ms":  `"pNaN" is none of`,
		"response.p5e1<1ms":  `"p5e1" is none of`,
		"response<1ms":       `"" is none of`,
		"rate.p50<1ms":       `"rate.p50" is none of`,
		"response.p99<":      "is no time",
		"response.p99<1":     "is no time",
		"response.p99<-1ms":  "is no time",
		"response.p99<0s":    "is no time",
		"response.p99<<1ms":  "is no time",
		"response.p99<=1ms=": "is no time",
		"response.p99<1001h": "is no time",
		"rate>=0":            "is no rate",
		"rate>=fast":         "is no rate",
		"rate>=Inf":          "is no rate",
		"errors<0":           "is no bound for errors",
		"errors>5":           "is no bound for errors",
		"errors<-1":          "is no number of errors",
		"errors<101%":        "is no number of errors",
		"errors<NaN%":        "is no number of errors",
	} {
		if o, err := ParseObjective(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v; want an error with %q", text, o, err, says)
		}
	}
}

func FuzzParseObjective(f *testing.F) {
	for _, text := range []string{"response.p99<1ms", "rate>=10000/s", "errors<0.1%", "errors<=3", "rtt.p99.95 >= 1.5us"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseObjective(text)
		if err != nil {
			return
		}
		if again, err := ParseObjective(o.String()); err != nil || again != o {
			t.Errorf("%q is written as %s, and read as %+v, %v", text, o, again, err)
		}
	})
}

// TestDoubt holds which outcomes a run cannot decide, by its verdict.
func TestDoubt(t *testing.T) {
	for name, tc := range map[string]struct {
		run    Run
		accept bool
		want   string // of what passes, fails and is not known, and of errors that are too many
	}{
		"valid":            {Run{Validity: Validity{Verdict: Valid}}, false, "pass fail unknown fail"},
		"limited":          {Run{Validity: Validity{Verdict: GeneratorLimited}}, false, "unknown unknown unknown fail"},
		"limited, taken":   {Run{Validity: Validity{Verdict: GeneratorLimited}}, true, "pass fail unknown fail"},
		"invalid":          {Run{Validity: Validity{Verdict: Invalid}}, false, "unknown fail unknown fail"},
		"invalid, limited": {Run{Validity: Validity{Verdict: Invalid, Limited: true}}, false, "unknown unknown unknown fail"},
		"of a later kind":  {Run{Validity: Validity{Verdict: "blessed"}}, false, "unknown fail unknown fail"},
		"of no verdict":    {Run{}, false, "unknown fail unknown fail"},
		"accepted":         {Run{Validity: Validity{Verdict: Invalid}}, true, "pass fail unknown fail"},
		"interrupted":      {Run{Validity: Validity{Verdict: Valid}, Interrupted: true}, true, "unknown fail unknown fail"},
	} {
		r := tc.run
		r.Totals = Totals{Rate: 9999.6, Sent: 10, Errors: map[string]int64{"reset": 1}}
		var got []string
		for _, text := range []string{"rate>=9000/s", "rate>=10000/s", "rtt.p99<1ms", "errors<0.1%"} {
			o, err := ParseObjective(text)
			if err != nil {
				t.Fatal(err)
			}
			a := o.Judge(&r, tc.accept)
			got = append(got, a.Outcome)
			if wants := a.Outcome == AssertionUnknown && a.Figure != nil; wants && a.Doubt == "" {
				t.Errorf("%s: of %s nobody says why it is not known", name, text)
			}
			if hint := strings.HasSuffix(a.Doubt, "(see --accept-invalid)"); hint && (tc.accept || r.Interrupted) {
				t.Errorf("%s: %s: %q is of no use", name, text, a.Doubt)
			}
		}
		if text := strings.Join(got, " "); text != tc.want {
			t.Errorf("%s: %s, want %s", name, text, tc.want)
		}
	}
}
