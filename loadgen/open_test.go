package loadgen

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/wire"
)

// world is shards with simulated clients whose server answers when the test says.
type world struct {
	*testing.T
	loops  []*evlooptest.Shard
	shards []*shard
	sent   map[int64][]string // by the time at which they were sent: the messages
}

// simulateOpen opens the clients of a run on some shards, and begins it.
func simulateOpen(t *testing.T, shards int, from, until int64, cfg Config) *world {
	t.Helper()
	cfg.Size, cfg.Proto, cfg.Timeout, cfg.ConnectRate = 40, Text, time.Second, MaxConnectRate
	p := newPlan(t, cfg)
	w := &world{T: t, sent: map[int64][]string{}}
	for i := range shards {
		loop := &evlooptest.Shard{Number: i, Time: begin}
		s := newShard(p, loop, shards)
		s.begin()
		loop.Advance(begin + ms)
		for _, c := range loop.Dialed {
			c.Establish()
		}
		w.loops, w.shards = append(w.loops, loop), append(w.shards, s)
	}
	p.paces.warmFrom = begin + ms
	p.window.end.Store(until)
	p.window.begin.Store(from)
	for _, s := range w.shards {
		s.start()
		s.schedule()
	}
	return w
}

// run advances all shards to a time in small steps. The server answers what is
// under way in each step for which answers is true.
func (w *world) run(to, step int64, answers func(now int64) bool) {
	for _, loop := range w.loops {
		for now := loop.Time; now < to; now += step {
			loop.Advance(now + step)
			if !answers(loop.Time) {
				continue
			}
			// What is sent on receipt of an answer is answered too: a server
			// that needs no time.
			for again := true; again; {
				again = false
				for _, c := range loop.Dialed {
					if m := c.Written; len(m) == 40 {
						w.sent[loop.Time] = append(w.sent[loop.Time], string(m))
						c.Written = nil
						again = true
						c.Receive(string(wire.AppendReply(nil, loop.Time, m)))
					}
				}
			}
		}
		loop.Advance(to)
	}
}

func always(int64) bool { return true }

// counts are those of all shards, to be asked for once.
func (w *world) counts() (c counts) {
	for i, s := range w.shards {
		ended := w.loops[i].Time
		s.countServed(min(ended, s.window.until()), 0, 0)
		s.countBacklog(ended)
		c.add(s.counts)
	}
	return c
}

func (w *world) metrics() metrics {
	m := newMetrics(w.shards[0].cfg, immediate)
	for _, s := range w.shards {
		m.merge(s.recorded())
	}
	return m
}

// near reports a figure that is further than a histogram's resolution from what
// it should be.
func (w *world) near(what string, got, want int64) {
	w.Helper()
	if d := math.Abs(float64(got - want)); d > math.Abs(float64(want))*0.002+1 {
		w.Errorf("%s is %v, want %v", what, time.Duration(got), time.Duration(want))
	}
}

// TestStallIsSeen holds the arithmetic of a stall: of a server that stands still
// for 500 ms in 10 s, with 1,000 messages due in a second, a twentieth falls into
// the stall and is late by 0 to 500 ms, evenly. So response p99 is at 400 ms and
// p99.9 at 490, while only one message for each client shows in rtt.
func TestStallIsSeen(t *testing.T) {
	from := begin + 100*ms
	w := simulateOpen(t, 1, from, from+10_000*ms, Config{Clients: 10, Rate: 1000, Duration: 10 * time.Second})
	stalled := func(now int64) bool { return now < from+4000*ms || now >= from+4500*ms }
	w.run(from+10_001*ms, ms/10, stalled)
	m, c := w.metrics(), w.counts()
	w.near("response p99", m[response].Percentile(99), 400*ms)
	w.near("response p99.9", m[response].Percentile(99.9), 490*ms)
	w.near("response max", m[response].Max(), 500*ms)
	w.near("lag p99", m[lag].Percentile(99), 390*ms) // the ten that were under way, and answered last, were sent in time
	if p99 := m[rtt].Percentile(99); p99 > ms {
		w.Errorf("rtt p99 is %v", time.Duration(p99))
	}
	w.near("rtt max", m[rtt].Max(), 500*ms)
	if own := m[ownLag].Max(); own != 0 {
		w.Errorf("own_lag is up to %v: the wait was the server's", time.Duration(own))
	}
	if c.received != 10_000 || c.backlog() != 0 {
		w.Errorf("%d replies, backlog %d", c.received, c.backlog())
	}
	if sums := m[response].Mean() - m[lag].Mean() - m[rtt].Mean(); math.Abs(sums) > 1 {
		w.Errorf("response ≠ lag + rtt, by %v ns on average", sums)
	}
}

