package report

import (
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
	checks := AssertionChecks([]*record.Run{asserted(record.Valid)})
	want := []Check{
		{"rtt.p50<2ms", Pass, "it was 1.999999ms"}, // not rounded to what would not pass
		{"rate>=10000/s", Fail, "it was 9999.6/s"}, // not rounded to what would pass
		{"rtt.p99<2ms", Inconclusive, "it is not known: too few samples"},
		{"joy>3", Pass, "it was 9999.6"},
		{"rtt.p50<3ms", "", "it was 2ms"}, // nor is that a pass
	}
	for i, c := range checks {
		if c != want[i] {
			t.Errorf("%+v, want %+v", c, want[i])
		}
	}
	two := AssertionChecks([]*record.Run{asserted(record.Invalid), asserted(record.Valid)})
	if len(two) != 10 || two[0].Name != "rtt.p50<2ms (run 1 of 2)" || two[5].Name != "rtt.p50<2ms (run 2 of 2)" || two[1].Outcome != Fail {
		t.Errorf("of two runs: %+v", two)
	}
}

// TestReportAndCheckSayTheSame holds that a report tells of an assertion what a CI system is told.
func TestReportAndCheckSayTheSame(t *testing.T) {
	ns := 1_794_050.0
	r := &record.Run{Validity: record.Validity{Verdict: record.GeneratorLimited}, Assertions: []record.Assertion{
		{Objective: "rtt.p99<20ms", Outcome: record.AssertionUnknown, Figure: &ns, Doubt: "the run is generator-limited (see --accept-invalid)"},
		{Objective: "rtt.p99<20ms", Outcome: record.AssertionPassed, Figure: &ns, Doubt: "the run is generator-limited"},
	}}
	for i, want := range []string{
		"inconclusive: rtt.p99<20ms, it was 1.79405ms, but the run is generator-limited (see --accept-invalid)",
		"pass: rtt.p99<20ms, it was 1.79405ms, but the run is generator-limited",
	} {
		c := AssertionChecks([]*record.Run{r})[i]
		if told, got := assertions(r)[i].Text, string(c.Outcome)+": "+c.Name+", "+c.Detail; told != want || got != want {
			t.Errorf("%q and %q, want %q", told, got, want)
		}
	}
}
