package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/record"
)

// loadJSON runs load, and returns how it ended and the record that it printed.
func loadJSON(t *testing.T, args string, more ...string) (result, *record.Run) {
	t.Helper()
	r := execute(t, exec.Command(program(t), append(strings.Fields("load --format json "+args), more...)...))
	return r, r.run(t)
}

// TestEverySlotIsDue holds that the number of messages due is the schedule's to the
// last one, whatever the machine makes of it, and that a run that does not reach its
// rate is not valid.
func TestEverySlotIsDue(t *testing.T) {
	t.Parallel()
	for args, due := range map[string]int64{
		"-r 1000 -d 500ms":                                500,
		"-r 1000/s -d 500ms --warmup 300ms -c 3":          500,
		"-r 20000 -d 300ms -c 64":                         6000,
		"-r 2 -d 500ms -c 1":                              1,
		"-r 300 -n 100":                                   100,
		"--stages 500/s:500ms,500/s..1500/s:1s,0/s:100ms": 1250,
	} {
		eachEngine(t, args, func(t *testing.T, engine string) {
			t.Parallel()
			_, run := loadJSON(t, "--accept-invalid --engine "+engine+" "+args)
			tot := run.Totals
			if tot.Due != due || tot.Sent > due || tot.Sent+tot.Backlog < due {
				t.Errorf("%d due, %d sent, backlog %d; want %d due", tot.Due, tot.Sent, tot.Backlog, due)
			}
			if tot.Backlog > due/100+10 && run.Validity.Verdict == record.Valid {
				t.Errorf("valid with a backlog of %d", tot.Backlog)
			}
			if run.Config.Mode != record.Open || run.Config.Arrivals != "constant" {
				t.Errorf("config %+v", run.Config)
			}
		})
	}
}

// TestSeedsMakeTheSchedule holds that a seed decides how many messages are due, on
// any number of shards, and that a seed by chance is told.
func TestSeedsMakeTheSchedule(t *testing.T) {
	t.Parallel()
	due := func(args string) (int64, uint64) {
		_, run := loadJSON(t, "--accept-invalid -r 3000 -d 400ms --arrivals poisson "+args)
		return run.Totals.Due, run.Config.Seed
	}
	one, _ := due("--seed 7 --shards 1")
	three, _ := due("--seed 7 --shards 3")
	other, _ := due("--seed 8")
	if one != three || one == other || one < 1000 || one > 1400 {
		t.Errorf("due with seed 7 on one shard %d, on three %d; with seed 8 %d", one, three, other)
	}
	if _, seed := due(""); seed == 0 {
		t.Error("a seed by chance is not in the record")
	}
}

// TestOverload holds that a server which is asked for four times what it can do is
// said not to keep up, with response far above rtt.
func TestOverload(t *testing.T) {
	t.Parallel()
	p := startPeer(t, delayed(20*time.Millisecond)) // 10 clients: 500/s
	r, run := loadJSON(t, "-r 2000 -d 2s", p.addr())
	if r.code != exitInvalid || run.Validity.Verdict == record.Valid {
		t.Errorf("exit code %d, %+v", r.code, run.Validity)
	}
	if said := strings.Join(run.Validity.Reasons, "\n"); !regexp.MustCompile(`of 4,000 due messages .* were still unsent at the end`).MatchString(said) {
		t.Errorf("reasons %s", said)
	}
	if run.Totals.Backlog < 2000 {
		t.Errorf("backlog %d", run.Totals.Backlog)
	}
	if resp, rtt := run.Metrics[record.Response], run.Metrics[record.RTT]; resp.Max < int64(time.Second) || resp.Percentiles["50"] < 5*rtt.Percentiles["50"] {
		t.Errorf("response p50 %d, max %d; rtt p50 %d", resp.Percentiles["50"], resp.Max, rtt.Percentiles["50"])
	}
}