// TestOwnLag holds that what the generator is late by itself is its own.
func TestOwnLag(t *testing.T) {
	w := simulateOpen(t, 1, begin+ms, never, Config{Clients: 1, Rate: 10, Messages: 100})
	w.run(begin+350*ms, ms, always)
	w.loops[0].Time += 120 * ms // the generator slept: what was due at 401 ms is sent at 470
	w.run(begin+480*ms, ms, always)
	m := w.metrics()
	w.near("own_lag max", m[ownLag].Max(), 69*ms)
	w.near("lag max", m[lag].Max(), 69*ms)
}

// TestStalledGenerator holds the arithmetic of TestStallIsSeen for a generator that
// stands still instead of the server: all of the lateness is its own, also that of
// messages which were never sent.
func TestStalledGenerator(t *testing.T) {
	for name, at := range map[string]int64{"in mid-run": 4000 * ms, "at the end": 9600 * ms} {
		t.Run(name, func(t *testing.T) {
			from := begin + 100*ms
			w := simulateOpen(t, 1, from, from+10_000*ms, Config{Clients: 10, Rate: 1000, Duration: 10 * time.Second})
			w.run(from+at, ms/10, always)
			w.loops[0].Time += 500 * ms
			w.run(from+10_200*ms, ms/10, always)
			m, c := w.metrics(), w.counts()
			if at < 9000*ms {
				w.near("own_lag p99", m[ownLag].Percentile(99), 400*ms)
				w.near("lag p99", m[lag].Percentile(99), 400*ms)
				return
			}
			if c.backlog() < 300 || c.ownOverdue < c.overdue*9/10 {
				t.Errorf("backlog %d; of %v that it was late %v are the generator's own", c.backlog(), time.Duration(c.overdue), time.Duration(c.ownOverdue))
			}
		})
	}
}

// TestOwnLagIsInherited holds that a generator which does not read a reply has to
// answer for all messages that are late because of that, and for none that are late
// because of the server.
func TestOwnLagIsInherited(t *testing.T) {
	for name, tc := range map[string]struct {
		arrived int64 // when the reply reached the kernel, after it was sent
		own     int64 // own_lag of those that follow, 5 ms being due and 100 passing until it is read
	}{
		"it was there all the time":   {1 * ms, 95 * ms},
		"it came as late":             {100 * ms, 0},
		"it came in between":          {60 * ms, 40 * ms},
		"it was there before the due": {3 * ms, 95 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			w := simulateOpen(t, 1, begin+ms, never, Config{Clients: 1, Rate: 200, Messages: 100})
			loop := w.loops[0]
			loop.Advance(begin + 12*ms) // the first message is sent
			c, client := loop.Dialed[0], &w.shards[0].clients[0]
			sent := client.sent
			loop.Time = sent + 100*ms
			answer := func(arrived int64) {
				reply := wire.AppendReply(nil, arrived, c.Written)
				c.Written = nil
				client.Data(c, reply, evloop.Stamp{Read: loop.Time, Arrived: arrived})
			}
			w.shards[0].harvest.metrics[wakeup] = hist.New()
			answer(sent + tc.arrived)
			for range 3 { // those that were due meanwhile, answered at once
				answer(loop.Time)
			}
			m := w.shards[0].recorded()
			w.near("lag of the next", m[lag].Max(), 95*ms)
			w.near("own_lag of the next", m[ownLag].Max(), tc.own)
		})
	}
}

// TestIdleClientsDoNotTimeOut holds that a timeout is for replies, and not for
// messages that are not due yet.
func TestIdleClientsDoNotTimeOut(t *testing.T) {
	w := simulateOpen(t, 1, begin+ms, never, Config{Clients: 3, Rate: 0.01, Messages: 100})
	w.run(begin+10*int64(time.Minute), 100*ms, always)
	if c := w.counts(); c.errors.total() != 0 {
		t.Errorf("errors %v", c.errors.named())
	}
}

