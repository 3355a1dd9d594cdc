package loadgen

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/wire"
)

const (
	begin = int64(1732310000e9) // of the simulated time line
	ms    = int64(time.Millisecond)
)

// sim is one client on a simulated shard.
type sim struct {
	*testing.T
	loop *evlooptest.Shard
	*shard
}

func simulate(t *testing.T, change func(*Config)) sim {
	cfg := Config{Clients: 1, Size: 40, Proto: Text, Timeout: time.Second, ConnectRate: 1000}
	if change != nil {
		change(&cfg)
	}
	loop := &evlooptest.Shard{Time: begin}
	s := sim{t, loop, newShard(newPlan(t, cfg), loop, 1)}
	s.begin()
	loop.Advance(begin)
	return s
}

// newPlan is what the supervisor prepares for the shards.
func newPlan(t *testing.T, cfg Config) *plan {
	var sup supervisor
	if err := sup.prepare(cfg); err != nil {
		t.Fatal(err)
	}
	p := &sup.plan
	p.window.init()
	p.began = begin
	p.seed = 1
	p.reports = make(chan report, 100)
	return p
}

// recorded are the metrics of all that was measured.
func (s *shard) recorded() metrics {
	for len(s.harvests) > 0 {
		if h := <-s.harvests; h.interval != unmeasured {
			s.harvest.metrics.merge(h.metrics)
		}
	}
	if s.harvest.interval == unmeasured {
		return newMetrics(s.cfg, immediate)
	}
	return s.harvest.metrics
}

// run has the clients send, and measures from one time until another.
func (s sim) run(from, until int64) {
	if s.paces != nil {
		s.paces.warmFrom = s.loop.Time
	}
	s.start()
	s.window.end.Store(until)
	s.window.begin.Store(from)
	s.schedule()
}

// open is a run whose only client is connected and has sent its first message.
func open(t *testing.T, change func(*Config)) sim {
	s := simulate(t, change)
	s.conn().Establish()
	s.run(begin, never)
	s.after(0)
	return s
}

// conn is the newest connection.
func (s sim) conn() *evlooptest.Conn {
	s.Helper()
	if len(s.loop.Dialed) == 0 {
		s.Fatal("nothing was dialed")
	}
	return s.loop.Dialed[len(s.loop.Dialed)-1]
}

// take returns what the client has written since take was called last.
func (s sim) take() string {
	s.Helper()
	text := string(s.conn().Written)
	s.conn().Written = nil
	return text
}

// after moves the clock.
func (s sim) after(d int64) { s.loop.Advance(s.loop.Time + d) }

// answer replies to the message under way, stamped so long before now.
func (s sim) answer(ago int64) {
	s.Helper()
	s.conn().Receive(string(wire.AppendReply(nil, s.loop.Time-ago, []byte(s.take()))))
}

func (s sim) expect(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// holds checks the promise of record.Totals.
func (s sim) holds() {
	s.Helper()
	if c := s.counts; c.sent != c.received+c.failed+c.unanswered {
		s.Errorf("sent %d ≠ received %d + failed %d + unanswered %d", c.sent, c.received, c.failed, c.unanswered)
	}
}

func TestClosedLoop(t *testing.T) {
	s := open(t, nil)
	for range 3 {
		s.after(4 * ms)
		s.answer(1 * ms)
	}
	s.expect("received", s.counts.received, int64(3))
	for name, m := range map[string][2]int64{
		"rtt":     {s.recorded()[rtt].Min(), 4 * ms},
		"forward": {s.recorded()[forwardRaw].Min(), 3 * ms},
		"reverse": {s.recorded()[reverseRaw].Max(), 1 * ms},
	} {
		s.expect(name, m[0], m[1])
	}
	s.holds()
}

// TestArrivals holds what is made of the kernel's word on when a reply arrived.
func TestArrivals(t *testing.T) {
	for name, tc := range map[string]struct {
		arrived         int64 // before the reply is read, 4 ms after it was sent
		stamped         int64
		reverse, wakeup int64
	}{
		"in time":                     {1 * ms, 1, 2 * ms, 1 * ms},
		"at once":                     {0, 1, 3 * ms, 0},
		"no stamp":                    {begin + 4*ms, 0, 3 * ms, -1},
		"before it was sent: a step":  {5 * ms, 0, 3 * ms, -1},
		"after it was read: one back": {-1, 0, 3 * ms, -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			s.harvest.metrics[wakeup] = hist.New()
			s.after(4 * ms)
			now := s.loop.Time
			reply := wire.AppendReply(nil, begin+ms, []byte(s.take()))
			s.clients[0].Data(s.conn(), reply, evloop.Stamp{Read: now, Wall: now, Arrived: now - tc.arrived})
			s.expect("stamped", s.counts.stamped, tc.stamped)
			s.expect("rtt", s.recorded()[rtt].Max(), 4*ms)
			s.expect("forward", s.recorded()[forwardRaw].Max(), 1*ms)
			s.expect("reverse", s.recorded()[reverseRaw].Max(), tc.reverse)
			if w := s.recorded()[wakeup]; tc.wakeup < 0 && w.Count() != 0 || tc.wakeup >= 0 && w.Max() != tc.wakeup {
				t.Errorf("wakeup: %d values up to %d, want %d", w.Count(), w.Max(), tc.wakeup)
			}
		})
	}
}

