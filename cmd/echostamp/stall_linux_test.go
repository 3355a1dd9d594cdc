package main

import (
	"fmt"
	"math"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// TestStall holds the promise of an open loop to its arithmetic, with a real server
// that is stopped for D ≈ 500 ms in a run of 10 s at 1,000/s: D/10 s of the messages
// are due in the stall, and late by 0 to D evenly. So one in a hundred waits for more
// than D − 100 ms, and one in a thousand for more than D − 10 ms.
//
// D is taken from the test's own clock around the signals. The load is modest, a
// hundredth of what the slowest machine here can do; the tolerance of 5 %, some
// 20 ms, is for answering the 500 messages that waited. What else the machine does
// meets a second run in the same way, on a server that is not stopped: what that one
// measures is added to the tolerances. And should the two differ by chance, it does
// not happen in three attempts in turn.
func TestStall(t *testing.T) {
	const attempts = 3
	var trouble []string
	for range attempts {
		if trouble = append(openStall(t), closedStall(t)...); len(trouble) == 0 {
			return
		}
		t.Logf("disturbed: %s", strings.Join(trouble, "; "))
	}
	t.Errorf("in each of %d attempts something was wrong, in the last: %s", attempts, strings.Join(trouble, "; "))
}

const (
	tolerated = 0.05
	unstalled = 5 * time.Millisecond // rtt p99 is below, for the stall is in less than 1 % of round trips
)

// openStall returns what is not as it should be in open loop.
func openStall(t *testing.T) (trouble []string) {
	run, control, d := stalled(t, "-r", "1000")
	response := func(r *record.Run, q string) time.Duration {
		return time.Duration(r.Metrics[record.Response].Percentiles[q])
	}
	for q, want := range map[string]time.Duration{"99": d - 100*time.Millisecond, "99.9": d - 10*time.Millisecond} {
		if got := response(run, q); !near(got, want, response(control, q)) {
			trouble = append(trouble, fmt.Sprintf("response p%s is %v, want %v", q, got, want))
		}
	}
	if run.Totals.Due != 10_000 || run.Totals.Received != 10_000 {
		t.Errorf("%+v: a message was skipped", run.Totals)
	}
	return append(trouble, rttInTrouble(run, control)...)
}

// closedStall returns what is not as it should be in closed loop, where the stall is
// in the maximum alone.
func closedStall(t *testing.T) (trouble []string) {
	run, control, d := stalled(t)
	longest, noise := time.Duration(run.Metrics[record.RTT].Max), time.Duration(control.Metrics[record.RTT].Max)
	if !near(longest, d, noise) {
		trouble = append(trouble, fmt.Sprintf("in closed loop the longest rtt is %v, want %v", longest, d))
	}
	return append(trouble, rttInTrouble(run, control)...)
}

func near(got, want, noise time.Duration) bool {
	return math.Abs(float64(got-want)) <= tolerated*float64(want)+float64(noise)
}

func rttInTrouble(run, control *record.Run) []string {
	p99 := func(r *record.Run) time.Duration { return time.Duration(r.Metrics[record.RTT].Percentiles["99"]) }
	if got := p99(run); got > unstalled+p99(control) {
		return []string{fmt.Sprintf("in %s loop rtt p99 is %v: the stall is in it", run.Config.Mode, got)}
	}
	return nil
}

// stalled loads a server that is stopped in mid-run, and another that is not, at a
// thousand messages a second. It returns both records, and for how long the first
// server was stopped.
func stalled(t *testing.T, args ...string) (run, control *record.Run, d time.Duration) {
	t.Helper()
	load := func(args ...string) (*serving, *running) {
		s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
		args = append([]string{"load", "-c", "10", "-d", "10s", "--format", "json", "--accept-invalid", s.addrs[0]}, args...)
		return s, start(t, exec.Command(program(t), args...))
	}
	s, started := load(args...)
	_, startedControl := load("-r", "1000")
	signal := func(sig syscall.Signal) time.Time {
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		return time.Now()
	}
	time.Sleep(4 * time.Second)
	from := signal(syscall.SIGSTOP)
	time.Sleep(500 * time.Millisecond)
	d = signal(syscall.SIGCONT).Sub(from)
	return started.wait(t).run(t), startedControl.wait(t).run(t), d
}

// TestStarvedGenerator holds that a load generator which shares its processor with
// others that want all of it says so, and does not blame the server.
func TestStarvedGenerator(t *testing.T) {
	taskset, sh := peers.Need(t, "taskset"), peers.Need(t, "sh")
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	for range 3 {
		busy := exec.Command(taskset, "-c", "0", sh, "-c", "while :; do :; done")
		if err := busy.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = busy.Process.Kill(); _ = busy.Wait() }()
	}
	for _, rate := range []string{"1000", "50000"} {
		r := execute(t, exec.Command(taskset, "-c", "0", program(t), "load", "-r", rate, "-d", "2s", "--format", "json", s.addrs[0]))
		run := r.run(t)
		if r.code != exitInvalid || run.Validity.Verdict != record.GeneratorLimited {
			t.Errorf("at %s/s: exit code %d, %s %q", rate, r.code, run.Validity.Verdict, run.Validity.Reasons)
		}
		if run.Generator.Waited < int64(200*time.Millisecond) {
			t.Errorf("at %s/s: without a processor for %v", rate, time.Duration(run.Generator.Waited))
		}
	}
}
