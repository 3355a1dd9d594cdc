package loadgen

import (
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/wire"
)

// crowd is many clients on a simulated shard, of which a server serves some.
func crowd(t *testing.T, cfg Config, until int64, serve func(*evlooptest.Conn, int64)) counts {
	t.Helper()
	cfg.Size, cfg.Proto, cfg.ConnectRate = 40, Text, MaxConnectRate
	p := newPlan(t, cfg)
	from := begin + 10*ms
	if p.paces != nil {
		p.paces.warmFrom = begin + ms
	}
	p.window.end.Store(until)
	p.window.begin.Store(from)
	loop := &evlooptest.Shard{Time: begin}
	s := newShard(p, loop, 1)
	s.begin()
	opened := 0
	open := func() {
		for ; opened < len(loop.Dialed); opened++ {
			loop.Dialed[opened].Establish()
		}
	}
	loop.Advance(begin + ms)
	open()
	s.start()
	s.schedule()
	for now := begin + 2*ms; now < until+int64(cfg.Timeout)+100*ms; now += ms {
		loop.Advance(now)
		open()
		for _, c := range loop.Dialed {
			serve(c, now)
		}
	}
	loop.Advance(until + int64(time.Minute))
	if !s.told {
		t.Error("the shard has not finished")
	}
	s.countServed(until, 0, time.Duration(s.recorded()[rtt].Percentile(50)))
	s.countBacklog(loop.Time)
	return s.counts
}

// answer has a server answer what a connection has sent.
func answer(c *evlooptest.Conn, now int64) {
	if m := c.Written; len(m) == 40 {
		c.Written = nil
		c.Receive(string(wire.AppendReply(nil, now, m)))
	}
}

// TestClientsThatWereNeverServed is a server, or a balancer, that serves ten connections
// and closes, resets or ignores all others at once: half of twenty clients get no reply in
// the whole run, which was told as valid with a load of twenty.
func TestClientsThatWereNeverServed(t *testing.T) {
	for name, refuse := range map[string]func(*evlooptest.Conn){
		"closed":  func(c *evlooptest.Conn) { c.End(io.EOF) },
		"ignored": func(*evlooptest.Conn) {},
	} {
		for mode, cfg := range map[string]Config{
			"closed loop": {Clients: 20, Duration: 3 * time.Second, Timeout: time.Second},
			"open loop":   {Clients: 20, Duration: 3 * time.Second, Timeout: time.Second, Rate: 1000},
		} {
			t.Run(fmt.Sprintf("%s in %s", name, mode), func(t *testing.T) {
				served := map[*evlooptest.Conn]bool{}
				c := crowd(t, cfg, begin+3010*ms, func(c *evlooptest.Conn, now int64) {
					if served[c] || len(served) < 10 {
						served[c] = true
						answer(c, now)
					} else {
						refuse(c)
					}
				})
				if c.unserved != 10 || c.starved != 0 {
					t.Errorf("%d clients are unserved and %d starved, want 10 and 0: %+v", c.unserved, c.starved, c)
				}
			})
		}
	}
}

// TestStarvedClients is a server that answers half of the clients in the first second
// only: they went without for two of three seconds.
func TestStarvedClients(t *testing.T) {
	for mode, rate := range map[string]float64{"closed loop": 0, "open loop": 1000} {
		t.Run(mode, func(t *testing.T) {
			place := map[*evlooptest.Conn]int{}
			cfg := Config{Clients: 20, Duration: 3 * time.Second, Timeout: 5 * time.Second, Rate: rate}
			c := crowd(t, cfg, begin+3010*ms, func(c *evlooptest.Conn, now int64) {
				if _, ok := place[c]; !ok {
					place[c] = len(place)
				}
				if place[c]%2 == 0 || now < begin+1000*ms {
					answer(c, now)
				}
			})
			if c.starved != 10 || c.unserved != 0 {
				t.Errorf("%d clients are starved and %d unserved, want 10 and 0: %+v", c.starved, c.unserved, c)
			}
		})
	}
}

// TestClientsThatHadNothingToSend: a client for which no message was due wants no reply.
func TestClientsThatHadNothingToSend(t *testing.T) {
	cfg := Config{Clients: 100, Duration: time.Second, Timeout: time.Second, Rate: 10}
	c := crowd(t, cfg, begin+1010*ms, answer)
	if c.unserved != 0 || c.starved != 0 || c.received != 10 {
		t.Errorf("%+v", c)
	}
	// Nor does one whose message was due when as many had been sent as were asked for.
	cfg.Messages, cfg.Rate = 150, 1000
	c = crowd(t, cfg, begin+1010*ms, answer)
	if c.unserved != 0 || c.starved != 0 || c.received != 150 || c.neverSent != 0 {
		t.Errorf("%+v", c)
	}
}

