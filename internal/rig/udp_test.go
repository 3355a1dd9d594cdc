package rig

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
)

// echoUDP sends back what comes until the test ends, and then tells got.
func echoUDP(t *testing.T, got func()) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 2048)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(b[:n], from)
			got()
		}
	})
	t.Cleanup(func() { c.Close(); wg.Wait() })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func listenUDP(t *testing.T, target netip.AddrPort, forward, reverse Path) *UDPRelay {
	t.Helper()
	r, err := ListenUDP(RelayConfig{Target: target, Forward: forward, Reverse: reverse, Clock: clock.NewLine()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// askUDP sends a datagram, expects it back, and returns how long that took. It may
// be called from any goroutine.
func askUDP(t *testing.T, c net.Conn, text string) time.Duration {
	sent := time.Now()
	if reply := ask(t, c, []byte(text), len(text)); string(reply) != text {
		t.Errorf("%q came back as %q", text, reply)
	}
	return time.Since(sent)
}

func TestUDPRoundTrips(t *testing.T) {
	r := listenUDP(t, echoUDP(t, func() {}), Path{Constant: 3 * ms, Jitter: ms}, Path{Constant: ms})
	run(t, r)
	c := dial(t, "udp", r.Addr())
	rtts := make([]time.Duration, 50)
	for i := range rtts {
		rtts[i] = askUDP(t, c, fmt.Sprintf("datagram %04d", i))
	}
	expectPairs(t, r.directions, rtts)
}

func TestUDPClientsGetWhatIsTheirs(t *testing.T) {
	const clients, datagrams = 2, 50
	r := listenUDP(t, echoUDP(t, func() {}), Path{Jitter: ms}, Path{Constant: 2 * ms})
	run(t, r)
	var wg sync.WaitGroup
	for i := range clients {
		c := dial(t, "udp", r.Addr())
		wg.Go(func() {
			for n := range datagrams {
				askUDP(t, c, fmt.Sprintf("client %d datagram %04d", i, n))
			}
		})
	}
	wg.Wait()
	for _, d := range []*direction{&r.forward, &r.reverse} {
		got := d.log.Applied()
		if len(got) != clients*datagrams {
			t.Errorf("the log has %d packets, want %d", len(got), clients*datagrams)
		}
		expectHeld(t, got, d.path)
	}
}

func TestUDPDatagramsArriveUnchanged(t *testing.T) {
	r := listenUDP(t, echoUDP(t, func() {}), Path{}, Path{})
	run(t, r)
	c := dial(t, "udp", r.Addr())
	for size := 1; size <= 1024; size *= 2 {
		askUDP(t, c, string(bytes.Repeat([]byte{byte(size), 0, 0xff}, size)[:size]))
	}
}

func TestUDPClientsBeyondTheBoundAreDropped(t *testing.T) {
	r := listenUDP(t, echoUDP(t, func() {}), Path{}, Path{})
	r.room = 1
	run(t, r)
	first, second := dial(t, "udp", r.Addr()), dial(t, "udp", r.Addr())
	askUDP(t, first, "hello")
	if _, err := second.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	askUDP(t, first, "hello again") // comes after it
	if n := len(r.Forward().Applied()); n != 2 {
		t.Errorf("%d datagrams were sent on, want the 2 of the first client", n)
	}
}

func TestUDPRelayOutlivesATargetThatIsNotThere(t *testing.T) {
	r := listenUDP(t, netip.MustParseAddrPort("127.0.0.1:1"), Path{}, Path{})
	stop := run(t, r)
	c := dial(t, "udp", r.Addr())
	for len(r.Forward().Applied()) < 10 {
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatalf("the relay does not relay: %v", err)
		}
	}
	stop()
}

func TestUDPHoldsEndWithTheRelay(t *testing.T) {
	got := make(chan struct{}, 1)
	r := listenUDP(t, echoUDP(t, func() { got <- struct{}{} }), Path{}, Path{Constant: time.Hour})
	stop := run(t, r)
	c := dial(t, "udp", r.Addr())
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	<-got
	stop()
	if n := len(r.Reverse().Applied()); n > 0 {
		t.Errorf("%d datagrams were sent before they were due", n)
	}
}
