// Package evlooptest holds what tests of event loops need: [Conformance], the
// contract of package evloop as a suite that every engine must pass over real
// sockets, and [Shard], a simulated shard on which handlers are tested with no
// socket and a clock that the test moves.
package evlooptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

// Conformance holds the loops of an engine to the contract of package evloop. It listens and dials on loopback.
func Conformance(t *testing.T, engine evloop.Engine) {
	open := func(cfg evloop.Config) evloop.Loop {
		cfg.Engine = engine
		l, err := evloop.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}

	for _, tc := range []struct {
		name string
		run  func(*rig)
	}{
		{"echo", echo},
		{"receives are bounded by ReadSize", readSize},
		{"shards run one thing at a time", oneAtATime},
		{"connections are spread over the shards", spread},
		{"dialing what refuses", refused},
		{"half-close is answered", halfClose},
		{"a reset disturbs nobody else", reset},
		{"close sends what was written", closeFlushes},
		{"a closed connection does nothing", closedIsInert},
		{"deadlines", deadlines},
		{"deadline of a dial", dialDeadline},
		{"timers", timers},
		{"a timer for now fires later", timerNow},
		{"posted functions", posts},
		{"idle time", idleTime},
		{"a timer writes", timerWrites},
		{"a peer that does not read", slowReader},
		{"a peer that does not read is cut off", writeTimeout},
		{"listeners close, connections stay", closeListeners},
		{"the context ends everything", stop},
		{"addresses", addresses},
		{"a port in use", portInUse},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.run(&rig{T: t, open: open}) })
	}
}

func echo(r *rig) {
	closed, onClosed := closings()
	var stamps []evloop.Stamp
	addr := r.serve(Funcs{
		OnData: func(c evloop.Conn, b []byte, at evloop.Stamp) {
			stamps = append(stamps, at)
			c.Write(b)
		},
		OnClosed: onClosed,
	})
	before := time.Now().UnixNano()
	c := r.dial(addr)
	for _, text := range []string{"a", "hello", string(bytes.Repeat([]byte{0, 0xff}, 500))} {
		r.send(c, text)
		r.expect(c, text)
	}
	c.Close()
	if err := receive(r, closed, "Closed"); err != io.EOF {
		r.Errorf("Closed with %v, want io.EOF", err)
	}
	last := before - int64(time.Millisecond) // the two clocks are read apart
	for _, s := range stamps {
		if s.Read < last || s.Wall == 0 {
			r.Errorf("receive stamps %+v", stamps)
		}
		last = s.Read
	}
}

func readSize(r *rig) {
	sizes := make(chan int, 100)
	addr := r.serve(Funcs{OnData: func(_ evloop.Conn, b []byte, _ evloop.Stamp) { sizes <- len(b) }})
	c := r.dial(addr)
	r.send(c, string(make([]byte, 10*receiveSize)))
	for total := 0; total < 10*receiveSize; {
		n := receive(r, sizes, "data")
		if n < 1 || n > receiveSize {
			r.Fatalf("a receive of %d bytes", n)
		}
		total += n
	}
}

func oneAtATime(r *rig) {
	const clients, messages = 50, 50
	l := r.make()
	running := make([]int, len(l.Shards())) // no atomics: the race detector watches too
	enter := func(s evloop.Shard) func() {
		running[s.Index()]++
		if running[s.Index()] != 1 {
			r.Error("two things run on a shard at once")
		}
		return func() { running[s.Index()]-- }
	}
	var answered atomic.Int64
	done := make(chan struct{})
	addr := r.listen(func(s evloop.Shard) evloop.Handler {
		return Funcs{
			OnOpened: func(evloop.Conn) { defer enter(s)() },
			OnData:   func(c evloop.Conn, b []byte, _ evloop.Stamp) { defer enter(s)(); c.Write(b) },
			OnClosed: func(evloop.Conn, error) { defer enter(s)() },
		}
	})
	r.run()
	for _, s := range l.Shards() {
		s.Post(func() {
			defer enter(s)()
			var tick *evloop.Timer
			tick = evloop.NewTimer(func(now int64) { defer enter(s)(); s.Schedule(tick, now+1000) })
			s.Schedule(tick, 0)
			for range clients / len(l.Shards()) {
				left := messages
				s.Dial(netip.MustParseAddrPort(addr), Funcs{
					OnOpened: func(c evloop.Conn) { defer enter(s)(); c.Write([]byte("x")) },
					OnData: func(c evloop.Conn, b []byte, _ evloop.Stamp) {
						defer enter(s)()
						if left--; left > 0 {
							c.Write(b)
						} else if answered.Add(1) == clients {
							close(done)
						}
					},
				})
			}
		})
	}
	receive(r, done, "all messages to be answered")
}

