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
		{"rtt.p50<2ms", Pass, "it is 1.999999ms"},
		{"rate>=10000/s", Fail, "it is 9999.6/s"}, // not rounded to what would pass
		{"rtt.p99<2ms", Inconclusive, "it is not known: too few samples"},
		{"joy>3", Pass, "it is 9999.6"},
		{"rtt.p50<3ms", "", "it is 1.999999ms"}, // nor is that a pass
	}
	for i, c := range checks {
		if c != want[i] {
			t.Errorf("%+v, want %+v", c, want[i])
		}
	}
	for _, verdict := range []string{record.Invalid, record.GeneratorLimited} {
		for _, c := range AssertionChecks([]*record.Run{asserted(verdict)}, false) {
			if c.Outcome != Inconclusive || !strings.Contains(c.Detail, "but the run is "+verdict) {
				t.Errorf("of a run that is %s: %+v", verdict, c)
			}
		}
	}
	two := AssertionChecks([]*record.Run{asserted(record.Invalid), asserted(record.Valid)}, true)
	if len(two) != 10 || two[0].Name != "rtt.p50<2ms (run 1 of 2)" || two[5].Name != "rtt.p50<2ms (run 2 of 2)" || two[1].Outcome != Fail {
		t.Errorf("of two runs: %+v", two)
	}
}
