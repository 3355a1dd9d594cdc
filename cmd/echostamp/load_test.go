package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// TestServersThatMisbehave holds that a run always ends with a report of what
// was measured, the errors under their own kind, and the documented exit code.
func TestServersThatMisbehave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handle   func(net.Conn)
		args     string
		code     int
		kind     string // of errors; none is ""
		received bool
		says     string
	}{
		"honest":                 {handle: honest, args: "--accept-invalid -d 1h -n 400", code: exitDone, received: true},
		"every byte by itself":   {handle: trickling, args: "--accept-invalid -d 1h -n 400", code: exitDone, received: true},
		"never answers":          {handle: silent, args: "--timeout 2s", code: exitFailed, kind: "timeout", says: "no reply .* was measured: timeout"},
		"gives up on silence":    {handle: silent, args: "--timeout 1m --give-up 100ms -d 1h", code: exitFailed, says: "gave up on .*: no reply for 100ms"},
		"gives up on garbage":    {handle: talk(garbage), args: "-d 1h", code: exitFailed, kind: "malformed", says: `gave up on .*: no whole reply for 2s: malformed \d+ \(received ".*": is it a timestamp-echo server`},
		"gives up on an echo":    {handle: talk(func(m []byte) []byte { return m }), args: "--give-up 300ms -d 1h -n 1000000", code: exitFailed, kind: "mismatch", says: "gave up on .*: mismatch .*--proto echo"},
		"gives up when closed":   {handle: parting(0), args: "--give-up 300ms -d 1h", code: exitFailed, kind: "goodbye", says: "gave up on .*: goodbye"},
		"answers garbage":        {handle: talk(garbage), code: exitFailed, kind: "malformed", says: "is it a timestamp-echo server"},
		"plain echo":             {handle: talk(func(m []byte) []byte { return m }), code: exitFailed, kind: "mismatch"},
		"coalesces":              {handle: talk(coalesced), code: exitFailed, kind: "coalesced"},
		"splits":                 {handle: bytewise, code: exitFailed, kind: "split"},
		"goodbye after a while":  {handle: parting(3), code: exitInvalid, kind: "goodbye", received: true},
		"goodbye at once":        {handle: func(net.Conn) {}, code: exitFailed},
		"truncates":              {handle: talk(func(m []byte) []byte { return answered(m)[:30] }), args: "--timeout 2s", code: exitFailed, kind: "truncated"},
		"truncates, then closes": {handle: func(c net.Conn) { b := make([]byte, 64); _, _ = c.Read(b); _, _ = c.Write(answered(b)[:30]) }, code: exitFailed, kind: "truncated"},
	} {
		eachEngine(t, name, func(t *testing.T, engine string) {
			t.Parallel()
			p := startPeer(t, tc.handle)
			args := "load -c 4 -d 300ms --format json --engine " + engine + " " + tc.args + " " + p.addr()
			r := execute(t, exec.Command(program(t), strings.Fields(args)...))
			run := r.run(t)
			if r.code != tc.code {
				t.Errorf("exit code %d, want %d; %s", r.code, tc.code, r.errOut)
			}
			if tc.received != (run.Totals.Received > 0) {
				t.Errorf("%d replies were measured", run.Totals.Received)
			}
			for kind, n := range run.Totals.Errors {
				// What a server sends as it closes can meet what a client sends: a reset.
				if kind != tc.kind && name != "goodbye at once" && kind != "reset" {
					t.Errorf("%d errors of kind %s", n, kind)
				}
			}
			if tc.kind != "" && run.Totals.Errors[tc.kind] == 0 {
				t.Errorf("errors %v, want some %s", run.Totals.Errors, tc.kind)
			}
			// What the machine allows may limit the generator; what the server does makes a run invalid.
			if invalid := run.Validity.Verdict == record.Invalid; invalid != (tc.code != exitDone) {
				t.Errorf("verdict %v with exit code %d", run.Validity, r.code)
			}
			if !regexp.MustCompile(tc.says).MatchString(r.errOut) {
				t.Errorf("said %q, want %q", r.errOut, tc.says)
			}
			if (tc.code == exitFailed) != (r.failure() != "") {
				t.Errorf("exit code %d and standard error %q", r.code, r.errOut)
			}
		})
	}
}

// TestServerFallsSilent is a server that answers half of the messages of an open loop and then
// none, as if it was stopped: the verdict says for how long there was no reply, and not that
// the server did not keep up.
func TestServerFallsSilent(t *testing.T) {
	t.Parallel()
	var messages atomic.Int64
	p := startPeer(t, talk(func(m []byte) []byte {
		if messages.Add(1) > 200 {
			return nil
		}
		return answered(m)
	}))
	r := execute(t, exec.Command(program(t), "load", "-c", "4", "-r", "200", "-d", "2s", "--timeout", "5s", "--format", "json", p.addr()))
	run := r.run(t)
	if r.code != exitInvalid || len(run.Validity.Reasons) == 0 || !strings.HasPrefix(run.Validity.Reasons[0], "no reply for the last ") ||
		strings.Contains(strings.Join(run.Validity.Reasons, "\n"), "did not keep up") {
		t.Errorf("exit code %d, %q", r.code, run.Validity.Reasons)
	}
}

