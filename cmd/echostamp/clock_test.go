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

// loadOf puts a load of 1,000 messages a second on what a relay leads to.
func loadOf(t *testing.T, relay *rig.TCPRelay, duration string) (result, *record.Run) {
	t.Helper()
	return loadJSON(t, "--accept-invalid -c 100 -r 1000 -d "+duration, relay.Addr().String())
}

// TestUnequalPath holds directions to what a real relay did: 10 ms forward and 30 ms back,
// and some at random. How much longer the machine took besides is its own affair, and
// loadgen's test of that name holds the figures in simulated time.
func TestUnequalPath(t *testing.T) {
	t.Parallel()
	relay := pathTo(t, server.Config{})
	r, run := loadOf(t, relay, "1s")
	if r.code != exitDone || run.Clock.Relation != record.Same || run.Totals.Due != 1000 || run.Totals.Received != run.Totals.Sent {
		t.Fatalf("exit code %d, clocks: %s, %+v; %s", r.code, run.Clock.Relation, run.Totals, r.errOut)
	}
	for name, log := range map[string]*rig.Log{record.Forward: relay.Forward(), record.Reverse: relay.Reverse()} {
		least := percentile(sorted(log), 50)
		if got := run.Metrics[name].Percentiles["50"]; got < least-least/500 {
			t.Errorf("%s p50 is %v, and the relay held half of the packets for %v or longer", name, time.Duration(got), time.Duration(least))
		}
	}
}

// TestWrongClock holds the promise of the offset's bound with a real server, whose clock is
// 3.2 s ahead and 50 ppm fast, on a path of 10 and 30 ms. See loadgen's test of that name.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	line := clock.NewLine()
	begin, _ := line.Now()
	truth := rig.Clock{Clock: line, Begin: begin, Offset: 3200 * time.Millisecond, Drift: 50}
	r, run := loadOf(t, pathTo(t, server.Config{Clock: truth}), "3s")
	if f := judgeOffset(truth, run); r.code != exitDone || !f.passed {
		t.Errorf("exit code %d; the offset is %s, not %s; %+v; %s", r.code, f.measured, f.injected, run.Clock, r.errOut)
	}
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
	if c.Relation != record.Corrected || abs(c.Offset-5e9) > c.Bound || c.Violations > 0 {
		t.Errorf("%s: %v ± %v, %d violations; want 5 s", c.Relation, time.Duration(c.Offset), time.Duration(c.Bound), c.Violations)
	}
	if f, b := run.Metrics[record.Forward].Min, run.Metrics[record.Reverse].Min; min(f, b) < 0 || max(f, b) > c.Bound {
		t.Errorf("forward from %v, reverse from %v", time.Duration(f), time.Duration(b))
	}
	if raw := run.Metrics[record.ForwardRaw]; raw.Min < 4.99e9 {
		t.Errorf("forward_raw from %v", time.Duration(raw.Min))
	}
}
