package loadgen

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/rig"
	"github.com/echostamp/echostamp/internal/wire"
)

// route is a network and a server in simulated time: what each direction takes is known,
// and so is what the server's clock says.
type route struct {
	forward, reverse way
	clock            rig.Clock     // of the server; its line is the simulated one
	others           int           // so many clients are led to a server
	by               time.Duration // whose clock is ahead by so much
}

// ahead is how far the clock is ahead of r.clock that answers a message.
func (r *route) ahead(message []byte) int64 {
	_, id, _ := bytes.Cut(message, []byte(":"))
	if n, err := strconv.ParseUint(string(id[:clientDigits]), 16, 32); err != nil || int(n) >= r.others {
		return 0
	}
	return int64(r.by)
}

// way is one direction: a constant time, and one at random that is exponential.
type way struct {
	least, mean int64
	taken       []int64 // by each message
}

func (w *way) take(r *rand.Rand) int64 {
	d := w.least + int64(float64(w.mean)*r.ExpFloat64())
	w.taken = append(w.taken, d)
	return d
}

func (w *way) percentile(q float64) int64 {
	slices.Sort(w.taken)
	return w.taken[int(math.Ceil(q/100*float64(len(w.taken))))-1]
}

// carry has messages answered by the server at the other end.
func (r *route) carry(loop *evlooptest.Shard) {
	random := rand.New(rand.NewPCG(7, 7))
	loop.Sent = func(c *evlooptest.Conn, b []byte) {
		if wire.IsGoodbye(b) {
			return
		}
		message := bytes.Clone(b)
		forward, reverse := r.forward.take(random), r.reverse.take(random)
		loop.Schedule(evloop.NewTimer(func(now int64) {
			reply := wire.AppendReply(nil, r.clock.Shown(now+r.clock.Error(now))+r.ahead(message), message)
			loop.Schedule(evloop.NewTimer(func(int64) { c.Receive(string(reply)) }), now+reverse)
		}), loop.Now()+forward)
	}
}

