package main

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
)

// TestSelftest holds that every check is made, and that the exit code says the same as the
// lines. Whether all pass is up to the machine: see TestSelftestJudges.
func TestSelftest(t *testing.T) {
	t.Parallel()
	r := execute(t, exec.Command(program(t), "selftest"))
	for _, name := range []string{"overhead", "stall", "path", "offset", "drift", "step"} {
		if !regexp.MustCompile(`(?m)^` + name + ` .* (pass|FAIL)( at the second attempt)?$`).MatchString(r.out) {
			t.Errorf("there is no line %q in\n%s%s", name, r.out, r.errOut)
		}
	}
	if failed := strings.Contains(r.out, "FAIL"); r.code != exitDone && r.code != exitInvalid || failed != (r.code == exitInvalid) {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
}

// TestSelftestVerdict holds what becomes of checks that fail.
func TestSelftestVerdict(t *testing.T) {
	good := func(context.Context) ([]finding, error) {
		return []finding{{"good", "a thing", "the thing", true}}, nil
	}
	bad := func(context.Context) ([]finding, error) {
		return []finding{{"good", "a thing", "the thing", true}, {"bad", "a thing", "another", false}}, nil
	}
	broken := func(context.Context) ([]finding, error) { return nil, errors.New("no server") }
	unlucky := func() check {
		attempts := 0
		return func(ctx context.Context) ([]finding, error) {
			if attempts++; attempts == 1 {
				return bad(ctx)
			}
			return good(ctx)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tc := range map[string]struct {
		ctx    context.Context
		checks []check
		code   int
		shows  string // verdicts
	}{
		"good":        {context.Background(), []check{good, good}, exitDone, "pass pass"},
		"bad":         {context.Background(), []check{bad, good}, exitInvalid, "pass at the second attempt FAIL at the second attempt pass"},
		"unlucky":     {context.Background(), []check{unlucky()}, exitDone, "pass at the second attempt"},
		"broken":      {context.Background(), []check{good, broken, good}, exitFailed, "pass"},
		"interrupted": {ended, []check{good}, exitInterrupted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := selftest(tc.ctx, &out, tc.checks)
			code := exitDone
			if e := (*exit)(nil); errors.As(err, &e) {
				code = e.code
			}
			shows := strings.Join(regexp.MustCompile(`(pass|FAIL).*`).FindAllString(out.String(), -1), " ")
			if code != tc.code || shows != tc.shows {
				t.Errorf("exit code %d, %v; it printed %q", code, err, out.String())
			}
		})
	}
}

// TestSelftestJudgesClocks holds that the checks of the clock would see a wrong figure.
func TestSelftestJudgesClocks(t *testing.T) {
	truth := rig.Clock{
		Clock: clock.NewLine(), Begin: 1e18, Offset: 3 * time.Second, Drift: 50,
		Steps: []rig.Step{{After: 4 * time.Second, By: -5 * time.Millisecond}},
	}
	sound := func() *record.Run {
		return &record.Run{Started: time.Unix(1e9, 0), Clock: record.Clock{
			Relation: record.Corrected, Bound: 5000, Drift: 51, DriftBound: 1,
			Segments: []record.Segment{
				{From: 0, To: 3.9e9, FromOffset: 3e9 + 4000, Bound: 5000},
				{From: 4.1e9, To: 8e9, ToOffset: 3e9 - 5e6 + 400_000 - 4000, Bound: 5000},
			},
			Changes: []record.Change{
				{Kind: record.ForwardFloor, From: 1e9, To: 2e9, By: 10},
				{Kind: record.ClockStep, From: 3.9e9, To: 4.1e9, By: -5_004_000},
			},
		}}
	}
	for name, tc := range map[string]struct {
		change func(c *record.Clock)
		fails  string
	}{
		"all is well":          {func(*record.Clock) {}, ""},
		"off at the beginning": {func(c *record.Clock) { c.Segments[0].FromOffset += 2000 }, "offset"},
		"off at the end":       {func(c *record.Clock) { c.Segments[1].ToOffset -= 2000 }, "offset"},
		"not corrected":        {func(c *record.Clock) { c.Relation = record.Same }, "offset"},
		"another drift":        {func(c *record.Clock) { c.Drift += 3 }, "drift"},
		"no step":              {func(c *record.Clock) { c.Changes = nil }, "step"},
		"two steps":            {func(c *record.Clock) { c.Changes = append(c.Changes, c.Changes[1]) }, "step"},
		"another step":         {func(c *record.Clock) { c.Changes[1].By = 5_000_000 }, "step"},
		"late":                 {func(c *record.Clock) { c.Changes[1].From, c.Changes[1].To = 4.2e9, 4.3e9 }, "step"},
		"a slew":               {func(c *record.Clock) { c.Changes[1].Kind = record.ClockSlew }, "step"},
		"nothing":              {func(c *record.Clock) { *c = record.Clock{} }, "offset drift step"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sound()
			tc.change(&r.Clock)
			var failed []string
			for _, f := range []finding{judgeOffset(truth, r), judgeDrift(truth, r), judgeStep(truth, r)} {
				if !f.passed {
					failed = append(failed, f.name)
				}
			}
			if got := strings.Join(failed, " "); got != tc.fails {
				t.Errorf("%q fails, want %q", got, tc.fails)
			}
		})
	}
}

// TestSelftestJudges holds that the other checks would, from both sides of each limit.
func TestSelftestJudges(t *testing.T) {
	const ms = int64(time.Millisecond)
	run := func(change func(metrics map[string]record.Metric)) *record.Run {
		median := func(v int64) record.Metric { return record.Metric{Percentiles: map[string]int64{"50": v}} }
		r := &record.Run{
			Config: record.Config{Duration: 3000 * ms}, Clock: record.Clock{Relation: record.Same},
			Metrics: map[string]record.Metric{
				record.RTT: median(ms - 1), record.Wakeup: median(ms - 1), record.Lag: median(ms - 1),
				record.Response: {Max: 200 * ms, Percentiles: map[string]int64{"99": 170 * ms}},
				record.Forward:  median(10 * ms), record.Reverse: median(30 * ms),
			},
		}
		change(r.Metrics)
		return r
	}
	set := func(metric string, m record.Metric) func(map[string]record.Metric) {
		return func(all map[string]record.Metric) { all[metric] = m }
	}
	at := func(metric string, p50 int64) func(map[string]record.Metric) {
		return set(metric, record.Metric{Percentiles: map[string]int64{"50": p50}})
	}
	response := func(highest, p99 int64) func(map[string]record.Metric) {
		return set(record.Response, record.Metric{Max: highest, Percentiles: map[string]int64{"99": p99}})
	}
	for name, tc := range map[string]struct {
		change func(map[string]record.Metric)
		fails  string
	}{
		"all is well":                  {func(map[string]record.Metric) {}, ""},
		"no wakeup is known":           {func(all map[string]record.Metric) { delete(all, record.Wakeup) }, ""},
		"slow":                         {at(record.RTT, ms), "overhead"},
		"woken late":                   {at(record.Wakeup, ms), "overhead"},
		"sends late":                   {at(record.Lag, ms), "overhead"},
		"the stall is nearly there":    {response(180*ms, 150*ms), ""},
		"the stall is a bit longer":    {response(220*ms, 190*ms), ""},
		"the stall is in the max only": {response(200*ms, 149*ms), "stall"},
		"the stall is not there":       {response(179*ms, 170*ms), "stall"},
		"much longer":                  {response(221*ms, 170*ms), "stall"},
		"a bit more forward":           {at(record.Forward, 10*ms+300_000), ""},
		"too much forward":             {at(record.Forward, 10*ms+300_001), "path"},
		"too little in reverse":        {at(record.Reverse, 29*ms), "path"},
		"halves":                       {func(all map[string]record.Metric) { at(record.Forward, 20*ms)(all); at(record.Reverse, 20*ms)(all) }, "path"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(tc.change)
			var failed []string
			for _, f := range []finding{judgeOverhead(r), judgeStall(200*time.Millisecond, r), judgePath(10*time.Millisecond, 30*time.Millisecond, r)} {
				if !f.passed {
					failed = append(failed, f.name)
				}
			}
			if got := strings.Join(failed, " "); got != tc.fails {
				t.Errorf("%q fails, want %q", got, tc.fails)
			}
		})
	}
}
