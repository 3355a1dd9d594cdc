package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
	"github.com/echostamp/echostamp/internal/wire"
)

// TestServer runs what a server must do on each of the event loops.
func TestServer(t *testing.T) {
	for _, engine := range []evloop.Engine{evloop.Portable, evloop.Auto} {
		for name, test := range map[string]func(*testing.T, evloop.Engine){
			"what comes goes back":           whateverComesGoesBack,
			"goodbye closes":                 goodbyeCloses,
			"long messages come in pieces":   moreThanOneReceiveComesBackInStampedPieces,
			"a thousand clients":             thousandClientsGetOnlyTheirOwn,
			"bad clients disturb nobody":     oneClientThatResetsOrFloodsDisturbsNobody,
			"events":                         events,
			"stopping answers what is there": stopAnswersWhatIsInFlight,
		} {
			t.Run(name+"/"+string(engine), func(t *testing.T) { test(t, engine) })
		}
	}
}

const patience = 2 * time.Minute // for what must happen; it only ends what hangs

// serve runs a server on loopback until the test ends.
func serve(t *testing.T, engine evloop.Engine, change func(*Config)) string {
	t.Helper()
	cfg := Config{Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Shards: 2, Engine: engine, Grace: time.Second}
	if change != nil {
		change(&cfg)
	}
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the server does not stop")
		}
	})
	return s.Addrs()[0].String()
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

var stamp = regexp.MustCompile(`^(\d{10}\.\d{9}):`)

// answer reads one reply to a message of so many bytes, and returns what stands
// behind its stamp.
func answer(t *testing.T, c io.Reader, size int) string {
	t.Helper()
	b := make([]byte, len("1732310000.123456789:")+size)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatalf("read %q, %v", b, err)
	}
	m := stamp.FindSubmatch(b)
	if m == nil {
		t.Fatalf("%q does not begin with a timestamp of nine digits", b)
	}
	t2, _ := wire.ParseTime(m[1])
	if d := time.Since(time.Unix(0, t2)).Abs(); d > time.Minute {
		t.Fatalf("t2 is off by %v", d)
	}
	return string(b[len(m[0]):])
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func expectEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		t.Fatalf("read %q, %v; want the end of the stream", b, err)
	}
}