// TestOverhang holds that what a warm-up leaves behind is counted.
func TestOverhang(t *testing.T) {
	w := simulateOpen(t, 1, begin+501*ms, begin+601*ms, Config{Clients: 2, Rate: 1000, Duration: time.Second})
	w.run(begin+620*ms, 10*ms, once(w))
	// From 2 ms on, 500 were due, and a hundred sent: one for each client every 10 ms.
	if n := w.counts().overhang; n < 395 || n > 401 {
		t.Errorf("%d messages of the warm-up were left, want about 400", n)
	}
}

// TestScheduleIsTheSameOnAnyNumberOfShards holds it message by message, for both
// kinds of arrivals.
func TestScheduleIsTheSameOnAnyNumberOfShards(t *testing.T) {
	for _, arrivals := range []pace.Arrivals{pace.Constant, pace.Poisson} {
		var first map[int64][]string
		for _, shards := range []int{1, 2, 3, 7} {
			cfg := Config{Clients: 7, Rate: 500, Duration: time.Second, Arrivals: arrivals, Seed: 5}
			if arrivals == pace.Constant {
				cfg.Seed = 0
			}
			w := simulateOpen(t, shards, begin+10*ms, begin+1010*ms, cfg)
			w.run(begin+1011*ms, 1000, always) // fine steps: the times are those of sending
			for at := range w.sent {
				slices.Sort(w.sent[at])
			}
			if first == nil {
				first = w.sent
				continue
			}
			if len(first) < 400 || fmt.Sprint(first) != fmt.Sprint(w.sent) {
				t.Errorf("%s: on %d shards other messages than on one", arrivals, shards)
			}
		}
	}
}

// TestDueInTheMeasuredTime holds that warm-up and measured time have schedules of
// their own, that only messages due in the measured time count, and all of those.
func TestDueInTheMeasuredTime(t *testing.T) {
	for _, clients := range []int{1, 3, 16} {
		from := begin + 57*ms // in the middle of a gap of the warm-up
		w := simulateOpen(t, 2, from, from+1000*ms, Config{Clients: clients, Rate: 1000, Duration: time.Second})
		w.run(from+1001*ms, ms/10, always)
		if c := w.counts(); c.sent != 1000 || c.received != 1000 || c.backlog() != 0 || c.late != 0 {
			t.Errorf("%d clients: %+v", clients, c)
		}
		if l := w.metrics()[lag].Max(); l > ms/10 {
			t.Errorf("%d clients: late by %v", clients, time.Duration(l))
		}
		for i := range w.shards {
			if !w.shards[i].told {
				t.Errorf("%d clients: shard %d has not finished", clients, i)
			}
		}
	}
}

// TestBacklog holds that what a server has no time for is counted: due is what was
// sent and what was not.
func TestBacklog(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  Config
		from int64
		due  int64
	}{
		"constant":           {Config{Clients: 2, Rate: 1000, Duration: time.Second}, begin + ms, 1000},
		"after a warm-up":    {Config{Clients: 2, Rate: 1000, Duration: time.Second}, begin + 500*ms, 1000},
		"stages":             {Config{Clients: 3, Stages: []pace.Stage{{From: 0, To: 4000, Length: time.Second / 2}}}, begin + 500*ms, 1000},
		"a long warm-up":     {Config{Clients: 2, Rate: 1000, Duration: time.Second}, begin + 30_000*ms, 1000},
		"several times over": {Config{Clients: 2, Rate: 100_000, Duration: time.Second}, begin + ms, 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			until := tc.from + int64(time.Second)
			if len(tc.cfg.Stages) > 0 {
				until = tc.from + int64(time.Second/2)
			}
			w := simulateOpen(t, 1, tc.from, until, tc.cfg)
			// A reply every 10 ms to each client: 200 a second.
			w.run(until+1100*ms, 10*ms, once(w))
			c := w.counts()
			m := w.metrics()
			if c.ownOverdue != 0 || c.overdue == 0 {
				t.Errorf("of %v that it was late %v are the generator's own", time.Duration(c.overdue), time.Duration(c.ownOverdue))
			}
			if c.sent+c.neverSent != tc.due {
				t.Errorf("sent %d + never sent %d ≠ %d", c.sent, c.neverSent, tc.due)
			}
			if c.backlog() == 0 || !w.shards[0].told {
				t.Errorf("backlog %d, of which %d were never sent, finished %v", c.backlog(), c.neverSent, w.shards[0].told)
			}
			if measured, censored := m[response].Count(), m[responseCensored].Count(); measured+censored != tc.due || m[rttCensored].Count() != c.failed || m[lag].Count() != c.sent {
				t.Errorf("response has %d + %d, rtt %d without a reply, lag %d; %+v", measured, censored, m[rttCensored].Count(), m[lag].Count(), c)
			}
		})
	}
}