func spread(r *rig) {
	l := r.make()
	used := make(chan int, 100)
	addr := r.listen(func(s evloop.Shard) evloop.Handler {
		return Funcs{OnOpened: func(c evloop.Conn) {
			if c.Shard().Index() != s.Index() {
				r.Error("a connection has the handler of another shard")
			}
			used <- s.Index()
		}}
	})
	r.run()
	seen := map[int]bool{}
	for i := 0; i < 200 && len(seen) < len(l.Shards()); i++ {
		r.dial(addr)
		seen[receive(r, used, "Opened")] = true
	}
	if len(seen) != len(l.Shards()) {
		r.Errorf("of %d shards, connections came to %v only", len(l.Shards()), seen)
	}
}

func refused(r *rig) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	addr := netip.MustParseAddrPort(ln.Addr().String())
	ln.Close()
	r.make()
	r.run()
	closed, onClosed := closings()
	r.on(func(s evloop.Shard) {
		s.Dial(addr, Funcs{OnOpened: func(evloop.Conn) { r.Error("Opened") }, OnClosed: onClosed})
	})
	if err := receive(r, closed, "Closed"); !IsRefused(err) {
		r.Errorf("Closed with %v, want connection refused", err)
	}
}

func halfClose(r *rig) {
	c := r.dial(r.serve(Funcs{OnData: echoBack}))
	r.send(c, "last words")
	_ = c.CloseWrite()
	r.expect(c, "last words")
	r.expectEnd(c)
}

func reset(r *rig) {
	closed, onClosed := closings()
	addr := r.serve(Funcs{OnData: echoBack, OnClosed: onClosed})
	good, bad := r.dial(addr), r.dial(addr)
	r.send(bad, "x")
	r.expect(bad, "x")
	_ = bad.SetLinger(0)
	bad.Close()
	if err := receive(r, closed, "Closed"); err == nil || err == io.EOF {
		r.Errorf("Closed with %v, want a reset", err)
	}
	r.send(good, "still here")
	r.expect(good, "still here")
}

func closeFlushes(r *rig) {
	closed, onClosed := closings()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // more than the system takes at once
	addr := r.serve(Funcs{
		OnData:   func(c evloop.Conn, _ []byte, _ evloop.Stamp) { c.Write(big); c.Close() },
		OnClosed: onClosed,
	})
	c := r.dial(addr)
	r.send(c, "give")
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, big) {
		r.Errorf("read %d of %d bytes, %v", len(got), len(big), err)
	}
	if err := receive(r, closed, "Closed"); err != nil {
		r.Errorf("Closed with %v, want nil", err)
	}
}

func closedIsInert(r *rig) {
	closed, onClosed := closings()
	conns := make(chan evloop.Conn, 1)
	addr := r.serve(Funcs{
		OnData: func(c evloop.Conn, _ []byte, _ evloop.Stamp) {
			c.Close()
			c.Close()
			c.Write([]byte("nobody reads this"))
			c.SetDeadline(1)
			conns <- c
		},
		OnClosed: onClosed,
	})
	c := r.dial(addr)
	r.send(c, "x")
	r.expectEnd(c)
	if err := receive(r, closed, "Closed"); err != nil {
		r.Errorf("Closed with %v", err)
	}
	gone, done := receive(r, conns, "the connection"), make(chan struct{})
	gone.Shard().Post(func() {
		gone.Write([]byte("nor this"))
		gone.SetDeadline(1)
		gone.Close()
		close(done)
	})
	receive(r, done, "the calls on a closed connection")
	if err := r.stop(); err != nil {
		r.Error(err)
	}
	if len(closed) > 0 {
		r.Errorf("Closed was called again, with %v", <-closed)
	}
}

