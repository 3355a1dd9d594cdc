package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/wire"
)

// stop stops a process, and returns when it does nothing any more.
func stop(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Error(err)
		return
	}
	for deadline := time.Now().Add(patience); !stopped(t, p.Pid); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Errorf("process %d does not stop", p.Pid)
			return
		}
	}
}

// resume has it go on.
func resume(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Error(err)
	}
}

// stopped reports whether every thread of a process is stopped.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Errorf("process %d is gone (%v)", pid, err)
		return true
	}
	for _, file := range threads {
		text, err := os.ReadFile(file)
		_, state, _ := strings.Cut(string(text), ") ") // behind the name
		if err == nil && !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}

// stall is for how long tests have something stand still.
const stall = 500 * time.Millisecond

// TestStall holds the promise of an open loop with a real server that is stopped for
// D ≥ 500 ms in a run of 3,000 messages at 1,000/s: those that are due in the stall wait
// until it ends. So the 30 that are a hundredth wait for D − 30 ms or longer, and one for
// all of D but the time between two. What the machine adds makes it longer, never shorter.
// TestStallIsSeen of loadgen holds the arithmetic from both sides, in simulated time.
func TestStall(t *testing.T) {
	t.Parallel()
	const resolution = 0.999 // of histograms
	run := stalled(t, "-r", "1000", "-n", "3000")
	if run.Totals.Due != 3000 || run.Totals.Received != 3000 {
		t.Errorf("%+v: a message was skipped", run.Totals)
	}
	response := run.Metrics[record.Response]
	for name, tc := range map[string]struct {
		got   int64
		least time.Duration
	}{
		"max": {response.Max, stall - 2*time.Millisecond},
		"p99": {response.Percentiles["99"], stall - 32*time.Millisecond},
	} {
		if float64(tc.got) < resolution*float64(tc.least) {
			t.Errorf("response %s is %v, want at least %v", name, time.Duration(tc.got), tc.least)
		}
	}
}

// TestStallInClosedLoop holds that the stall is in the maximum there.
func TestStallInClosedLoop(t *testing.T) {
	t.Parallel()
	run := stalled(t, "-d", "3s")
	if longest := time.Duration(run.Metrics[record.RTT].Max); longest < stall/2 {
		t.Errorf("the longest rtt is %v, in a stall of %v", longest, stall)
	}
}

// stalled loads a server with ten clients, and stops it when messages are being measured.
func stalled(t *testing.T, args ...string) *record.Run {
	t.Helper()
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	measuring := make(chan struct{})
	cmd := exec.Command(program(t), append([]string{"load", "-c", "10", "--format", "json", "--accept-invalid", "--progress", "100ms", s.addrs[0]}, args...)...)
	started := startWatched(t, cmd, "measuring, ", func() { close(measuring) })
	await(t, measuring)
	stop(t, s.cmd.Process)
	<-time.After(stall)
	resume(t, s.cmd.Process)
	return started.wait(t).run(t)
}

// TestWakeup holds what the kernel's timestamps are for: the wait of a reply for a load
// generator that stands still is in wakeup, and so not in reverse.
func TestWakeup(t *testing.T) {
	t.Parallel()
	haveStamps(t)
	var generator *os.Process
	known := make(chan struct{})
	p := startPeer(t, func(c net.Conn) {
		<-known
		b := make([]byte, wire.MaxMessage)
		for n := 1; ; n++ {
			k, err := c.Read(b)
			if err != nil || wire.IsGoodbye(b[:k]) {
				return
			}
			if n == 100 {
				stop(t, generator)
			}
			_, _ = c.Write(answered(b[:k]))
			if n == 100 {
				<-time.After(stall)
				resume(t, generator)
			}
		}
	})
	started := start(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "1", "-n", "200", "--timestamps", "kernel", "--format", "json", p.addr()))
	generator = started.cmd.Process
	close(known)
	run := started.wait(t).run(t)
	if run.Totals.Received != 200 || run.Totals.Unstamped != 0 || run.Config.Timestamps != record.KernelTime {
		t.Errorf("%+v, timestamps %s", run.Totals, run.Config.Timestamps)
	}
	if longest := time.Duration(run.Metrics[record.Wakeup].Max); longest < stall {
		t.Errorf("the longest wakeup is %v, and the reply lay there for %v", longest, stall)
	}
}

// anyProcessor is the number of one that this process may use.
func anyProcessor(t *testing.T) string {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !set.IsSet(cpu) {
		cpu++
	}
	return strconv.Itoa(cpu)
}

// TestStarvedGenerator holds that a load generator which shares its processor with
// others that want all of it says so, and does not blame the server.
func TestStarvedGenerator(t *testing.T) {
	taskset, sh := peers.Need(t, "taskset"), peers.Need(t, "sh")
	cpu := anyProcessor(t)
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	for range 3 {
		busy := exec.Command(taskset, "-c", cpu, sh, "-c", "while :; do :; done")
		if err := busy.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = busy.Process.Kill(); _ = busy.Wait() }()
	}
	for _, rate := range []string{"1000", "50000"} {
		r := execute(t, exec.Command(taskset, "-c", cpu, program(t), "load", "-r", rate, "-d", "1s", "--format", "json", s.addrs[0]))
		run := r.run(t)
		if r.code != exitInvalid || run.Validity.Verdict != record.GeneratorLimited {
			t.Errorf("at %s/s: exit code %d, %s %q", rate, r.code, run.Validity.Verdict, run.Validity.Reasons)
		}
		if run.Generator.Waited < int64(100*time.Millisecond) {
			t.Errorf("at %s/s: without a processor for %v", rate, time.Duration(run.Generator.Waited))
		}
	}
}