// TestStallAtTheEnd is a server that stands still for the last 800 ms of 20 s. What was
// due by then is still sent: the slowest messages of all are those that were due in the
// stall, one in 25, and not only the one of each client that was under way.
func TestStallAtTheEnd(t *testing.T) {
	from := begin + 100*ms
	until := from + 20_000*ms
	for name, tc := range map[string]struct {
		resumes  int64 // on the time line
		p98, p99 int64
		known    bool
	}{
		"it answers again": {until, 400 * ms, 600 * ms, true},
		// The last is given up a second after the end, for that is the timeout.
		"it never does": {never, 1500 * ms, 1700 * ms, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := simulateOpen(t, 1, from, until, Config{Clients: 10, Rate: 1000, Duration: 20 * time.Second})
			w.run(until+1100*ms, ms/10, func(now int64) bool { return now < until-800*ms || now >= tc.resumes })
			c, m := w.counts(), w.metrics().all(0)[record.Response]
			if m.Samples() != 20_000 || c.backlog() < 700 || !w.shards[0].told {
				t.Errorf("%d replies and %d without, of 20,000 messages; %+v", m.Count, m.Unanswered(), c)
			}
			r := &record.Run{Metrics: map[string]record.Metric{record.Response: m}}
			for stat, want := range map[string]int64{"p98": tc.p98, "p99": tc.p99} {
				v, err := record.Figure{Metric: record.Response, Stat: stat}.Range(r)
				if err != nil || (v.Doubt == "") != tc.known || tc.known != !math.IsInf(v.High, 1) {
					t.Errorf("%s: %+v, %v", stat, v, err)
				}
				if math.Abs(v.Low-float64(want)) > float64(15*ms) {
					t.Errorf("response %s is %v, want %v", stat, time.Duration(v.Low), time.Duration(want))
				}
			}
		})
	}
}

// once answers each client once in a step.
func once(w *world) func(int64) bool {
	return func(now int64) bool {
		for _, c := range w.loops[0].Dialed {
			if m := c.Written; len(m) == 40 {
				c.Written = nil
				c.Receive(string(wire.AppendReply(nil, now, m)))
			}
		}
		return false
	}
}

// TestMessagesOfAnOpenLoop holds that a number of messages ends it.
func TestMessagesOfAnOpenLoop(t *testing.T) {
	for _, a := range []pace.Arrivals{pace.Constant, pace.Poisson} {
		w := simulateOpen(t, 1, begin+ms, never, Config{Clients: 3, Rate: 100, Messages: 10, Arrivals: a})
		w.run(begin+2000*ms, ms, always)
		s := w.shards[0]
		told := false
		for len(s.reports) > 0 {
			r := <-s.reports
			told = told || r.what == spent
		}
		s.stop() // as the supervisor has it
		s.tellFinished()
		if c := w.counts(); c.received != 10 || !told {
			t.Errorf("%s: %d replies, the end told: %v", a, c.received, told)
		}
	}
}

// TestInterruptedOpenLoop holds that what is under way and what was due until then
// is counted.
func TestInterruptedOpenLoop(t *testing.T) {
	w := simulateOpen(t, 1, begin+ms, begin+10_001*ms, Config{Clients: 2, Rate: 1000, Duration: 10 * time.Second})
	w.run(begin+101*ms, ms, func(int64) bool { return false })
	w.shards[0].interrupt()
	if c := w.counts(); c.unanswered != 2 || c.sent != 2 || c.backlog() != 98 {
		t.Errorf("%+v, want 2 unanswered and a backlog of 98", c)
	}
}

// TestLostConnection holds that what is due meanwhile is sent when there is one
// again.
func TestLostConnection(t *testing.T) {
	w := simulateOpen(t, 1, begin+ms, begin+1001*ms, Config{Clients: 1, Rate: 100, Duration: time.Second})
	loop := w.loops[0]
	w.run(begin+301*ms, ms, always)
	loop.Dialed[0].End(fmt.Errorf("gone"))
	loop.Advance(begin + 400*ms) // dialed again after 10 ms, and connected now
	loop.Dialed[len(loop.Dialed)-1].Establish()
	w.run(begin+1010*ms, ms, always)
	c, m := w.counts(), w.metrics()
	if c.received+c.failed != 100 || c.backlog() != 0 {
		t.Errorf("%+v, want 100 messages and no backlog", c)
	}
	if late := m[lag].Max(); late < 80*ms || late > 100*ms {
		t.Errorf("late by up to %v", time.Duration(late))
	}
	if own := m[ownLag].Max(); own > ms {
		t.Errorf("own_lag up to %v: there was no connection", time.Duration(own))
	}
}

