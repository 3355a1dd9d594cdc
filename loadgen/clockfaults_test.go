package loadgen

import (
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
)

// TestClientsOfSeveralClocks holds that a balancer in front of servers whose clocks differ
// makes a run invalid, and that it is said who talks to which. A run that left 267 of 800
// replies out was valid, with a warning.
func TestClientsOfSeveralClocks(t *testing.T) {
	for name, tc := range map[string]struct {
		others  int
		by      time.Duration
		verdict string
		says    string // in a reason
	}{
		"one":                   {0, 0, record.Valid, ""},
		"one of ten":            {1, 1200 * time.Millisecond, record.Invalid, "several clocks answer here: 1 of 10 clients talks to a clock 1.20s ahead of the others'; 10% of the replies have no direction"},
		"three of ten":          {3, 1200 * time.Millisecond, record.Invalid, "several clocks answer here: 3 of 10 clients talk to a clock 1.20s ahead of the others'; 30% of the replies have no direction"},
		"three of ten, behind":  {3, -4 * time.Millisecond, record.Invalid, "ms behind the others'; 30% of the replies have no direction"},
		"half":                  {5, 50 * time.Millisecond, record.Invalid, "several clocks answer here: 5 of 10 clients talk to a clock 50.0ms "},
		"nothing to speak of":   {3, 20 * time.Microsecond, record.Valid, ""},
		"a hundredth of clocks": {3, 10 * time.Hour, record.Invalid, "3 of 10 clients talk to a clock 36000s ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			path := &route{forward: way{least: ms / 10, mean: ms / 20}, reverse: way{least: ms / 10, mean: ms / 20}, others: tc.others, by: tc.by}
			run := simulateRun(t, Config{Clients: 10, Rate: 200, Duration: 4 * time.Second, Clocks: Clocks{Use: CorrectedClocks}}, path)
			if got := run.Validity.Verdict; got != tc.verdict || !strings.Contains(strings.Join(run.Validity.Reasons, "\n"), tc.says) {
				t.Errorf("%s: %q, want %s: %q; %+v", got, run.Validity.Reasons, tc.verdict, tc.says, run.Clock)
			}
			if tc.says != "" && (len(run.Clock.Groups) != 2 || run.Clock.Groups[1].Clients != int64(tc.others)) {
				t.Errorf("groups %+v", run.Clock.Groups)
			}
		})
	}
}

// TestCoarseClock holds that a server whose clock ticks is told with a resolution that is
// in the bounds, although its timestamps have nine digits: an error of −7 ms was told with a
// bound of 3.5 or 0.7.
func TestCoarseClock(t *testing.T) {
	for _, tick := range []time.Duration{time.Millisecond, 4 * time.Millisecond, 10 * time.Millisecond, 15_625 * time.Microsecond} {
		for _, rate := range []float64{50, 987, 5000} {
			truth := rig.Clock{Begin: begin, Offset: 3*time.Second + 123_456, Drift: 20, Tick: tick, Phase: tick * 3 / 7}
			path := &route{forward: way{least: ms / 10, mean: ms / 20}, reverse: way{least: ms / 10, mean: ms / 20}, clock: truth}
			run := simulateRun(t, Config{Clients: 4, Rate: rate, Duration: 4 * time.Second}, path)
			c := run.Clock
			if run.Validity.Verdict != record.Valid || c.Relation != record.Corrected || len(c.Segments) != 1 || c.Excluded+c.Violations > 0 {
				t.Fatalf("%v, %v/s: %+v, %q", tick, rate, c, run.Validity.Reasons)
			}
			// Messages that are in step with ticks see a multiple of them.
			if c.Resolution < int64(tick)*99/100 || c.Resolution > max(int64(tick)*101/100, int64(21*time.Millisecond)) {
				t.Errorf("%v, %v/s: steps of %v", tick, rate, time.Duration(c.Resolution))
			}
			end := run.Started.UnixNano() + c.Segments[0].To
			within(t, "the offset in the end", c.Offset, truth.Error(end), c.Bound)
			if c.Bound < c.Resolution || c.DriftBound < min(1000, 2e6*float64(c.Resolution)/float64(c.Segments[0].To-c.Segments[0].From)) {
				t.Errorf("%v, %v/s: bounds %v and %.1f ppm", tick, rate, time.Duration(c.Bound), c.DriftBound)
			}
		}
	}
}

func TestDescribeGroups(t *testing.T) {
	for want, groups := range map[string][]record.ClockGroup{
		"1 of 4 clients talks to a clock 1.20s ahead of the others'":                                                                             {{Clients: 3}, {Clients: 1, Ahead: 1.2e9}},
		"of 10 clients 5 talk to one clock, 3 to one 1.20s ahead of it, 2 to one 4.00ms behind it":                                               {{Clients: 5}, {Clients: 3, Ahead: 1.2e9}, {Clients: 2, Ahead: -4e6}},
		"of 9 clients 5 talk to one clock, 1 to one 1.00ms ahead of it, 1 to one 2.00ms ahead of it, 1 to one 3.00ms ahead of it, 1 other clock": {{Clients: 5}, {Clients: 1, Ahead: 1e6}, {Clients: 1, Ahead: 2e6}, {Clients: 1, Ahead: 3e6}, {Clients: 1, Ahead: 4e6}},
	} {
		if got := describeGroups(groups); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