func deadlines(r *rig) {
	type end struct {
		name string
		err  error
	}
	ends := make(chan end, 10)
	r.make()
	addr := r.listen(func(s evloop.Shard) evloop.Handler {
		return Funcs{
			OnData: func(c evloop.Conn, b []byte, _ evloop.Stamp) {
				now, name := s.Now(), string(b)
				switch name {
				case "soon":
					c.SetDeadline(now + 1)
				case "moved up":
					c.SetDeadline(now + int64(time.Hour))
					c.SetDeadline(now + int64(time.Millisecond))
				case "moved back":
					c.SetDeadline(now + int64(time.Millisecond))
					c.SetDeadline(now + int64(time.Hour))
				case "none":
					c.SetDeadline(now + int64(time.Millisecond))
					c.SetDeadline(0)
				case "set again":
					c.SetDeadline(now + 1)
					c.SetDeadline(0)
					c.SetDeadline(now + int64(2*time.Millisecond))
				}
				c.Write(b)
			},
			OnClosed: func(c evloop.Conn, err error) { ends <- end{c.Remote().String(), err} },
		}
	})
	r.run()
	names := map[string]string{}
	var lasting []*net.TCPConn
	for _, name := range []string{"moved back", "none", "soon", "moved up", "set again"} {
		c := r.dial(addr)
		names[c.LocalAddr().String()] = name
		r.send(c, name)
		r.expect(c, name)
		if name == "moved back" || name == "none" {
			lasting = append(lasting, c)
		}
	}
	for range 3 {
		e := receive(r, ends, "a deadline")
		if name := names[e.name]; name == "moved back" || name == "none" || e.err != evloop.ErrDeadline {
			r.Errorf("%s: Closed with %v", name, e.err)
		}
	}
	for _, c := range lasting {
		r.send(c, "alive")
		r.expect(c, "alive")
	}
}

func dialDeadline(r *rig) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	defer ln.Close()
	if err := neverAccept(ln.(*net.TCPListener)); err != nil {
		r.Skipf("cannot make a listener that lets connections wait: %v", err)
	}
	r.make()
	r.run()
	const dials = 8
	closed, onClosed := closings()
	r.on(func(s evloop.Shard) {
		for range dials {
			c := s.Dial(netip.MustParseAddrPort(ln.Addr().String()), Funcs{OnOpened: evloop.Conn.Close, OnClosed: onClosed})
			c.SetDeadline(s.Now() + int64(50*time.Millisecond))
		}
	})
	late := 0
	for range dials {
		if err := receive(r, closed, "Closed"); err == evloop.ErrDeadline {
			late++
		} else if err != nil {
			r.Errorf("Closed with %v", err)
		}
	}
	if late == 0 {
		r.Error("every connection was established by a listener that never accepts")
	}
}

func timers(r *rig) {
	r.make()
	r.run()
	order := make(chan string, 10)
	r.on(func(s evloop.Shard) {
		now := s.Now()
		add := func(name string, after time.Duration) *evloop.Timer {
			due := now + int64(after)
			t := evloop.NewTimer(func(now int64) {
				if now < due {
					r.Errorf("%s fired %d ns early", name, due-now)
				}
				order <- name
			})
			s.Schedule(t, due)
			return t
		}
		add("third", 3*time.Millisecond)
		cancelled := add("cancelled", 2*time.Millisecond)
		add("first", time.Millisecond)
		moved := evloop.NewTimer(func(int64) { order <- "second" })
		s.Schedule(moved, now+int64(time.Hour))
		s.Schedule(moved, now+int64(2*time.Millisecond))
		add("fourth", 4*time.Millisecond)
		s.Cancel(cancelled)
		s.Cancel(cancelled)
	})
	var got []string
	for range 4 {
		got = append(got, receive(r, order, "a timer"))
	}
	if want := []string{"first", "second", "third", "fourth"}; !slices.Equal(got, want) {
		r.Errorf("timers fired as %v, want %v", got, want)
	}
}

