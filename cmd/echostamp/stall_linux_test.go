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
// can disturb a run by more than that, but not by chance three runs in turn.
func TestStall(t *testing.T) {
	const attempts = 3
	var trouble []string
	for range attempts {
		if trouble = stall(t); len(trouble) == 0 {
			return
		}
		t.Logf("disturbed: %s", strings.Join(trouble, "; "))
	}
	t.Errorf("in each of %d attempts something was wrong, in the last: %s", attempts, strings.Join(trouble, "; "))
}

// stall makes the run in open and in closed loop, and returns what is not as it
// should be.
func stall(t *testing.T) (trouble []string) {
	wrong := func(is bool, format string, args ...any) {
		if is {
			trouble = append(trouble, fmt.Sprintf(format, args...))
		}
	}
	open, d := stalled(t, "-r", "1000")
	near := func(q string, want time.Duration) {
		got := time.Duration(open.Metrics[record.Response].Percentiles[q])
		wrong(math.Abs(float64(got-want)) > 0.05*float64(want), "response p%s is %v, want %v", q, got, want)
	}
	near("99", d-100*time.Millisecond)
	near("99.9", d-10*time.Millisecond)
	rtt := time.Duration(open.Metrics[record.RTT].Percentiles["99"])
	wrong(rtt > 5*time.Millisecond, "rtt p99 is %v: the stall is in it", rtt)
	if open.Totals.Due != 10_000 || open.Totals.Received != 10_000 {
		t.Errorf("%+v: a message was skipped", open.Totals)
	}

	closed, d := stalled(t)
	m := closed.Metrics[record.RTT]
	p99, longest := time.Duration(m.Percentiles["99"]), time.Duration(m.Max)
	wrong(p99 > 5*time.Millisecond, "in closed loop rtt p99 is %v: the stall is in it", p99)
	wrong(math.Abs(float64(longest-d)) > 0.05*float64(d), "in closed loop the longest rtt is %v, want %v", longest, d)
	return trouble
}

// stalled loads a server that is stopped in mid-run, and returns the record and for
// how long it was.
func stalled(t *testing.T, args ...string) (*record.Run, time.Duration) {
	t.Helper()
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	load := append([]string{"load", "-c", "10", "-d", "10s", "--format", "json", "--accept-invalid"}, args...)
	started := start(t, exec.Command(program(t), append(load, s.addrs[0])...))
	signal := func(sig syscall.Signal) time.Time {
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		return time.Now()
	}
	time.Sleep(4 * time.Second)
	from := signal(syscall.SIGSTOP)
	time.Sleep(500 * time.Millisecond)
	d := signal(syscall.SIGCONT).Sub(from)
	r := started.wait(t)
	return r.run(t), d
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
