package rig

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
)

const patience = 2 * time.Minute // for what must happen; it only ends what hangs

// run runs a server or relay until the test ends, or the returned function is
// called.
func run(t *testing.T, r interface{ Run(context.Context) error }) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx); close(ended) }()
	stop = func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("it does not stop")
		}
	}
	t.Cleanup(stop)
	return stop
}

func dial(t *testing.T, network string, addr netip.AddrPort) net.Conn {
	t.Helper()
	c, err := net.Dial(network, addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// ask sends a message and returns the reply, which has so many bytes. It may be
// called from any goroutine.
func ask(t *testing.T, c net.Conn, message []byte, size int) []byte {
	t.Helper()
	reply := make([]byte, size)
	if _, err := c.Write(message); err != nil {
		t.Error(err)
	} else if n, err := io.ReadFull(c, reply); err != nil {
		t.Errorf("the reply has %d bytes and not %d: %v", n, size, err)
	}
	return reply
}

// expectPairs holds the logs to what a client saw that sent each message when the
// reply to the one before was in.
func expectPairs(t *testing.T, d *directions, rtts []time.Duration) {
	t.Helper()
	forward, reverse := d.Forward().Applied(), d.Reverse().Applied()
	if len(forward) != len(rtts) || len(reverse) != len(rtts) {
		t.Fatalf("the logs have %d and %d packets, want %d", len(forward), len(reverse), len(rtts))
	}
	for i, rtt := range rtts {
		if held := time.Duration(forward[i].Delay + reverse[i].Delay); held > rtt {
			t.Errorf("message %d was held for %v of a round trip of %v", i, held, rtt)
		}
		if forward[i].At+forward[i].Delay > reverse[i].At {
			t.Errorf("the reply to message %d came at %d, before the message left: %+v", i, reverse[i].At, forward[i])
		}
	}
	expectHeld(t, forward, d.forward.path)
	expectHeld(t, reverse, d.reverse.path)
}

func expectHeld(t *testing.T, packets []Applied, path Path) {
	t.Helper()
	for _, a := range packets {
		if a.Delay < int64(path.Constant) {
			t.Errorf("a packet was held for %v, want %v or more", time.Duration(a.Delay), path.Constant)
		}
	}
}

func TestDelaysAreExponential(t *testing.T) {
	const n = 100_000
	p := Path{Constant: 5 * time.Millisecond, Jitter: time.Millisecond}
	rng := rand.New(rand.NewPCG(1, 1))
	delays := make([]time.Duration, n)
	var sum time.Duration
	for i := range delays {
		delays[i] = p.draw(rng) - p.Constant
		sum += delays[i]
	}
	if mean := sum / n; (mean - p.Jitter).Abs() > p.Jitter/50 {
		t.Errorf("the mean is %v, want %v", mean, p.Jitter)
	}
	slices.Sort(delays)
	if delays[0] < 0 {
		t.Errorf("a delay is %v less than the constant", -delays[0])
	}
	for _, q := range []struct {
		rank int
		want time.Duration // −ln(1 − rank/n) of the mean
	}{
		{n / 10, 105_361}, {n / 2, 693_147}, {n * 9 / 10, 2_302_585}, {n * 99 / 100, 4_605_170},
	} {
		if got := delays[q.rank]; (got - q.want).Abs() > q.want/20 {
			t.Errorf("of %d delays %d are shorter than %v, want %v", n, q.rank, got, q.want)
		}
	}
}

func TestDelaysDependOnTheSeedAndTheDirection(t *testing.T) {
	path := Path{Jitter: time.Second}
	delays := func(seed uint64) [4]int64 {
		d := newDirections(RelayConfig{Forward: path, Reverse: path, Seed: seed})
		return [4]int64{d.forward.draw(), d.reverse.draw(), d.forward.draw(), d.reverse.draw()}
	}
	first, again, other := delays(1), delays(1), delays(2)
	if first != again || first == other {
		t.Errorf("delays %v, again %v, of another seed %v", first, again, other)
	}
	if first[0] == first[1] {
		t.Errorf("both directions have the delays %v", first)
	}
	if got := (Path{Constant: 3}).draw(nil); got != 3 {
		t.Errorf("without jitter a delay is %d, want 3", got)
	}
}

func TestLogIsBounded(t *testing.T) {
	const room = blockSize * maxBlocks
	var l Log
	for i := range int64(room + 3) {
		l.add(Applied{At: i, Delay: 2 * i})
	}
	got := l.Applied()
	if len(got) != room || l.Dropped() != 3 {
		t.Fatalf("%d are kept and %d dropped, want %d and 3", len(got), l.Dropped(), room)
	}
	for i, a := range got {
		if want := (Applied{At: int64(i), Delay: 2 * int64(i)}); a != want {
			t.Fatalf("entry %d is %+v, want %+v", i, a, want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, change := range map[string]func(*RelayConfig){
		"target":     func(c *RelayConfig) { c.Target = netip.AddrPort{} },
		"clock":      func(c *RelayConfig) { c.Clock = nil },
		"negative":   func(c *RelayConfig) { c.Reverse.Constant = -1 },
		"delays":     func(c *RelayConfig) { c.Forward.Jitter = -1 },
		`"imagined"`: func(c *RelayConfig) { c.Engine = "imagined" },
	} {
		cfg := RelayConfig{Target: loopback, Clock: clock.NewLine()}
		change(&cfg)
		if _, err := ListenTCP(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ListenTCP: %v; want an error with %q", err, want)
		}
	}
	if _, err := ListenUDP(RelayConfig{}); err == nil {
		t.Error("ListenUDP takes a config of nothing")
	}
}
