package main

import (
	"flag"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
	"github.com/echostamp/echostamp/server"
)

var clockRuns = flag.Int("clock-runs", 1, "how many runs TestRealClocks makes of each kind")

// TestRealClocks holds what the program finds of a server whose clock is known, while the
// program is stopped for a second in mid-run or its replies are read late by chance: bounds
// that hold, and nothing that never was. None of it depends on how busy the machine is.
func TestRealClocks(t *testing.T) {
	t.Parallel()
	const tick = 4 * time.Millisecond
	for name, tc := range map[string]struct {
		truth rig.Clock
		stop  bool
		args  string
	}{
		"stopped for a second":      {rig.Clock{Drift: -20}, true, "-c 10 -r 2000 -d 4s"},
		"stopped, in closed loop":   {rig.Clock{Drift: 300}, true, "-c 4 -d 4s"},
		"busy, fast drift":          {rig.Clock{Drift: -242}, false, "-c 100 -d 4s"},
		"user's timestamps, busy":   {rig.Clock{Drift: -242}, true, "-c 50 -d 4s --timestamps user"},
		"coarse":                    {rig.Clock{Drift: 20, Tick: tick, Phase: tick / 3}, false, "-c 4 -r 1000 -d 4s"},
		"coarse, rarely asked":      {rig.Clock{Drift: 20, Tick: 15_625 * time.Microsecond}, false, "-c 2 -r 27 -d 5s"},
		"coarse, in closed loop":    {rig.Clock{Drift: 20, Tick: 10 * time.Millisecond, Phase: time.Millisecond}, true, "-c 4 -d 4s"},
		"coarse by 1 ms, and asked": {rig.Clock{Drift: -100, Tick: time.Millisecond}, false, "-c 8 -r 3000 -d 4s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range *clockRuns {
				line := clock.NewLine()
				truth := tc.truth
				truth.Clock, truth.Offset = line, 3200*time.Millisecond
				truth.Begin, _ = line.Now()
				run := loadStopped(t, truth, tc.stop, tc.args)
				holdsTruth(t, truth, run)
			}
		})
	}
}

// loadStopped puts a load on a server with a clock, by a program that is stopped for a
// second while it measures.
func loadStopped(t *testing.T, truth rig.Clock, stopIt bool, args string) *record.Run {
	t.Helper()
	addr, end, err := startServer(server.Config{Shards: 1, Clock: truth})
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	measuring := make(chan struct{})
	cmd := exec.Command(program(t), append(strings.Fields("load --format json --accept-invalid --max-errors 100% --progress 100ms "+args), addr.String())...)
	started := startWatched(t, cmd, "measuring, ", func() { close(measuring) })
	await(t, measuring)
	if stopIt {
		<-time.After(stall)
		stop(t, started.cmd.Process)
		<-time.After(time.Second)
		resume(t, started.cmd.Process)
	}
	return started.wait(t).run(t)
}

// holdsTruth holds what a run says of a clock that ran evenly to what it was.
func holdsTruth(t *testing.T, truth rig.Clock, run *record.Run) {
	t.Helper()
	c := run.Clock
	if c.Relation != record.Corrected || c.Violations+c.Excluded > 0 || len(c.Groups) > 0 || len(c.Segments) != 1 {
		t.Fatalf("%s, %d segments, %d violations, %d excluded, groups %v, changes %+v", c.Relation, len(c.Segments), c.Violations, c.Excluded, c.Groups, c.Changes)
	}
	if f := judgeOffset(truth, run); !f.passed {
		t.Errorf("the offset is %s, not %s", f.measured, f.injected)
	}
	if off := max(c.Drift-truth.Drift, truth.Drift-c.Drift); off > c.DriftBound {
		t.Errorf("drift %.2f ± %.2f ppm, not %v", c.Drift, c.DriftBound, truth.Drift)
	}
	for _, change := range c.Changes {
		if change.Kind == record.ClockStep || change.Kind == record.ClockSlew {
			t.Errorf("a change that never was: %+v", change)
		}
	}
	if least := run.Metrics[record.RTT].Min / 2; c.Bound < least {
		t.Errorf("a bound of %v, where half the smallest round trip is %v", time.Duration(c.Bound), time.Duration(least))
	}
	if tick := int64(truth.Tick); c.Resolution < tick*99/100 || tick > 0 && c.Bound < c.Resolution {
		t.Errorf("timestamps in steps of %v, not %v; a bound of %v", time.Duration(c.Resolution), truth.Tick, time.Duration(c.Bound))
	}
	t.Logf("%d replies; offset ± %v, drift %+.1f ± %.1f ppm of %v, steps of %v", run.Totals.Received, time.Duration(c.Bound), c.Drift, c.DriftBound, truth.Drift, time.Duration(c.Resolution))
}