// simulateRun carries out a whole run on a route, in simulated time: from the first
// connection to the record. The target is an address of this host.
func simulateRun(t *testing.T, cfg Config, r *route) *record.Run {
	t.Helper()
	cfg.Size, cfg.Proto, cfg.Shards, cfg.Timeout, cfg.ConnectRate = 64, Text, 1, time.Second, MaxConnectRate
	s := &supervisor{phase: Measuring, local: true}
	s.window.init()
	if err := s.prepare(cfg); err != nil {
		t.Fatal(err)
	}
	s.directions.estimator.ExpectOneClock()
	s.reports, s.began = make(chan report, 100), begin
	loop := &evlooptest.Shard{Time: begin}
	r.carry(loop)
	sh := newShard(&s.plan, loop, 1)
	s.shards = append(s.shards, sh)
	sh.begin()
	loop.Advance(begin + ms)
	for _, c := range loop.Dialed {
		c.Establish()
	}
	s.sending = loop.Time
	s.paces.warmFrom = s.sending
	s.setWindow(s.sending)
	s.started = time.Unix(0, s.sending)
	sh.start()
	sh.schedule()
	for end := s.window.until() + int64(cfg.Timeout); loop.Time < end; {
		loop.Advance(loop.Time + pulseEvery)
		s.reap(sh)
	}
	s.ended = loop.Time
	s.gather()
	run, err := s.result()
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// within reports a figure that is off by more than the histograms' resolution and a
// tolerance.
func within(t *testing.T, what string, got, want, tolerance int64) {
	t.Helper()
	if off := max(got-want, want-got); off > tolerance+want/500 {
		t.Errorf("%s is %v, want %v", what, time.Duration(got), time.Duration(want))
	}
}

// TestUnequalPath holds directions to what a path of 10 ms forward and 30 ms back took, and
// some at random.
func TestUnequalPath(t *testing.T) {
	path := &route{forward: way{least: 10 * ms, mean: ms / 2}, reverse: way{least: 30 * ms, mean: ms}}
	run := simulateRun(t, Config{Clients: 100, Rate: 1000, Duration: 3 * time.Second}, path)
	if run.Clock.Relation != record.Same || run.Totals.Received != 3000 {
		t.Errorf("clocks: %s, %d replies", run.Clock.Relation, run.Totals.Received)
	}
	for _, q := range []float64{50, 99} {
		name := record.PercentileName(q)
		within(t, "forward p"+name, run.Metrics[record.Forward].Percentiles[name], path.forward.percentile(q), 0)
		within(t, "reverse p"+name, run.Metrics[record.Reverse].Percentiles[name], path.reverse.percentile(q), 0)
	}
}

// TestWrongClock holds what is found of a server's clock that is 3.2 s ahead, 50 ppm fast,
// and stepped by −5 ms in mid-run, on a path of 10 and 30 ms. The step is a fraction of the
// round trip: it is found although no timestamp is impossible.
func TestWrongClock(t *testing.T) {
	truth := rig.Clock{
		Begin: begin, Offset: 3200 * time.Millisecond, Drift: 50,
		Steps: []rig.Step{{After: 13 * time.Second, By: -5 * time.Millisecond}},
	}
	path := &route{forward: way{least: 10 * ms, mean: ms / 2}, reverse: way{least: 30 * ms, mean: ms}, clock: truth}
	run := simulateRun(t, Config{Clients: 100, Rate: 1000, Duration: 22 * time.Second}, path)
	c := run.Clock
	if c.Relation != record.Corrected || len(c.Segments) == 0 {
		t.Fatalf("%+v", c)
	}
	first, last, started := c.Segments[0], c.Segments[len(c.Segments)-1], run.Started.UnixNano()
	within(t, "the offset at the beginning", first.FromOffset, truth.Error(started+first.From), first.Bound)
	within(t, "the offset in the end", last.ToOffset, truth.Error(started+last.To), last.Bound)
	if math.Abs(c.Drift-truth.Drift) > min(2, c.DriftBound) {
		t.Errorf("drift is %+.2f ± %.2f ppm", c.Drift, c.DriftBound)
	}
	var steps []record.Change
	for _, change := range c.Changes {
		if change.Kind == record.ClockStep || change.Kind == record.ClockSlew {
			steps = append(steps, change)
		}
	}
	at := begin + int64(13*time.Second) - started
	if len(steps) != 1 || steps[0].Kind != record.ClockStep || steps[0].From > at+100*ms || steps[0].To < at-100*ms {
		t.Errorf("steps %+v, want one %v after the beginning", steps, time.Duration(at))
	} else if off := steps[0].By + 5*ms; max(off, -off) > c.Bound {
		t.Errorf("the step is by %v ± %v", time.Duration(steps[0].By), time.Duration(c.Bound))
	}
	if share := float64(c.Excluded) / float64(run.Totals.Received); share > 0.05 {
		t.Errorf("%.1f%% of the replies are excluded", share*100)
	}
	for _, q := range []float64{50, 99} {
		for name, w := range map[string]*way{record.ForwardExcess: &path.forward, record.ReverseExcess: &path.reverse} {
			want := w.percentile(q) - w.percentile(0.001)
			got := run.Metrics[name].Percentiles[record.PercentileName(q)]
			within(t, name+" p"+record.PercentileName(q), got, want, max(want/20, ms/50))
		}
	}
}

// TestNoStamps holds that a run of which the kernel stamped nothing has no wakeup, as its
// stream has none, and says for how many replies that is.
func TestNoStamps(t *testing.T) {
	path := &route{forward: way{least: ms}, reverse: way{least: ms}}
	run := simulateRun(t, Config{Clients: 1, Rate: 100, Duration: time.Second, Engine: evloop.Epoll, Timestamps: KernelTime}, path)
	if _, ok := run.Metrics[record.Wakeup]; ok || run.Config.Timestamps != record.KernelTime || run.Totals.Unstamped != 100 {
		t.Errorf("wakeup is there: %v; timestamps %s, %d without", ok, run.Config.Timestamps, run.Totals.Unstamped)
	}
}
