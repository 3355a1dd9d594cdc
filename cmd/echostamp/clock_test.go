package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
	"github.com/echostamp/echostamp/server"
)

// pathTo starts a relay with unequal directions to a server of this process.
func pathTo(t *testing.T, cfg server.Config) *rig.TCPRelay {
	t.Helper()
	cfg.Shards = 1
	addr, stop, err := startServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	relay, err := rig.ListenTCP(rig.RelayConfig{
		Target: addr, Clock: clock.NewLine(), Seed: 7,
		Forward: rig.Path{Constant: 10 * time.Millisecond, Jitter: 500 * time.Microsecond},
		Reverse: rig.Path{Constant: 30 * time.Millisecond, Jitter: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(background(relay.Run))
	return relay
}

// sorted are the delays that a relay applied in one direction.
func sorted(l *rig.Log) (delays []int64) {
	for _, a := range l.Applied() {
		delays = append(delays, a.Delay)
	}
	slices.Sort(delays)
	return delays
}

func percentile(sorted []int64, q float64) int64 {
	return sorted[int(math.Ceil(q/100*float64(len(sorted))))-1]
}

// undisturbed makes an attempt whose figures anything else that the machine does may
// spoil, but not three times in turn.
func undisturbed(t *testing.T, attempt func(t *testing.T) (trouble []string)) {
	t.Helper()
	var trouble []string
	for range 3 {
		if trouble = attempt(t); len(trouble) == 0 {
			return
		}
		t.Logf("disturbed: %s", strings.Join(trouble, "; "))
	}
	t.Errorf("in each of three attempts something was wrong, in the last: %s", strings.Join(trouble, "; "))
}

// TestUnequalPath holds directions to what a relay did: 10 ms forward and 30 ms back,
// and some at random.
func TestUnequalPath(t *testing.T) {
	t.Parallel()
	undisturbed(t, func(t *testing.T) (trouble []string) {
		relay := pathTo(t, server.Config{})
		r := loadOf(t, relay, "3s").wait(t)
		run := r.run(t)
		if r.code != exitDone || run.Clock.Relation != record.Same {
			t.Fatalf("exit code %d, clocks: %s; %s", r.code, run.Clock.Relation, r.errOut)
		}
		for name, log := range map[string]*rig.Log{record.Forward: relay.Forward(), record.Reverse: relay.Reverse()} {
			want := percentile(sorted(log), 50)
			if got := run.Metrics[name].Percentiles["50"]; abs(got-want) > int64(300*time.Microsecond) {
				trouble = append(trouble, fmt.Sprintf("%s p50 is %v, the relay says %v", name, time.Duration(got), time.Duration(want)))
			}
		}
		return trouble
	})
}

// loadOf starts a load of 1,000 messages a second on what a relay leads to.
func loadOf(t *testing.T, relay *rig.TCPRelay, duration string) *running {
	t.Helper()
	return start(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "100", "-r", "1000", "-d", duration, "--format", "json", relay.Addr().String()))
}

// excess is by how much a percentile of an excess is off from what the relay says, and
// what that is.
func excess(r *record.Run, metric string, q float64, log *rig.Log) (off, want int64) {
	delays := sorted(log)
	want = percentile(delays, q) - delays[0]
	return abs(r.Metrics[metric].Percentiles[record.PercentileName(q)] - want), want
}

// TestWrongClock holds what is found of a server's clock that is 3.2 s ahead, 50 ppm
// fast, and stepped by −5 ms in mid-run, on a path of 10 and 30 ms. The step is a
// fraction of the round trip: it is found although no timestamp is impossible.
//
// What the machine adds to the relay's delays meets another server in the same way,
// whose clock is right; four times that, as it varies, is added to the tolerance.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	undisturbed(t, func(t *testing.T) (trouble []string) {
		wrong := func(format string, args ...any) { trouble = append(trouble, fmt.Sprintf(format, args...)) }
		line := clock.NewLine()
		begin, _ := line.Now()
		truth := rig.Clock{
			Clock: line, Begin: begin, Offset: 3200 * time.Millisecond, Drift: 50,
			Steps: []rig.Step{{After: 13 * time.Second, By: -5 * time.Millisecond}},
		}
		path, controlPath := pathTo(t, server.Config{Clock: truth}), pathTo(t, server.Config{})
		started, startedControl := loadOf(t, path, "22s"), loadOf(t, controlPath, "22s")
		r := started.wait(t)
		run, control := r.run(t), startedControl.wait(t).run(t)
		c := run.Clock
		if r.code != exitDone || c.Relation != record.Corrected || len(c.Segments) == 0 {
			t.Fatalf("exit code %d, %+v; %s", r.code, c, r.errOut)
		}
		for _, f := range []finding{judgeOffset(truth, run), judgeStep(truth, run)} {
			if !f.passed {
				wrong("%s is %s, not %s", f.name, f.measured, f.injected)
			}
		}
		if math.Abs(c.Drift-truth.Drift) > 2 {
			wrong("drift is %+.2f ± %.2f ppm", c.Drift, c.DriftBound)
		}
		if share := float64(c.Excluded) / float64(run.Totals.Received); share > 0.05 {
			wrong("%.1f%% of the replies are excluded", share*100)
		}
		for _, d := range []struct {
			metric       string
			log, control *rig.Log
		}{
			{record.ForwardExcess, path.Forward(), controlPath.Forward()},
			{record.ReverseExcess, path.Reverse(), controlPath.Reverse()},
		} {
			for _, q := range []float64{50, 99} {
				off, want := excess(run, d.metric, q, d.log)
				noise, _ := excess(control, d.metric, q, d.control)
				if off > max(want/20, int64(20*time.Microsecond))+4*noise {
					wrong("%s p%v is off by %v from %v; with a clock that is right by %v", d.metric, q, time.Duration(off), time.Duration(want), time.Duration(noise))
				}
			}
		}
		return trouble
	})
}