func whateverComesGoesBack(t *testing.T, engine evloop.Engine) {
	c := dial(t, serve(t, engine, nil))
	for _, text := range []string{
		"hello", "1732310000.5:hello", "\n", "\x00", "a\xff", "\xfe\xff\x80 no UTF-8", strings.Repeat("x", 1024),
	} {
		send(t, c, text)
		if got := answer(t, c, len(text)); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
}

func goodbyeCloses(t *testing.T, engine evloop.Engine) {
	addr := serve(t, engine, nil)
	c := dial(t, addr)
	send(t, c, "\xff and what follows is not answered")
	expectEnd(t, c)
	c = dial(t, addr)
	_ = c.CloseWrite()
	expectEnd(t, c)
}

func moreThanOneReceiveComesBackInStampedPieces(t *testing.T, engine evloop.Engine) {
	c := dial(t, serve(t, engine, nil))
	send(t, c, strings.Repeat("x", 1024)+"y")
	if got := answer(t, c, 1024); got != strings.Repeat("x", 1024) {
		t.Errorf("the first piece is %q", got)
	}
	if got := answer(t, c, 1); got != "y" {
		t.Errorf("the second piece is %q", got)
	}
}

func thousandClientsGetOnlyTheirOwn(t *testing.T, engine evloop.Engine) {
	const clients, messages = 1000, 5
	addr := serve(t, engine, nil)
	conns := make([]*net.TCPConn, clients)
	for i := range conns {
		conns[i] = dial(t, addr)
	}
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() {
			for m := range messages {
				text := fmt.Sprintf("client %04d message %04d", i, m)
				if _, err := io.WriteString(c, text); err != nil {
					t.Error(err)
					return
				}
				b := make([]byte, 21+len(text))
				if _, err := io.ReadFull(c, b); err != nil || !stamp.Match(b) || string(b[21:]) != text {
					t.Errorf("%q was answered with %q, %v", text, b, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func oneClientThatResetsOrFloodsDisturbsNobody(t *testing.T, engine evloop.Engine) {
	addr := serve(t, engine, nil)
	good, bad, flood := dial(t, addr), dial(t, addr), dial(t, addr)
	send(t, bad, "x")
	_ = bad.SetLinger(0)
	bad.Close()
	go func() { _, _ = flood.Write(make([]byte, 1<<26)) }() // and never reads
	for range 100 {
		send(t, good, "still here")
		if got := answer(t, good, 10); got != "still here" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestSeveralAddresses(t *testing.T) {
	s, err := Listen(Config{Shards: 1, Listen: []netip.AddrPort{
		netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("127.0.0.2:0"),
	}})
	if err != nil {
		t.Skipf("no second loopback address on this system: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for _, a := range s.Addrs() {
		c := dial(t, a.String())
		send(t, c, "hello")
		answer(t, c, 5)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNothingStaysOpenWhenOneAddressFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(free.Addr().String())
	free.Close()
	_, err = Listen(Config{Shards: 1, Listen: []netip.AddrPort{addr, netip.MustParseAddrPort(taken.Addr().String())}})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Fatalf("Listen: %v; want an error that names %v", err, taken.Addr())
	}
	if c, err := net.Dial("tcp", addr.String()); err == nil {
		c.Close()
		t.Errorf("%v is still open", addr)
	}
}

func stopAnswersWhatIsInFlight(t *testing.T, engine evloop.Engine) {
	const clients = 50
	var connected sync.WaitGroup
	connected.Add(clients)
	s, err := Listen(Config{
		Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Shards: 2, Engine: engine, Grace: 4 * time.Second,
		Log: func(e Event) {
			if e.Kind == Connected {
				connected.Done()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	conns := make([]*net.TCPConn, clients)
	for i := range conns {
		conns[i] = dial(t, s.Addrs()[0].String())
	}
	connected.Wait()
	for _, c := range conns {
		send(t, c, "in flight")
	}
	cancel()
	for _, c := range conns {
		if got := answer(t, c, 9); got != "in flight" {
			t.Errorf("got %q", got)
		}
		expectEnd(t, c)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func events(t *testing.T, engine evloop.Engine) {
	var mu sync.Mutex
	var got []string
	closed := make(chan struct{})
	addr := serve(t, engine, func(c *Config) {
		c.Log = func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%d %s %s %v", e.Kind, e.Remote, e.Data, e.Err))
			if e.Kind == Closed {
				close(closed)
			}
		}
	})
	c := dial(t, addr)
	send(t, c, "hello")
	answer(t, c, 5)
	send(t, c, "\xff")
	<-closed
	who := c.LocalAddr().String()
	want := []string{"0 " + who + "  <nil>", "1 " + who + " hello <nil>", "2 " + who + "  <nil>"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// TestDrainWaitsForQuiet holds, on a clock that the test moves, that a draining
// server keeps a connection as long as messages keep coming.
func TestDrainWaitsForQuiet(t *testing.T) {
	const ms = int64(time.Millisecond)
	loop := &evlooptest.Shard{Time: 1732310000e9}
	e := &echo{server: &Server{idle: make(chan struct{}, 1)}, shard: loop}
	loop.Dial(netip.AddrPort{}, e)
	c := loop.Dialed[0]
	c.Establish()
	e.drain(100 * time.Millisecond)
	for range 5 {
		loop.Advance(loop.Time + 90*ms)
		c.Written = nil
		c.Receive("hello")
		if !bytes.HasSuffix(c.Written, []byte(":hello")) {
			t.Fatalf("a message in the grace was answered with %q", c.Written)
		}
	}
	if len(e.server.idle) > 0 {
		t.Error("told idle with a connection left")
	}
	loop.Advance(loop.Time + 100*ms)
	if !c.Ended || len(e.server.idle) != 1 {
		t.Errorf("after the quiet: ended %v, told idle %d times", c.Ended, len(e.server.idle))
	}
	loop.Dial(netip.AddrPort{}, e) // accepted just before
	loop.Dialed[1].Establish()
	loop.Advance(loop.Time + 100*ms)
	if !loop.Dialed[1].Ended {
		t.Error("a connection accepted at the last moment stays")
	}
}