func TestMessagesAreUnique(t *testing.T) {
	s := open(t, func(c *Config) { c.Clients = 3 })
	s.after(10 * ms) // all clients have dialed
	seen := map[string]bool{}
	for _, c := range s.loop.Dialed[1:] {
		c.Establish()
	}
	for range 5 {
		for _, c := range s.loop.Dialed {
			m := string(c.Written)
			if seen[m] || len(m) != 40 || !strings.HasPrefix(m, "17323100") {
				t.Errorf("message %q is not 40 new bytes with a timestamp", m)
			}
			seen[m] = true
			c.Written = nil
			c.Receive(string(wire.AppendReply(nil, s.loop.Time, []byte(m))))
		}
	}
}

func TestReplyInPieces(t *testing.T) {
	s := open(t, nil)
	s.after(ms)
	for _, b := range wire.AppendReply(nil, s.loop.Time, []byte(s.take())) {
		s.after(ms)
		s.conn().Receive(string(b))
	}
	s.expect("received", s.counts.received, int64(1))
	s.expect("errors", s.counts.errors.total(), int64(0))
	if got, want := s.recorded()[rtt].Max(), int64(62)*ms; got != want {
		t.Errorf("rtt %d, want that of the last byte, %d", got, want)
	}
	s.answer(0)
	s.expect("received", s.counts.received, int64(2))
}

func TestDeviations(t *testing.T) {
	for name, tc := range map[string]struct {
		reply func(m string) string
		end   error
		kind  string
	}{
		"garbage":               {reply: func(string) string { return "HTTP/1.1 400 Bad Request\r\n" }, kind: "malformed"},
		"plain echo":            {reply: func(m string) string { return m }, kind: "mismatch"},
		"an old message":        {reply: func(m string) string { return "1732310000.5:" + strings.Replace(m, "000001", "000000", 1) }, kind: "mismatch"},
		"split":                 {reply: func(m string) string { return "1.5:" + m[:9] + "1.6:" + m[9:] }, kind: "split"},
		"coalesced":             {reply: func(m string) string { return "1.5:" + m + "1.5:" + m }, kind: "coalesced"},
		"goodbye byte":          {reply: func(string) string { return "\xff" }, kind: "goodbye"},
		"end of stream":         {end: io.EOF, kind: "goodbye"},
		"truncated":             {reply: func(m string) string { return "1.5:" + m[:9] }, end: io.EOF, kind: "truncated"},
		"truncated, then still": {reply: func(m string) string { return "1.5:" + m[:9] }, end: evloop.ErrDeadline, kind: "truncated"},
		"silence":               {end: evloop.ErrDeadline, kind: "timeout"},
		"reset":                 {end: fmt.Errorf("read: %w", syscall.ECONNRESET), kind: "reset"},
		"other":                 {end: errors.New("read: the cat sat on it"), kind: "io"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			s.after(ms)
			if tc.reply != nil {
				s.conn().Receive(tc.reply(s.take()))
			}
			if tc.end != nil {
				s.conn().End(tc.end)
			}
			s.expect("errors", s.counts.errors.named(), map[string]int64{tc.kind: 1})
			s.expect("failed", s.counts.failed, int64(1))
			s.expect("latencies recorded", s.recorded()[rtt].Count(), int64(0))
			s.holds()

			s.after(20 * ms) // it connects again, and goes on
			s.expect("connections", len(s.loop.Dialed), 2)
			s.conn().Establish()
			s.answer(0)
			s.expect("received", s.counts.received, int64(1))
			s.holds()
		})
	}
}

func TestDataThatNobodyAskedFor(t *testing.T) {
	for data, kind := range map[string]string{"1.5:hello": "coalesced", "\xff": "goodbye"} {
		s := simulate(t, nil)
		s.conn().Establish()
		s.conn().Receive(data)
		s.expect("errors", s.counts.errors.named(), map[string]int64{kind: 1})
		s.expect("failed", s.counts.failed, int64(0))
	}
}

func TestTimeout(t *testing.T) {
	s := open(t, nil)
	s.after(999 * ms)
	s.expect("errors in time", s.counts.errors.total(), int64(0))
	s.after(2 * ms)
	s.expect("errors", s.counts.errors.named(), map[string]int64{"timeout": 1})
}

func TestRetriesBackOff(t *testing.T) {
	s := simulate(t, nil)
	s.run(begin, never)
	for i, wait := range []int64{10, 20, 40, 80, 160, 320, 640, 1000, 1000} {
		s.expect("attempts", len(s.loop.Dialed), i+1)
		s.conn().End(syscall.ECONNREFUSED)
		s.after(wait*ms/2 - 1)
		s.expect("attempts too early", len(s.loop.Dialed), i+1)
		s.after(wait*ms/2 + 1)
	}
	s.conn().Establish()
	s.expect("clients down", s.down, 0)
	s.answer(0) // a whole reply: patience starts anew
	s.conn().End(io.EOF)
	n := len(s.loop.Dialed)
	s.after(10 * ms)
	s.expect("attempts", len(s.loop.Dialed), n+1)
}

