package rig

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
)

// TestTCPRelay runs what a relay must do on each of the event loops.
func TestTCPRelay(t *testing.T) {
	for _, engine := range []evloop.Engine{evloop.Portable, evloop.Auto} {
		for name, test := range map[string]func(*testing.T, RelayConfig){
			"a round trip is what was held, or longer": tcpRoundTrips,
			"clients get what is theirs":               tcpClients,
			"the client ends":                          tcpClientEnds,
			"the target ends":                          tcpTargetEnds,
			"nothing listens":                          tcpRefused,
			"what is held ends with the relay":         tcpStops,
		} {
			t.Run(name+"/"+string(engine), func(t *testing.T) {
				test(t, RelayConfig{
					Forward: Path{Constant: 3 * ms, Jitter: ms}, Reverse: Path{Constant: ms},
					Clock: clock.NewLine(), Engine: engine,
				})
			})
		}
	}
}

// serveTCP has handle called with each connection, which is closed when it
// returns, until the test ends.
func serveTCP(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			wg.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// relayTCP runs a relay to a target until the test ends.
func relayTCP(t *testing.T, cfg RelayConfig, target netip.AddrPort) (r *TCPRelay, stop func()) {
	t.Helper()
	cfg.Target = target
	r, err := ListenTCP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r, run(t, r)
}

func tcpRoundTrips(t *testing.T, cfg RelayConfig) {
	r, _ := relayTCP(t, cfg, serveTCP(t, echo))
	c := dial(t, "tcp", r.Addr())
	rtts := make([]time.Duration, 50)
	for i := range rtts {
		message := bytes.Repeat([]byte{byte(i)}, 64)
		sent := time.Now()
		reply := ask(t, c, message, len(message))
		rtts[i] = time.Since(sent)
		if !bytes.Equal(reply, message) {
			t.Fatalf("%q came back as %q", message, reply)
		}
	}
	expectPairs(t, r.directions, rtts)
}

func tcpClients(t *testing.T, cfg RelayConfig) {
	const clients, messages = 10, 20
	r, _ := relayTCP(t, cfg, serveTCP(t, echo))
	var wg sync.WaitGroup
	for i := range clients {
		c := dial(t, "tcp", r.Addr())
		wg.Go(func() {
			for m := range messages {
				message := bytes.Repeat([]byte{byte(i), byte(m), 0, 0xff}, 1+1000*m)
				if reply := ask(t, c, message, len(message)); !bytes.Equal(reply, message) {
					t.Errorf("message %d of client %d came back changed", m, i)
				}
				if len(r.Forward().Applied()) == 0 {
					t.Error("the log is empty")
				}
			}
		})
	}
	wg.Wait()
	for _, d := range []*direction{&r.forward, &r.reverse} {
		got := d.log.Applied()
		if len(got) < clients*messages {
			t.Errorf("the log has %d packets, want %d or more", len(got), clients*messages)
		}
		expectHeld(t, got, d.path)
	}
}

func tcpClientEnds(t *testing.T, cfg RelayConfig) {
	got := make(chan []byte, 1)
	r, _ := relayTCP(t, cfg, serveTCP(t, func(c net.Conn) {
		b, err := io.ReadAll(c)
		if err != nil {
			t.Errorf("the target reads: %v", err)
		}
		got <- b
	}))
	c := dial(t, "tcp", r.Addr())
	if _, err := io.WriteString(c, "last words"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if b := <-got; string(b) != "last words" {
		t.Errorf("the target got %q", b)
	}
}

func tcpTargetEnds(t *testing.T, cfg RelayConfig) {
	r, _ := relayTCP(t, cfg, serveTCP(t, func(c net.Conn) { _, _ = io.WriteString(c, "last words") }))
	b, err := io.ReadAll(dial(t, "tcp", r.Addr()))
	if string(b) != "last words" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
}

func tcpRefused(t *testing.T, cfg RelayConfig) {
	nobody := netip.MustParseAddrPort("127.0.0.1:1")
	r, _ := relayTCP(t, cfg, nobody)
	b, err := io.ReadAll(dial(t, "tcp", r.Addr()))
	if len(b) > 0 || err != nil {
		t.Errorf("read %q, %v; want the end of the stream", b, err)
	}
	if n := len(r.Forward().Applied()) + len(r.Reverse().Applied()); n > 0 {
		t.Errorf("%d packets are in the logs", n)
	}
}

func tcpStops(t *testing.T, cfg RelayConfig) {
	cfg.Reverse.Constant = time.Hour
	r, stop := relayTCP(t, cfg, serveTCP(t, echo))
	c := dial(t, "tcp", r.Addr())
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	stop()
	if b, _ := io.ReadAll(c); len(b) > 0 {
		t.Errorf("read %q before it was due", b)
	}
}