// TestServerKilledInMidRun holds that what was measured before is kept.
func TestServerKilledInMidRun(t *testing.T) {
	// Not parallel: another test could be given the port that is free now.
	var answers atomic.Int64
	enough := make(chan struct{})
	p := startPeer(t, talk(func(m []byte) []byte {
		if answers.Add(1) == 1000 {
			close(enough)
		}
		return answered(m)
	}))
	started := start(t, exec.Command(program(t), "load", "-c", "8", "-d", "1h", "--give-up", "2s", "--format", "json", p.addr()))
	await(t, enough)
	p.kill()
	r := started.wait(t)
	run := r.run(t)
	if r.code != exitFailed || !strings.Contains(r.errOut, "gave up") {
		t.Errorf("exit code %d, %q", r.code, r.errOut)
	}
	if run.Totals.Received < 900 {
		t.Errorf("of about 1,000 replies %d are in the report", run.Totals.Received)
	}
	if run.Totals.Errors["refused"] == 0 {
		t.Errorf("errors %v, want some refused", run.Totals.Errors)
	}
}

// TestServerThatComesBack holds that clients connect again, and that the gap is
// told.
func TestServerThatComesBack(t *testing.T) {
	t.Parallel()
	p := startPeer(t, improving(4))
	r := execute(t, exec.Command(program(t), "load", "-c", "4", "-n", "400", "--format", "json", p.addr()))
	run := r.run(t)
	if r.code != exitInvalid || run.Totals.Failed != 4 || run.Totals.Received != 396 {
		t.Errorf("exit code %d, %d failed, %d received, errors %v", r.code, run.Totals.Failed, run.Totals.Received, run.Totals.Errors)
	}
}

func TestNobodyListens(t *testing.T) {
	// Not parallel: another test could be given the port that is free now.
	p := startPeer(t, honest)
	p.kill()
	r := execute(t, exec.Command(program(t), "load", "-c", "3", "-d", "1h", "--format", "json", p.addr()))
	run := r.run(t)
	// The first may have tried again before the last has tried.
	if r.code != exitFailed || run.Totals.Errors["refused"] < 3 {
		t.Errorf("exit code %d, errors %v", r.code, run.Totals.Errors)
	}
	says := regexp.MustCompile("none of 3 clients could connect to " + regexp.QuoteMeta(p.addr()) + `: refused \d+ \(is a server listening there\?\)`)
	if !says.MatchString(r.errOut) {
		t.Errorf("said %q", r.errOut)
	}
}

func TestUnknownName(t *testing.T) {
	t.Parallel()
	r := execute(t, exec.Command(program(t), "load", "--format", "json", "no-such-host.invalid:12345"))
	run := r.run(t)
	if r.code != exitFailed || run.Totals.Errors["resolve"] != 1 || !strings.Contains(r.errOut, "cannot find the address of no-such-host.invalid:12345") {
		t.Errorf("exit code %d, errors %v, %q", r.code, run.Totals.Errors, r.errOut)
	}
}

// TestTooFewDescriptors holds that a run that cannot have its descriptors does
// not begin.
func TestTooFewDescriptors(t *testing.T) {
	t.Parallel()
	sh := peers.Need(t, "sh")
	p := startPeer(t, func(net.Conn) { t.Error("something connected") })
	cmd := exec.Command(sh, "-c", `ulimit -n 60 && exec "$0" "$@"`, program(t), "load", "-c", "100", "--format", "json", p.addr())
	r := execute(t, cmd)
	run := r.run(t)
	if r.code != exitFailed || run.Totals.Errors["descriptors"] != 1 {
		t.Errorf("exit code %d, errors %v", r.code, run.Totals.Errors)
	}
	if !regexp.MustCompile(`100 clients need 1\d\d file descriptors, and the limit is 60: raise it \(ulimit -n\)`).MatchString(r.errOut) {
		t.Errorf("said %q", r.errOut)
	}
}

func TestDigitsOfPeers(t *testing.T) {
	t.Parallel()
	for digits := range 10 {
		t.Run(fmt.Sprint(digits), func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, talk(func(m []byte) []byte { return append([]byte(stampWith(digits)+":"), m...) }))
			r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "2", "-n", "200", "--format", "json", p.addr()))
			run := r.run(t)
			if r.code != exitDone || run.Totals.Received != 200 {
				t.Errorf("exit code %d, %d replies, errors %v", r.code, run.Totals.Received, run.Totals.Errors)
			}
			coarse := strings.Contains(strings.Join(run.Warnings, "\n"), "timestamps are in steps of")
			if digits <= 2 && !coarse || digits >= 7 && coarse {
				t.Errorf("warnings %q", run.Warnings)
			}
		})
	}
}