func timerNow(r *rig) {
	r.make()
	r.run()
	fired := make(chan int, 10)
	r.on(func(s evloop.Shard) {
		inside, times := true, 0
		var t *evloop.Timer
		t = evloop.NewTimer(func(now int64) {
			if inside {
				r.Error("fired within Schedule")
			}
			if times++; times < 3 {
				s.Schedule(t, 0)
			}
			fired <- times
		})
		s.Schedule(t, 0)
		inside = false
	})
	for want := 1; want <= 3; want++ {
		if got := receive(r, fired, "the timer"); got != want {
			r.Errorf("fired %d, want %d", got, want)
		}
	}
}

func posts(r *rig) {
	r.make()
	s := r.loop.Shards()[1]
	got := make(chan int, 1000)
	for i := range 100 {
		s.Post(func() { got <- i }) // before Run too
	}
	r.run()
	for i := 100; i < 200; i++ {
		s.Post(func() {
			got <- i
			if i == 199 {
				s.Post(func() { got <- 200 }) // from the shard itself
			}
		})
	}
	for want := range 201 {
		if i := receive(r, got, "a posted function"); i != want {
			r.Fatalf("call %d is of what was posted as %d", want, i)
		}
	}
}

// idleTime holds that waiting counts as idle and working does not, asleep and
// spinning.
func idleTime(r *rig) {
	const each = 50 * time.Millisecond
	if idleTimeOf(r, r.make(), each, each/4) {
		_ = r.stop()
		// A busy machine may stop a thread that spins at any point, most of which count as work.
		idleTimeOf(r, r.make(func(c *evloop.Config) { c.Shards, c.Spin = 1, true }), each, 1)
	}
}

// idleTimeOf reports whether the loop knows its idle time. It has to be the least, at least,
// of a wait.
func idleTimeOf(r *rig, l evloop.Loop, each, least time.Duration) bool {
	s := l.Shards()[0]
	type point struct {
		idle, at int64
		known    bool
	}
	points := make(chan point, 3)
	note := func() {
		idle, ok := s.Idle()
		points <- point{idle, s.Now(), ok}
	}
	r.run()
	s.Post(func() {
		note()
		s.Schedule(evloop.NewTimer(func(int64) { // after waiting
			note()
			for end := time.Now().Add(each); time.Now().Before(end); {
			}
			s.Schedule(evloop.NewTimer(func(int64) { note() }), s.Now()) // after working
		}), s.Now()+int64(each))
	})
	start, waited, worked := receive(r, points, "a point"), receive(r, points, "a point"), receive(r, points, "a point")
	if !start.known {
		return false
	}
	if idle := waited.idle - start.idle; idle < int64(least) || idle > waited.at-start.at {
		r.Errorf("after waiting for %v the shard was idle for %v more", each, time.Duration(idle))
	}
	if idle, most := worked.idle-waited.idle, worked.at-waited.at-int64(each); idle < 0 || idle > most {
		r.Errorf("after working for %v of %v the shard was idle for %v more", each, time.Duration(worked.at-waited.at), time.Duration(idle))
	}
	return true
}

func timerWrites(r *rig) {
	r.make()
	addr := r.listen(func(s evloop.Shard) evloop.Handler {
		return Funcs{OnOpened: func(c evloop.Conn) {
			n := 0
			var t *evloop.Timer
			t = evloop.NewTimer(func(now int64) {
				c.Write([]byte{'0' + byte(n)})
				if n++; n < 10 {
					s.Schedule(t, now)
				} else {
					c.Close()
				}
			})
			s.Schedule(t, 0)
		}}
	})
	r.run()
	c := r.dial(addr)
	r.expect(c, "0123456789")
	r.expectEnd(c)
}