// TestErrorsThatAreAllowed holds what --max-errors and --accept-invalid do.
func TestErrorsThatAreAllowed(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]struct {
		invalid bool
		code    int
	}{
		"":                                       {true, exitInvalid},
		"--accept-invalid":                       {true, exitDone},
		"--max-errors 4 --accept-invalid":        {false, exitDone},
		"--max-errors 3":                         {true, exitInvalid},
		"--max-errors 1% --accept-invalid":       {false, exitDone},
		"--max-errors 0.9%":                      {true, exitInvalid},
		"--max-errors 100% --accept-invalid -q ": {false, exitDone},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, improving(4))
			r, run := loadJSON(t, "-c 4 -n 400 "+args, p.addr())
			if invalid := run.Validity.Verdict == record.Invalid; invalid != want.invalid || r.code != want.code {
				t.Errorf("%s %q, exit code %d", run.Validity.Verdict, run.Validity.Reasons, r.code)
			}
			if !want.invalid && !strings.Contains(strings.Join(run.Warnings, "\n"), "4 errors, which --max-errors") {
				t.Errorf("warnings %q", run.Warnings)
			}
		})
	}
}

func TestWarmupThatEndsByItself(t *testing.T) {
	t.Parallel()
	eachEngine(t, "", func(t *testing.T, engine string) {
		t.Parallel()
		_, run := loadJSON(t, "--accept-invalid -r 200 -d 1s --warmup auto --engine "+engine)
		if run.Totals.Due != 200 {
			t.Errorf("%d messages were due in the measured second, want 200", run.Totals.Due)
		}
		// Two windows of a second, at least; ten seconds and the time to tell all.
		if w := time.Duration(run.Config.Warmup); !run.Config.WarmupAuto || w < 2*time.Second || w > 20*time.Second {
			t.Errorf("warm-up of %v, automatic %v", w, run.Config.WarmupAuto)
		}
	})
}

