package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/server"
)

// bed is what the checks are made on.
type bed struct{ engine engineOptions }

// What may be between a figure and the truth because of what the machine does besides.
const (
	floorLimit   = time.Millisecond // of the tool's own medians
	pathLimit    = 300 * time.Microsecond
	stallLimit   = 0.1                    // of the stall
	driftLimit   = 2.0                    // ppm, besides the bound
	changeLimit  = 100 * time.Millisecond // besides the time that it was in between
	checkRate    = 1000                   // messages a second
	checkClients = 100                    // enough for 40 ms of round trip at that rate
)

func (b bed) server(cfg server.Config) (netip.AddrPort, func(), error) {
	cfg.Engine, cfg.Shards = b.engine.engine, 1
	return startServer(cfg)
}

// load measures a server for a while, as the command does.
func (b bed) load(ctx context.Context, target netip.AddrPort, d time.Duration) (*record.Run, error) {
	return loadgen.Run(ctx, loadgen.Config{
		Target: target.String(), Clients: checkClients, Rate: checkRate, Duration: d, Size: 64,
		Timeout: 5 * time.Second, GiveUp: 15 * time.Second, ConnectRate: 5000,
		Proto: loadgen.Text, Timestamps: loadgen.AutoTime, Descriptors: 2*checkClients + serverDescriptors(1),
		Engine: b.engine.engine, Shards: b.engine.count(), CPUs: b.engine.cpus, Spin: b.engine.spin,
	})
}

// measure loads a server that is configured so.
func (b bed) measure(ctx context.Context, cfg server.Config, d time.Duration) (*record.Run, error) {
	addr, stop, err := b.server(cfg)
	if err != nil {
		return nil, err
	}
	defer stop()
	return b.load(ctx, addr, d)
}

func median(r *record.Run, metric string) time.Duration {
	return time.Duration(r.Metrics[metric].Percentiles["50"])
}

// overhead is what the tool adds where there is nothing else to measure.
func (b bed) overhead(ctx context.Context) ([]finding, error) {
	r, err := b.measure(ctx, server.Config{}, 2*time.Second)
	if err != nil {
		return nil, err
	}
	return []finding{judgeOverhead(r)}, nil
}

// judgeOverhead wants the tool's own medians to be small.
func judgeOverhead(r *record.Run) finding {
	f := finding{name: "overhead", injected: "nothing", passed: true}
	var medians []string
	for _, metric := range []string{record.RTT, record.Wakeup, record.Lag} {
		if _, ok := r.Metrics[metric]; !ok {
			continue // there is no wakeup without the kernel's timestamps
		}
		medians = append(medians, metric+" p50 "+short(median(r, metric)))
		f.passed = f.passed && median(r, metric) < floorLimit
	}
	f.measured = strings.Join(medians, ", ")
	return f
}

// stall is a server that stands still for a while: what is due meanwhile must wait.
func (b bed) stall(ctx context.Context) ([]finding, error) {
	const length, at, stall = 3 * time.Second, checkRate, 200 * time.Millisecond
	var answered, stalled atomic.Int64
	r, err := b.measure(ctx, server.Config{Log: func(e server.Event) {
		if e.Kind == server.Message && answered.Add(1) == at {
			from := time.Now()
			time.Sleep(stall)
			stalled.Store(int64(time.Since(from)))
		}
	}}, length)
	if err != nil {
		return nil, err
	}
	return []finding{judgeStall(time.Duration(stalled.Load()), r)}, nil
}

// judgeStall holds response to a stall of d. Those due in it wait from all of it down to
// nothing, evenly. So one in a hundred waits for longer than what is left of it when as
// many are still due.
func judgeStall(d time.Duration, r *record.Run) finding {
	longest, p99 := d, d-time.Duration(r.Config.Duration)/100
	m := r.Metrics[record.Response]
	near := func(got int64, want time.Duration) bool {
		return math.Abs(float64(got)-float64(want)) <= stallLimit*float64(d)
	}
	return finding{
		name:     "stall",
		injected: fmt.Sprintf("%s: response max %s, p99 %s", short(d), short(longest), short(p99)),
		measured: fmt.Sprintf("response max %s, p99 %s", short(time.Duration(m.Max)), short(time.Duration(m.Percentiles["99"]))),
		passed:   near(m.Max, longest) && near(m.Percentiles["99"], p99),
	}
}