func slowReader(r *rig) {
	var taken atomic.Int64
	addr := r.serve(Funcs{OnData: func(c evloop.Conn, b []byte, _ evloop.Stamp) {
		if b[0] == 0 {
			taken.Add(int64(len(b)))
		}
		c.Write(b)
	}})
	slow, good := r.dial(addr), r.dial(addr)
	// Send until nothing more is taken: both ends' buffers are full.
	chunk := make([]byte, 1<<16)
	sent := 0
	for sent < 1<<28 {
		_ = slow.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := slow.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	if sent >= 1<<28 {
		r.Fatal("a peer that does not read is served without end")
	}
	for range 100 {
		r.send(good, "meanwhile")
		r.expect(good, "meanwhile")
	}
	if n, err := io.CopyN(io.Discard, slow, int64(sent)); err != nil {
		r.Errorf("of %d bytes sent, %d came back when they were read at last: %v", sent, n, err)
	}
	if taken.Load() != int64(sent) {
		r.Errorf("%d bytes were handled, %d sent", taken.Load(), sent)
	}
}

func writeTimeout(r *rig) {
	closed, onClosed := closings()
	addr := r.serve(Funcs{
		OnOpened: func(c evloop.Conn) { c.Write(make([]byte, 1<<23)) },
		OnClosed: onClosed,
	}, func(c *evloop.Config) { c.WriteTimeout = 50 * time.Millisecond })
	r.dial(addr)
	if err := receive(r, closed, "Closed"); err != evloop.ErrWriteTimeout {
		r.Errorf("Closed with %v, want %v", err, evloop.ErrWriteTimeout)
	}
}

func closeListeners(r *rig) {
	addr := r.serve(Funcs{OnData: echoBack})
	c := r.dial(addr)
	r.send(c, "before")
	r.expect(c, "before")
	r.loop.CloseListeners()
	r.loop.CloseListeners()
	r.send(c, "after")
	r.expect(c, "after")
	for begun := time.Now(); time.Since(begun) < patience; {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		nc.Close()
	}
	r.Error("a closed listener accepts")
}

func stop(r *rig) {
	const clients = 20
	closed, onClosed := closings()
	var opened sync.WaitGroup
	opened.Add(2 * clients)
	h := Funcs{
		OnOpened: func(c evloop.Conn) { opened.Done(); c.Write(make([]byte, 1<<22)) }, // more than goes out
		OnClosed: onClosed,
	}
	addr := r.serve(h)
	r.on(func(s evloop.Shard) {
		for range clients {
			s.Dial(netip.MustParseAddrPort(addr), h)
		}
		s.Schedule(evloop.NewTimer(func(int64) { r.Error("fired") }), s.Now()+int64(time.Hour))
	})
	opened.Wait()
	if err := r.stop(); err != nil {
		r.Errorf("Run: %v", err)
	}
	if len(closed) != 2*clients {
		r.Fatalf("of %d connections, Closed was called for %d when Run returned", 2*clients, len(closed))
	}
	stopped := 0
	for range 2 * clients {
		if err := <-closed; errors.Is(err, evloop.ErrStopped) {
			stopped++
		}
	}
	if stopped < clients { // the other end may notice its peer's end first
		r.Errorf("%d of %d connections were told that the loop stopped", stopped, 2*clients)
	}
}

func addresses(r *rig) {
	remotes := make(chan string, 10)
	note := func(c evloop.Conn) { remotes <- c.Remote().String() }
	addr := r.serve(Funcs{OnOpened: note})
	c := r.dial(addr)
	if got := receive(r, remotes, "Opened"); got != c.LocalAddr().String() {
		r.Errorf("an accepted connection is of %s, want %s", got, c.LocalAddr())
	}
	dialed := make(chan string, 1)
	r.on(func(s evloop.Shard) {
		s.Dial(netip.MustParseAddrPort(addr), Funcs{OnOpened: func(c evloop.Conn) { dialed <- c.Remote().String() }})
	})
	if got := receive(r, dialed, "Opened"); got != addr {
		r.Errorf("a connection to %s is to %s", addr, got)
	}
	if v6, err := r.open(evloop.Config{Clock: wallClock{}, Shards: 1, ReadSize: 1}).
		Listen(netip.MustParseAddrPort("[::1]:0"), ignore); err == nil && !v6.Addr().Is6() {
		r.Errorf("listening on [::1]:0 bound %v", v6)
	}
}

func portInUse(r *rig) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // without SO_REUSEPORT
	if err != nil {
		r.Fatal(err)
	}
	defer ln.Close()
	l := r.make()
	if addr, err := l.Listen(netip.MustParseAddrPort(ln.Addr().String()), ignore); err == nil {
		r.Errorf("%v was bound twice", addr)
	} else if fmt.Sprint(err) == "" {
		r.Error("an error without text")
	}
	l.CloseListeners()
}
