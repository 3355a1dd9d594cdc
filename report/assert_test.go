package report

import (
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
)

// asserted is a run that was held to objectives.
func asserted(verdict string) *record.Run {
	ns, rate := 1_999_999.0, 9999.6
	return &record.Run{Validity: record.Validity{Verdict: verdict}, Assertions: []record.Assertion{
		{Objective: "rtt.p50<2ms", Outcome: record.AssertionPassed, Figure: &ns},
		{Objective: "rate>=10000/s", Outcome: record.AssertionFailed, Figure: &rate},
		{Objective: "rtt.p99<2ms", Outcome: record.AssertionUnknown, Reason: "too few samples"},
		{Objective: "joy>3", Outcome: record.AssertionPassed, Figure: &rate}, // of a later version
		{Objective: "rtt.p50<3ms", Outcome: "splendid", Figure: &ns},
	}}
}

func TestAssertionChecks(t *testing.T) {
	checks := AssertionChecks([]*record.Run{asserted(record.Valid)}, false)
	want := []Check{
		{"rtt.p50<2ms", Pass, "it is 1.999999ms"}, // not rounded to what would not pass
		{"rate>=10000/s", Fail, "it is 9999.6/s"}, // not rounded to what would pass
		{"rtt.p99<2ms", Inconclusive, "it is not known: too few samples"},
		{"joy>3", Pass, "it is 9999.6"},
		{"rtt.p50<3ms", "", "it is 2ms"}, // nor is that a pass
	}
	for i, c := range checks {
		if c != want[i] {
			t.Errorf("%+v, want %+v", c, want[i])
		}
	}
	for name, tc := range map[string]struct {
		run    func(*record.Run)
		accept bool
		want   string // of what passed, failed and was unknown
	}{
		"valid":            {func(*record.Run) {}, false, "pass fail inconclusive"},
		"limited":          {func(r *record.Run) { r.Validity.Verdict = record.GeneratorLimited }, false, "inconclusive inconclusive inconclusive"},
		"invalid":          {func(r *record.Run) { r.Validity.Verdict = record.Invalid }, false, "inconclusive fail inconclusive"},
		"invalid, limited": {func(r *record.Run) { r.Validity = record.Validity{Verdict: record.Invalid, Limited: true} }, false, "inconclusive inconclusive inconclusive"},
		"of a later kind":  {func(r *record.Run) { r.Validity.Verdict = "blessed" }, false, "inconclusive fail inconclusive"},
		"accepted":         {func(r *record.Run) { r.Validity.Verdict = record.Invalid }, true, "pass fail inconclusive"},
		"interrupted":      {func(r *record.Run) { r.Interrupted = true }, true, "inconclusive fail inconclusive"},
		"errors, limited": {func(r *record.Run) {
			r.Validity.Verdict = record.GeneratorLimited
			r.Assertions[1].Objective = "errors<0.1%"
		}, false, "inconclusive fail inconclusive"},
		"unknown to nobody": {func(r *record.Run) { r.Validity.Verdict = "" }, false, "inconclusive fail inconclusive"},
	} {
		r := asserted(record.Valid)
		tc.run(r)
		var got []string
		for _, c := range AssertionChecks([]*record.Run{r}, tc.accept)[:3] {
			got = append(got, string(c.Outcome))
		}
		if text := strings.Join(got, " "); text != tc.want {
			t.Errorf("%s: %s, want %s", name, text, tc.want)
		}
	}
	two := AssertionChecks([]*record.Run{asserted(record.Invalid), asserted(record.Valid)}, true)
	if len(two) != 10 || two[0].Name != "rtt.p50<2ms (run 1 of 2)" || two[5].Name != "rtt.p50<2ms (run 2 of 2)" || two[1].Outcome != Fail {
		t.Errorf("of two runs: %+v", two)
	}
}