// faked is a command whose clock libfaketime puts forward.
func faked(t *testing.T, by time.Duration, name string, args ...string) *exec.Cmd {
	t.Helper()
	faketime := peers.Need(t, "faketime")
	// The program would stay between this test and the command, which could not be
	// ended then; it tells what it would have set.
	set, err := exec.Command(faketime, "-f", "+0s", "env").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("FAKETIME=%+ds", int(by.Seconds())))
	for line := range strings.Lines(string(set)) {
		if strings.HasPrefix(line, "LD_PRELOAD=") {
			cmd.Env = append(cmd.Env, strings.TrimSpace(line))
		}
	}
	return cmd
}

// TestPythonServerAhead holds what is found of a server in another language, whose
// clock is 5 s ahead.
func TestPythonServerAhead(t *testing.T) {
	t.Parallel()
	python := peers.Need(t, "python3")
	s := listeningOn(t, 1, faked(t, 5*time.Second, python, peersDir+"select_server.py"))
	r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "4", "-r", "1000", "-d", "2s", "--format", "json", s.addrs[0]))
	run := r.run(t)
	if r.code != exitDone {
		t.Fatalf("exit code %d, %s", r.code, r.errOut)
	}
	c := run.Clock
	if c.Relation != record.Corrected || abs(c.Offset-5e9) > c.Bound || c.Bound > int64(10*time.Millisecond) || c.Violations > 0 {
		t.Errorf("%s: %v ± %v, %d violations; want 5 s", c.Relation, time.Duration(c.Offset), time.Duration(c.Bound), c.Violations)
	}
	if f, b := run.Metrics[record.Forward].Min, run.Metrics[record.Reverse].Min; min(f, b) < 0 || max(f, b) > c.Bound {
		t.Errorf("forward from %v, reverse from %v", time.Duration(f), time.Duration(b))
	}
	if raw := run.Metrics[record.ForwardRaw]; raw.Min < 4.99e9 || raw.Max > 6e9 {
		t.Errorf("forward_raw from %v to %v", time.Duration(raw.Min), time.Duration(raw.Max))
	}
}