// TestUntilPrecise holds it to what ends runs, and to the figure of the whole run. Whether
// anything is known of one that did not end so depends on what else the machine does. The
// server's delays are independent of each other, and vary by more than a busy machine adds:
// were they all the same, latencies would follow what else the machine does, and a run would
// rightly not be precise for minutes.
func TestUntilPrecise(t *testing.T) {
	t.Parallel()
	slow, slower := startPeer(t, scattered(20*time.Millisecond)), startPeer(t, growing(3*time.Millisecond))
	for name, tc := range map[string]struct {
		args    string
		server  *peer
		reached bool
	}{
		"reached":         {"-r 200 -d 300s --until p50+-99%", slow, true},
		"in closed loop":  {"-c 2 -d 300s --until p50±99%", slow, true},
		"another metric":  {"-r 200 -d 300s --until rtt.p50±99%", slow, true},
		"not reached":     {"-c 20 -r 100 -d 6s --until p50±0.1%", slower, false},
		"too few samples": {"-c 1 -d 6s --until p99.99±99%", slow, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, run := loadJSON(t, "--accept-invalid "+tc.args, tc.server.addr())
			p := run.Precision
			if p.Reached != tc.reached || tc.reached && p.Figure != float64(run.Metrics[p.Metric].Percentiles[p.Percentile]) {
				t.Errorf("%+v", p)
			}
			if ended := run.Duration < run.Config.Duration; ended != tc.reached {
				t.Errorf("measured for %v of %v", time.Duration(run.Duration), time.Duration(run.Config.Duration))
			}
			if tc.reached && !(p.Low <= p.Figure && p.Figure <= p.High && p.High <= 2*p.Figure) {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestFindRate holds the ends of a search: with an objective that any rate holds, as far as
// the machine keeps up with it, and one that none does.
func TestFindRate(t *testing.T) {
	t.Parallel()
	r, run := loadJSON(t, "--find-rate rtt.min<30s --find-max 500/s -d 300ms -c 50 --quiet")
	s := run.Search
	if s.Rate <= 0 || s.Rate > 500 || (s.Rate == 500) != (s.Limit == record.ByMax) || r.code != exitDone || run.Config.Rate != s.Rate {
		t.Errorf("exit code %d, %+v", r.code, s)
	}
	if r.errOut != "" {
		t.Errorf("--quiet says %s", r.errOut)
	}

	p := startPeer(t, delayed(20*time.Millisecond))
	r, run = loadJSON(t, "--find-rate rtt.min<10ms --find-max 1000/s -d 500ms -c 50", p.addr())
	s = run.Search
	if s.Rate != 0 || r.code != exitInvalid {
		t.Errorf("exit code %d, %+v", r.code, s)
	}
	for _, step := range s.Steps {
		if step.Held || step.Failure == "" || step.Rate > 1000 {
			t.Errorf("step %+v", step)
		}
	}
	if lines := strings.Count(r.errOut, "\n"); lines != len(s.Steps) || !strings.Contains(r.errOut, "bracket 1,000/s: rtt.min ") {
		t.Errorf("%d steps were told as %s", len(s.Steps), r.errOut)
	}
}

// TestWarmupOfTooMuch holds that a server which is behind with the messages of the
// warm-up is not given up, and that a search goes on from there.
func TestWarmupOfTooMuch(t *testing.T) {
	t.Parallel()
	p := startPeer(t, delayed(20*time.Millisecond))
	r, run := loadJSON(t, "-c 2 -r 1000 --warmup 1s -d 1s --give-up 500ms", p.addr())
	if r.code != exitFailed || !strings.Contains(r.errOut, "behind with the messages of the warm-up") {
		t.Errorf("exit code %d, %s", r.code, r.errOut)
	}
	if !strings.Contains(strings.Join(run.Warnings, "\n"), "of the warm-up had not been sent when measuring began") {
		t.Errorf("warnings %q", run.Warnings)
	}
	// Of the two runs that the search needs to be sure, neither measures a reply.
	_, run = loadJSON(t, "--find-rate response.p99<1s --find-max 1300/s -c 2 -d 1s --warmup 1s", p.addr())
	if s := run.Search; s.Limit == record.ByEnd || s.Rate != 0 || len(s.Steps) != 2 || s.Steps[0].Failure != record.Behind {
		t.Errorf("%+v", s)
	}
}

// TestInterruptedSearch holds that what was found until then is in the record.
func TestInterruptedSearch(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skipf("no signals between processes on %s", runtime.GOOS)
	}
	t.Parallel()
	var connections atomic.Int64
	second := make(chan struct{})
	p := startPeer(t, func(c net.Conn) {
		if connections.Add(1) == 15 { // of the second run
			close(second)
		}
		honest(c)
	})
	started := start(t, exec.Command(program(t), "load", "--format", "json", "--find-rate", "rtt.min<30s", "-d", "500ms", p.addr()))
	await(t, second)
	if err := started.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r := started.wait(t)
	run := r.run(t)
	if s := run.Search; r.code != exitInterrupted || !run.Interrupted || s.Limit != record.ByEnd || len(s.Steps) == 0 {
		t.Errorf("exit code %d, interrupted %v, %+v", r.code, run.Interrupted, s)
	}
}

// TestSearchOfAServerThatEnds holds that the steps that were made are kept.
func TestSearchOfAServerThatEnds(t *testing.T) {
	// Not parallel: another test could be given the port that is free now.
	ctx, ended := context.WithCancel(context.Background())
	var connections atomic.Int64
	p := startPeer(t, func(c net.Conn) {
		if connections.Add(1) == 15 {
			ended()
		}
		honest(c)
	})
	context.AfterFunc(ctx, p.kill)
	r, run := loadJSON(t, "--find-rate rtt.min<30s -d 500ms --give-up 2s", p.addr())
	if s := run.Search; r.code != exitFailed || s.Limit != record.ByEnd || len(s.Steps) == 0 || run.Interrupted {
		t.Errorf("exit code %d, %+v", r.code, s)
	}
}