// TestManyMessagesThatWereNeverSent holds that counting them takes no longer than so many
// that differ, and that all are counted.
func TestManyMessagesThatWereNeverSent(t *testing.T) {
	for _, arrivals := range []pace.Arrivals{pace.Constant, pace.Poisson} {
		const due = 10_000_000
		cfg := Config{Clients: 2, Rate: due, Duration: time.Second, Arrivals: arrivals, Seed: 1}
		if arrivals == pace.Constant {
			cfg.Seed = 0
		}
		from := begin + 10*ms
		w := simulateOpen(t, 1, from, from+1000*ms, cfg)
		w.run(from+1100*ms, 10*ms, func(int64) bool { return false })
		c := w.counts()
		h := w.metrics()[responseCensored]
		if n := c.neverSent + c.sent; math.Abs(float64(n)/due-1) > 0.001 || h.Count() != c.neverSent+c.failed {
			t.Errorf("%s: %d of %d messages, %d recorded", arrivals, n, due, h.Count())
		}
		if p50 := h.Percentile(50); p50 < 595*ms || p50 > 605*ms { // they were due in the second before the last 100 ms
			t.Errorf("%s: half of them waited for more than %v", arrivals, time.Duration(p50))
		}
	}
}

// TestServedAfterTheEnd is a server whose ten connections are all taken until the end: when
// their clients leave, ten others are served in the overtime. They had no part in the load,
// and were counted as served.
func TestServedAfterTheEnd(t *testing.T) {
	const until = begin + 3010*ms
	served := map[*evlooptest.Conn]bool{}
	cfg := Config{Clients: 20, Duration: 3 * time.Second, Timeout: 5 * time.Second, Rate: 1000}
	c := crowd(t, cfg, until, func(c *evlooptest.Conn, now int64) {
		switch {
		case now > until, served[c], len(served) < 10:
			served[c] = true
			answer(c, now)
		default:
			c.End(io.EOF)
		}
	})
	if c.unserved != 10 || c.starved != 0 || c.overtime == 0 {
		t.Errorf("%d clients are unserved and %d starved, want 10 and 0; %d messages sent in the overtime", c.unserved, c.starved, c.overtime)
	}
}

// TestOneAtATime is a server that answers one connection until that ends, and then the
// next: the load was that of one client, though all got a reply when the first had left.
func TestOneAtATime(t *testing.T) {
	for mode, rate := range map[string]float64{"closed loop": 0, "open loop": 1000} {
		t.Run(mode, func(t *testing.T) {
			var turn *evlooptest.Conn
			cfg := Config{Clients: 10, Duration: 3 * time.Second, Timeout: 5 * time.Second, Rate: rate}
			c := crowd(t, cfg, begin+3010*ms, func(c *evlooptest.Conn, now int64) {
				if turn == nil || turn.Closed {
					turn = c
				}
				if c == turn && now%(10*ms) == 5*ms {
					answer(c, now)
				}
			})
			if c.unserved != 9 {
				t.Errorf("%d clients are unserved, want 9: %+v", c.unserved, c)
			}
		})
	}
}

// TestServedOnASlowPath has every round trip take longer than what is left of the run: the
// replies come after the end, to messages that were sent before.
func TestServedOnASlowPath(t *testing.T) {
	for mode, tc := range map[string]struct {
		rate  float64
		takes int64
	}{
		"closed loop":                      {0, 700 * ms},
		"open loop":                        {20, 700 * ms},
		"open loop, longer than all of it": {20, 2000 * ms},
	} {
		t.Run(mode, func(t *testing.T) {
			asked := map[*evlooptest.Conn]int64{}
			cfg := Config{Clients: 20, Duration: time.Second, Timeout: 5 * time.Second, Rate: tc.rate}
			c := crowd(t, cfg, begin+1010*ms, func(c *evlooptest.Conn, now int64) {
				if len(c.Written) != 40 {
					return
				}
				if asked[c] == 0 {
					asked[c] = now
				}
				if now >= asked[c]+tc.takes {
					answer(c, now)
					asked[c] = 0
				}
			})
			if c.unserved != 0 || c.received != 20 {
				t.Errorf("%d clients are unserved of 20 with %d replies", c.unserved, c.received)
			}
		})
	}
}

// TestSilenceInTheEnd is a server that stops at half of the time, and goes on when the time
// is over, or never.
func TestSilenceInTheEnd(t *testing.T) {
	const until = begin + 3010*ms
	for mode, rate := range map[string]float64{"closed loop": 0, "open loop": 1000} {
		for name, wakes := range map[string]int64{"for good": never, "until after the end": until + 100*ms, "until before": until - 20*ms} {
			t.Run(mode+" "+name, func(t *testing.T) {
				cfg := Config{Clients: 10, Duration: 3 * time.Second, Timeout: 5 * time.Second, Rate: rate}
				c := crowd(t, cfg, until, func(c *evlooptest.Conn, now int64) {
					if now < begin+1510*ms || now > wakes {
						answer(c, now)
					}
				})
				s := supervisor{ended: until}
				s.began = begin
				s.window.init()
				s.window.end.Store(until)
				s.shards = []*shard{{plan: &s.plan}}
				want := 1500 * time.Millisecond
				if wakes < until {
					want = 0
				}
				if got := s.silence(c); got < want-30*time.Millisecond || got > want+30*time.Millisecond {
					t.Errorf("silent for %v, want %v", got, want)
				}
			})
		}
	}
	// Nobody wanted a reply.
	c := crowd(t, Config{Clients: 1, Duration: 3 * time.Second, Timeout: time.Second, Rate: 0.5}, until, answer)
	if c.received == 0 || c.hunger > 2 {
		t.Errorf("%d replies, wanted for %d ms", c.received, c.hunger)
	}
}