// TestKnownDelay holds that a delay of the server before its reply is in the direction it
// belongs to: each figure is at least that, and together they are rtt (see holds).
func TestKnownDelay(t *testing.T) {
	t.Parallel()
	const delay = 20 * time.Millisecond
	p := startPeer(t, delayed(delay))
	_, run := loadJSON(t, "--accept-invalid -c 2 -n 100", p.addr())
	for name, least := range map[string]time.Duration{record.RTT: delay, record.Reverse: delay, record.Forward: 0} {
		if got := time.Duration(run.Metrics[name].Min); got < least {
			t.Errorf("the shortest %s is %v, want at least %v", name, got, least)
		}
	}
}

// TestClocksThatDiffer holds that a server with an address of this host and another
// clock is told and corrected, and that negative raw directions are kept.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	p := startPeer(t, talk(func(m []byte) []byte {
		return append(fmt.Appendf(nil, "%.9f:", float64(time.Now().Add(-time.Hour).UnixNano())/1e9), m...)
	}))
	r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "1", "-n", "100", "--format", "json", p.addr()))
	run := r.run(t)
	if r.code != exitDone {
		t.Errorf("exit code %d", r.code)
	}
	f, b := run.Metrics[record.ForwardRaw], run.Metrics[record.ReverseRaw]
	if f.Max > -int64(59*time.Minute) || b.Min < int64(59*time.Minute) || f.HDRNegative == "" || f.Percentiles["50"] > 0 {
		t.Errorf("forward_raw up to %v, reverse_raw from %v", time.Duration(f.Max), time.Duration(b.Min))
	}
	c := run.Clock
	if off := time.Duration(c.Offset) + time.Hour; c.Relation != record.Corrected || off.Abs() > time.Duration(c.Bound) {
		t.Errorf("%s by %v ± %v", c.Relation, time.Duration(c.Offset), time.Duration(c.Bound))
	}
	if m := run.Metrics[record.Forward]; m.Min < -1000 || m.Count != 100 {
		t.Errorf("%d times forward, from %v", m.Count, time.Duration(m.Min))
	}
	if !strings.Contains(strings.Join(run.Warnings, "\n"), "an address of this host, and yet not its clock") {
		t.Errorf("warnings %q", run.Warnings)
	}
}

// TestInterrupt holds that an interrupt at any moment ends a run with a valid
// report.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skipf("no signals between processes on %s", runtime.GOOS)
	}
	for name, tc := range map[string]struct {
		args   string
		handle func(net.Conn)
		after  int64 // receives of the server, or connections if it reads nothing
	}{
		"connecting":                     {args: "--connect-rate 1", handle: nil, after: 1},
		"connecting again":               {handle: nil, after: 8},
		"warming up":                     {args: "--warmup 1h", handle: honest, after: 100},
		"measuring":                      {handle: honest, after: 100},
		"measuring a number of messages": {args: "-n 1000000000", handle: honest, after: 100},
		"waiting":                        {args: "--timeout 1h", handle: silent, after: 3},
		"waiting for the last replies":   {args: "--timeout 1h -d 1ms", handle: silent, after: 1},
	} {
		eachEngine(t, name, func(t *testing.T, engine string) {
			t.Parallel()
			reached := make(chan struct{})
			var count atomic.Int64
			note := func() {
				if count.Add(1) == tc.after {
					close(reached)
				}
			}
			p := startPeer(t, func(c net.Conn) {
				if tc.handle == nil {
					note()
					return
				}
				tc.handle(&notingConn{c, note})
			})
			file := filepath.Join(t.TempDir(), "run.json")
			args := "load -c 3 -d 1h --engine " + engine + " --format json -o " + file + " " + tc.args + " " + p.addr()
			started := start(t, exec.Command(program(t), strings.Fields(args)...))
			await(t, reached)
			if err := started.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			r := started.wait(t)
			run := r.run(t)
			if r.code != exitInterrupted || !run.Interrupted {
				t.Errorf("exit code %d, interrupted %v; %s", r.code, run.Interrupted, r.errOut)
			}
			if r.failure() != "" {
				t.Errorf("standard error: %s", r.errOut)
			}
			if saved, err := os.ReadFile(file); err != nil || string(saved) != r.out {
				t.Errorf("the file holds something else than was printed (%v):\n%s", err, saved)
			}
			if name == "waiting" && run.Totals.Unanswered != 3 {
				t.Errorf("totals %+v, want 3 unanswered messages", run.Totals)
			}
		})
	}
}

// notingConn calls a function with each receive.
type notingConn struct {
	net.Conn
	note func()
}

func (c *notingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.note()
	}
	return n, err
}
