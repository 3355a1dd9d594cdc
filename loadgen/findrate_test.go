package loadgen

import (
	"slices"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
)

// TestStepsAreBlamed holds what a run of a search says of its rate. Of a host that ran out
// of ports the server was said to be behind, and that was taken for its capacity.
func TestStepsAreBlamed(t *testing.T) {
	objective, err := record.ParseObjective("response.p50<500ms")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		totals  record.Totals
		failure string
		outcome outcome
	}{
		"behind":                 {record.Totals{Due: 1000, Backlog: 500, Sent: 500, Received: 500}, record.Behind, failed},
		"behind by itself":       {record.Totals{Due: 1000, Backlog: 500, Sent: 500, Received: 500, OwnBacklog: 0.5}, record.Behind, limited},
		"out of ports":           {record.Totals{Due: 1000, Backlog: 500, Sent: 500, Received: 500, Errors: map[string]int64{"ports": 12}}, record.Untrusted, limited},
		"out of descriptors":     {record.Totals{Due: 1000, Backlog: 500, Sent: 500, Received: 500, Errors: map[string]int64{"descriptors": 12}}, record.Untrusted, limited},
		"out of ports, and idle": {record.Totals{Errors: map[string]int64{"ports": 200}}, record.Untrusted, limited},
		"refused":                {record.Totals{Due: 1000, Backlog: 500, Sent: 500, Received: 500, Errors: map[string]int64{"refused": 12}}, record.Behind, failed},
	} {
		t.Run(name, func(t *testing.T) {
			r := &record.Run{Config: record.Config{Clients: 200, Rate: 1000, Shards: 1}, Duration: 1e9, Totals: tc.totals}
			m := newMetrics(Config{Rate: 1}, immediate)
			for range r.Totals.Received {
				m[rtt].Record(1000)
				m[response].Record(1000)
			}
			r.Metrics = m.all(0)
			r.Validity = judge(r, m, Allowance{count: 1 << 40}, ending{})
			o, step := Search{Objective: objective}.judge(r, bracket)
			if o != tc.outcome || step.Failure != tc.failure || step.Limited != (tc.outcome == limited) {
				t.Errorf("outcome %d, %q, limited %v; want %d, %q", o, step.Failure, step.Limited, tc.outcome, tc.failure)
			}
		})
	}
}

func TestConclude(t *testing.T) {
	beyond := reasons{"the search could not go on: ports"}
	for limit, tc := range map[string]struct{ verdict, says string }{
		record.ByGenerator: {record.GeneratorLimited, beyond[0]},
		record.ByServer:    {record.Valid, ""},
		record.ByMax:       {record.Valid, ""},
		record.ByEnd:       {record.Invalid, "the search was ended before it was done"},
	} {
		r := &record.Run{Validity: record.Validity{Verdict: record.Invalid, Reasons: []string{"of this run"}}}
		conclude(r, &record.Search{Rate: 1000, Limit: limit}, beyond)
		if v := r.Validity; v.Verdict != tc.verdict || strings.Join(v.Reasons, "|") != tc.says {
			t.Errorf("limited by %s: %+v", limit, v)
		}
		if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "of this run") }) {
			t.Errorf("limited by %s: warnings %q", limit, r.Warnings)
		}
	}
}
