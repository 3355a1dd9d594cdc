package evlooptest

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

const (
	patience    = 2 * time.Minute // for what must happen; it only ends what hangs
	receiveSize = 1024
)

// wallClock is a clock whose line is its wall clock.
type wallClock struct{ start time.Time }

func (c wallClock) Now() (line, wall int64) {
	line = c.start.UnixNano() + int64(time.Since(c.start))
	return line, line
}

// rig is a loop under test.
type rig struct {
	*testing.T
	open func(evloop.Config) evloop.Loop
	loop evloop.Loop
	stop func() error // ends the loop, and returns what Run returned
}

func (r *rig) make(change ...func(*evloop.Config)) evloop.Loop {
	cfg := evloop.Config{Clock: wallClock{time.Now()}, Shards: 2, ReadSize: receiveSize}
	for _, f := range change {
		f(&cfg)
	}
	r.loop = r.open(cfg)
	return r.loop
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.loop.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return receive(r, done, "Run to return")
	})
	r.Cleanup(func() {
		if err := r.stop(); err != nil {
			r.Errorf("Run: %v", err)
		}
	})
}

// listen has each connection handled by what accept returns, on loopback.
func (r *rig) listen(accept func(evloop.Shard) evloop.Handler) string {
	r.Helper()
	addr, err := r.loop.Listen(netip.MustParseAddrPort("127.0.0.1:0"), accept)
	if err != nil {
		r.Fatal(err)
	}
	return addr.String()
}

// serve makes and runs a loop that listens.
func (r *rig) serve(h evloop.Handler, change ...func(*evloop.Config)) string {
	r.Helper()
	r.make(change...)
	addr := r.listen(func(evloop.Shard) evloop.Handler { return h })
	r.run()
	return addr
}

// dial connects a plain socket.
func (r *rig) dial(addr string) *net.TCPConn {
	r.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return nc.(*net.TCPConn)
}

// on runs f on the first shard and waits for it.
func (r *rig) on(f func(evloop.Shard)) {
	r.Helper()
	done := make(chan struct{})
	s := r.loop.Shards()[0]
	s.Post(func() { f(s); close(done) })
	receive(r, done, "a posted function")
}

func receive[T any](r *rig, c <-chan T, what string) T {
	r.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		r.Fatalf("waited %v for %s", patience, what)
		panic("unreachable")
	}
}

func (r *rig) send(c net.Conn, text string) {
	r.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) expect(c net.Conn, want string) {
	r.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		r.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

func (r *rig) expectEnd(c net.Conn) {
	r.Helper()
	if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
		r.Fatalf("read %q, %v; want the end of the stream", b, err)
	}
}

// Funcs is a handler made of functions; those that are nil do nothing.
type Funcs struct {
	OnOpened func(evloop.Conn)
	OnData   func(evloop.Conn, []byte, evloop.Stamp)
	OnClosed func(evloop.Conn, error)
}

// Opened calls OnOpened.
func (f Funcs) Opened(c evloop.Conn) {
	if f.OnOpened != nil {
		f.OnOpened(c)
	}
}

// Data calls OnData.
func (f Funcs) Data(c evloop.Conn, b []byte, at evloop.Stamp) {
	if f.OnData != nil {
		f.OnData(c, b, at)
	}
}

// Closed calls OnClosed.
func (f Funcs) Closed(c evloop.Conn, err error) {
	if f.OnClosed != nil {
		f.OnClosed(c, err)
	}
}

func ignore(evloop.Shard) evloop.Handler { return Funcs{} }

func echoBack(c evloop.Conn, b []byte, _ evloop.Stamp) { c.Write(b) }

// closings returns a channel of what Closed is told, and the function to use.
func closings() (chan error, func(evloop.Conn, error)) {
	ch := make(chan error, 10_000)
	return ch, func(_ evloop.Conn, err error) { ch <- err }
}