// path is a relay whose directions take unequal times.
func (b bed) path(ctx context.Context) ([]finding, error) {
	addr, stop, err := b.server(server.Config{})
	if err != nil {
		return nil, err
	}
	defer stop()
	relay, err := rig.ListenTCP(rig.RelayConfig{
		Target: addr, Clock: clock.NewLine(), Engine: b.engine.engine, Seed: 1,
		Forward: rig.Path{Constant: 10 * time.Millisecond}, Reverse: rig.Path{Constant: 30 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	defer background(relay.Run)()
	r, err := b.load(ctx, relay.Addr(), 3*time.Second)
	if err != nil {
		return nil, err
	}
	return []finding{judgePath(held(relay.Forward()), held(relay.Reverse()), r)}, nil
}

// judgePath holds both directions to what a relay did.
func judgePath(forward, reverse time.Duration, r *record.Run) finding {
	near := func(metric string, want time.Duration) bool { return (median(r, metric) - want).Abs() <= pathLimit }
	return finding{
		name:     "path",
		injected: fmt.Sprintf("forward %s, reverse %s", short(forward), short(reverse)),
		measured: fmt.Sprintf("forward p50 %s, reverse p50 %s (%s)", short(median(r, record.Forward)), short(median(r, record.Reverse)), r.Clock.Relation),
		passed:   near(record.Forward, forward) && near(record.Reverse, reverse) && r.Clock.Relation == record.Same,
	}
}

// held is for how long a relay held packets in one direction, at the median.
func held(l *rig.Log) time.Duration {
	applied := l.Applied()
	if len(applied) == 0 {
		return 0
	}
	slices.SortFunc(applied, func(a, b rig.Applied) int { return int(a.Delay - b.Delay) })
	return time.Duration(applied[len(applied)/2].Delay)
}

// clock is a server whose clock is off, drifts, and is stepped in mid-run.
func (b bed) clock(ctx context.Context) ([]finding, error) {
	line := clock.NewLine()
	begin, _ := line.Now()
	wrong := rig.Clock{
		Clock: line, Begin: begin, Offset: 3200 * time.Millisecond, Drift: 50,
		Steps: []rig.Step{{After: 4 * time.Second, By: -5 * time.Millisecond}},
	}
	r, err := b.measure(ctx, server.Config{Clock: wrong}, 8*time.Second)
	if err != nil {
		return nil, err
	}
	return []finding{judgeOffset(wrong, r), judgeDrift(wrong, r), judgeStep(wrong, r)}, nil
}

// judgeOffset holds the offset at both ends to the truth.
func judgeOffset(truth rig.Clock, r *record.Run) finding {
	f := finding{name: "offset", measured: "nothing"}
	if len(r.Clock.Segments) == 0 {
		return f
	}
	first, last := r.Clock.Segments[0], r.Clock.Segments[len(r.Clock.Segments)-1]
	begin, end := truth.Error(r.Started.UnixNano()+first.From), truth.Error(r.Started.UnixNano()+last.To)
	f.injected = fmt.Sprintf("%s, in the end %s", unit.Precise(begin, first.Bound), unit.Precise(end, last.Bound))
	f.measured = fmt.Sprintf("%s, in the end %s, ± %s (%s)", unit.Precise(first.FromOffset, first.Bound), unit.Precise(last.ToOffset, last.Bound),
		unit.Duration(float64(r.Clock.Bound)), r.Clock.Relation)
	f.passed = abs(first.FromOffset-begin) <= first.Bound && abs(last.ToOffset-end) <= last.Bound && r.Clock.Relation == record.Corrected
	return f
}

func judgeDrift(truth rig.Clock, r *record.Run) finding {
	off := math.Abs(r.Clock.Drift - truth.Drift)
	return finding{
		name:     "drift",
		injected: fmt.Sprintf("%+.1f ppm", truth.Drift),
		measured: fmt.Sprintf("%+.1f ± %.1f ppm", r.Clock.Drift, r.Clock.DriftBound),
		passed:   off <= r.Clock.DriftBound+driftLimit && len(r.Clock.Segments) > 0,
	}
}

// judgeStep wants one change of a clock: the one that was made.
func judgeStep(truth rig.Clock, r *record.Run) finding {
	step := truth.Steps[0]
	at := time.Duration(truth.Begin + int64(step.After) - r.Started.UnixNano())
	f := finding{name: "step", injected: fmt.Sprintf("%v after %s", step.By, short(at))}
	var steps []record.Change
	for _, c := range r.Clock.Changes {
		if c.Kind == record.ClockStep || c.Kind == record.ClockSlew {
			steps = append(steps, c)
			f.measured += fmt.Sprintf("%s after %s ", unit.Precise(c.By, r.Clock.Bound), between(c))
		}
	}
	f.passed = len(steps) == 1 && steps[0].Kind == record.ClockStep &&
		abs(steps[0].By-int64(step.By)) <= r.Clock.Bound && time.Duration(steps[0].From)-at <= changeLimit && at-time.Duration(steps[0].To) <= changeLimit
	return f
}

// between says when a change was.
func between(c record.Change) string {
	from, to := short(time.Duration(c.From)), short(time.Duration(c.To))
	if from == to {
		return from
	}
	return from + " to " + to
}

// short writes a time with three digits.
func short(d time.Duration) string { return unit.Duration(float64(d)) }

func abs(n int64) int64 { return max(n, -n) }