func TestWarmupIsNotMeasured(t *testing.T) {
	s := simulate(t, nil)
	s.conn().Establish()
	s.run(begin+5*ms, never)
	s.after(0)
	for range 4 {
		s.after(2 * ms)
		s.answer(0)
	}
	// Sent at 0, 2 and 4 ms: warm-up, though the last is answered at 6.
	s.expect("received", s.counts.received, int64(1))
	s.expect("rtts", s.recorded()[rtt].Count(), int64(1))
	s.expect("the longest wait across the border", s.counts.crossed, 2*ms)
	s.holds()
}

func TestDurationEndsSendingAndAwaitsReplies(t *testing.T) {
	s := simulate(t, nil)
	s.conn().Establish()
	s.run(begin, begin+10*ms)
	s.after(0)
	s.after(4 * ms)
	s.answer(0)
	s.after(16 * ms) // the end was at 10 ms; the reply comes at 20
	s.expect("finished", s.told, false)
	message := s.take()
	s.conn().Receive("1.5:" + message)
	s.expect("received", s.counts.received, int64(2))
	s.expect("slowest", s.recorded()[rtt].Max(), 16*ms)
	s.expect("late", s.counts.late, int64(1))
	s.expect("last words", s.take(), "\xff")
	s.after(0)
	s.expect("finished", s.told, true)
	s.holds()
}

func TestARunShorterThanItsBeginningHasAMessage(t *testing.T) {
	s := simulate(t, nil)
	s.conn().Establish()
	s.after(5 * ms)
	s.run(begin, begin+ms)
	s.after(0)
	s.answer(0)
	s.after(0)
	s.expect("received", s.counts.received, int64(1))
	s.expect("finished", s.told, true)
}

func TestMessagesAreShared(t *testing.T) {
	s := simulate(t, func(c *Config) { c.Clients, c.Messages = 3, 7 })
	s.after(10 * ms)
	s.run(begin, never)
	for _, c := range s.loop.Dialed {
		c.Establish()
	}
	for range 10 {
		for _, c := range s.loop.Dialed {
			if m := c.Written; len(m) == 40 {
				c.Written = nil
				c.Receive("1.5:" + string(m))
			}
		}
	}
	s.after(0)
	s.expect("received", s.counts.received, int64(7))
	s.expect("finished", s.told, true)
}

func TestFailedMessagesAreUsedUp(t *testing.T) {
	s := open(t, func(c *Config) { c.Messages = 2 })
	s.conn().End(io.EOF)
	s.after(10 * ms)
	s.conn().Establish()
	s.conn().End(io.EOF)
	s.after(10 * ms)
	s.expect("finished", s.told, true)
	s.expect("failed", s.counts.failed, int64(2))
}

func TestInterrupt(t *testing.T) {
	for name, prepare := range map[string]func(s sim){
		"connecting":   func(sim) {},
		"connected":    func(s sim) { s.conn().Establish() },
		"under way":    func(s sim) { s.conn().Establish(); s.run(begin, never); s.after(0) },
		"disconnected": func(s sim) { s.conn().Establish(); s.conn().End(io.EOF) },
		"draining": func(s sim) {
			s.conn().Establish()
			s.run(begin, begin+ms)
			s.after(2 * ms)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, nil)
			prepare(s)
			s.interrupt()
			s.after(0)
			s.expect("finished", s.told, true)
			s.expect("errors", s.counts.errors.total()-s.counts.errors[goodbye], int64(0))
			s.holds()
			dialed := len(s.loop.Dialed)
			s.after(10_000 * ms)
			s.expect("connections later", len(s.loop.Dialed), dialed)
		})
	}
}

// TestClientsAreSmall holds that a client is one value among those of its shard, whether
// there are few or many.
func TestClientsAreSmall(t *testing.T) {
	const most = 128 // bytes
	if size := unsafe.Sizeof(client{}); size > most {
		t.Errorf("a client takes %d bytes, want at most %d", size, most)
	}
	allocations := func(clients int) float64 {
		p := newPlan(t, Config{Clients: clients, Size: 40, Proto: Text, Timeout: time.Second, ConnectRate: 1000})
		loop := &evlooptest.Shard{Time: begin}
		return testing.AllocsPerRun(10, func() { newShard(p, loop, 1) })
	}
	if few, many := allocations(10), allocations(10_000); few != many {
		t.Errorf("10 clients make %v allocations, and 10,000 make %v", few, many)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := open(t, nil)
	reply := make([]byte, 0, wire.MaxReply)
	c := s.conn()
	if n := testing.AllocsPerRun(1000, func() {
		reply = wire.AppendReply(reply[:0], s.loop.Time, c.Written)
		c.Written = c.Written[:0]
		s.loop.Time += 1000
		s.clients[0].Data(c, reply, evloop.Stamp{Read: s.loop.Time})
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}