func TestOpenLoopAllocatesNothing(t *testing.T) {
	w := simulateOpen(t, 1, begin+ms, never, Config{Clients: 1, Rate: 1e6, Messages: 1e9, Arrivals: pace.Poisson})
	loop, s := w.loops[0], w.shards[0]
	c := loop.Dialed[0]
	loop.Advance(begin + 10*ms)
	reply := make([]byte, 0, wire.MaxReply)
	if n := testing.AllocsPerRun(1000, func() {
		reply = wire.AppendReply(reply[:0], loop.Time, c.Written)
		c.Written = c.Written[:0]
		loop.Time += 1000
		s.clients[0].Data(c, reply, evloop.Stamp{Read: loop.Time})
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func TestWarmth(t *testing.T) {
	for name, tc := range map[string]struct {
		medians []int64 // of each quarter of a second
		at      int     // the number of quarters after which it has settled; 0 is never
	}{
		"steady":           {[]int64{100, 100, 100, 100, 100, 100, 100, 100, 100}, 8},
		"within 5 %":       {[]int64{100, 100, 100, 100, 105, 105, 105, 105, 105}, 8},
		"beyond":           {[]int64{100, 100, 100, 100, 106, 106, 106, 106, 106, 106, 106, 106}, 12},
		"falling":          {[]int64{800, 800, 800, 800, 400, 400, 400, 400, 200, 200, 200, 200}, 0},
		"too short":        {[]int64{100, 100, 100, 100, 100, 100, 100}, 0},
		"nothing measured": {[]int64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
	} {
		w := warmth{now: hist.New()}
		at := 0
		for i, m := range tc.medians {
			h := hist.New()
			if m > 0 {
				h.Record(m * 1000)
			}
			if w.add(h, int64(i+1)*250e6); w.settled && at == 0 {
				at = i + 1
			}
		}
		if at != tc.at {
			t.Errorf("%s: settled after %d quarters, want %d", name, at, tc.at)
		}
	}
}

func TestParsePrecision(t *testing.T) {
	for text, want := range map[string]Precision{
		"p99±2%":           {"", 99, 0.02},
		"p99+-2%":          {"", 99, 0.02},
		"rtt.p99.9±0.5%":   {"rtt", 99.9, 0.005},
		"response.p50±10%": {"response", 50, 0.1},
	} {
		if got, err := ParsePrecision(text); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "p99", "p99±2", "99±2%", "±2%", "p99±%", "p±2%", "p99±2%%", "p99±2%x", "rtt±2%"} {
		if got, err := ParsePrecision(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func TestAllowance(t *testing.T) {
	for _, tc := range []struct {
		text             string
		errors, messages int64
		covers           bool
	}{
		{"0", 0, 100, true},
		{"0", 1, 1e9, false},
		{"10", 10, 0, true},
		{"10", 11, 1e9, false},
		{"0.1%", 1, 1000, true},
		{"0.1%", 2, 1000, false},
		{"0.1%", 0, 0, true},
		{"0.1%", 1, 0, false},
		{"100%", 5, 5, true},
	} {
		a, err := ParseAllowance(tc.text)
		if err != nil || a.String() != tc.text {
			t.Errorf("%s is read as %s, %v", tc.text, a, err)
		}
		if a.covers(tc.errors, tc.messages) != tc.covers {
			t.Errorf("%s: %d errors in %d messages: %v", tc.text, tc.errors, tc.messages, !tc.covers)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "-1%", "101%", "NaN%", "many", "%"} {
		if a, err := ParseAllowance(text); err == nil {
			t.Errorf("%q is %s", text, a)
		}
	}
}

func FuzzParsePrecision(f *testing.F) {
	f.Add("rtt.p99.9±0.5%")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePrecision(text)
		if err == nil {
			_ = p.validate(Config{Rate: 1})
		}
	})
}

func FuzzParseAllowance(f *testing.F) {
	f.Add("0.1%")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAllowance(text)
		if err != nil {
			return
		}
		if strings.Contains(a.String(), "N") || !a.covers(0, 0) {
			t.Errorf("%q is read as %s", text, a)
		}
	})
}
