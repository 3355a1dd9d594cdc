package loadgen

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
)

func TestBackoff(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, tc := range []struct {
		failures  uint8
		low, high int64
	}{{0, 5, 10}, {1, 10, 20}, {6, 320, 640}, {7, 500, 1000}, {255, 500, 1000}} {
		var waits []int64
		for range 1000 {
			waits = append(waits, backoff(tc.failures, random))
		}
		low, high := slices.Min(waits), slices.Max(waits)
		span := (tc.high - tc.low) * ms
		if low < tc.low*ms || high > tc.high*ms || low > tc.low*ms+span/20 || high < tc.high*ms-span/20 {
			t.Errorf("after %d failures a client waits %d to %d ns, want all of %d to %d ms", tc.failures, low, high, tc.low, tc.high)
		}
	}
}

// TestAServerGoesAway holds what becomes of a server whose clients all lose it at once, and
// cannot connect again: of 200 clients 197 tried again in the same tenth of a second, and all
// together 1,200 times in a second, with a connect rate of 100.
func TestAServerGoesAway(t *testing.T) {
	const clients, seconds = 200, 30
	for _, rate := range []int{100, 250, 5000} {
		p := newPlan(t, Config{Clients: clients, Size: 40, Proto: Text, Timeout: 1e9, ConnectRate: rate})
		var loops []*evlooptest.Shard
		for i := range 2 {
			loop := &evlooptest.Shard{Number: i, Time: begin}
			s := newShard(p, loop, 2)
			s.begin()
			s.start()
			loops = append(loops, loop)
		}
		var tries []int64 // when, in their order
		refuse := func() {
			for _, loop := range loops {
				for _, c := range loop.Dialed {
					tries = append(tries, loop.Time-begin)
					c.End(syscall.ECONNREFUSED)
				}
				loop.Dialed = nil
			}
		}
		for now := begin; now < begin+seconds*1000*ms; now += ms / 5 {
			for _, loop := range loops {
				loop.Advance(now)
			}
			refuse()
		}
		slices.Sort(tries)
		if got := most(tries, 1000*ms); got > rate+1 { // a look each 0.2 ms may be late for one
			t.Errorf("at a connect rate of %d there were %d attempts in a second", rate, got)
		}
		steady := tries[len(tries)/2:]
		if got := most(steady, 100*ms); got > clients/4 {
			t.Errorf("at a connect rate of %d there were %d attempts of %d clients in a tenth of a second", rate, got, clients)
		}
		// As many as may be: the rate is a limit, and the waits are another.
		if least := min(float64(rate), clients) * 0.95 * seconds; float64(len(tries)) < least {
			t.Errorf("at a connect rate of %d there were %d attempts in %d s, want %.0f", rate, len(tries), seconds, least)
		}
	}
}

// most is the largest number of times within any span of a length. The times are sorted.
func most(times []int64, length int64) (n int) {
	first := 0
	for i, at := range times {
		for times[first] <= at-length {
			first++
		}
		n = max(n, i-first+1)
	}
	return n
}

// TestAttemptsAreServedInOrder holds that those who want to connect wait for each other, and
// that time in which nobody wanted to is not made up for.
func TestAttemptsAreServedInOrder(t *testing.T) {
	var a attempts
	a.limit(3)
	const third = 333_333_334
	for i, tc := range []struct{ now, at int64 }{
		{0, 0}, {0, third}, {5, 2 * third}, {5, 3 * third}, {10e9, 10e9}, {10e9, 10e9 + third},
	} {
		if at := a.book(tc.now); at != tc.at {
			t.Errorf("attempt %d, wanted at %d, may be at %d, want %d", i, tc.now, at, tc.at)
		}
	}
}
