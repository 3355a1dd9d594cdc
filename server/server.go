// Package server is the timestamp-echo server of docs/protocol.md: it answers
// every message with the time at which it was received.
//
// [Listen] binds all addresses or none; [Server.Run] serves until its context
// ends and then answers what is in flight before it closes.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/wire"
)

// Config says what a server does. The zero value of a field is noted with it.
type Config struct {
	Listen []netip.AddrPort // at least one; port 0 is a free port
	Shards int              // event loops; at least 1
	Engine evloop.Engine    // empty is the best there is
	// KernelTime has t2 be when a message reached the kernel, instead of when
	// the server had read it. It, CPUs and Spin need the epoll engine.
	KernelTime bool
	CPUs       []int // to pin the event loops to, in turn; none pins nothing
	Spin       bool  // have the event loops never sleep
	// Clock tells t2; nil is this host's. Another is for tests of clocks that are
	// wrong. It does not go with KernelTime: the kernel stamps by the host's own.
	Clock evloop.Clock
	// Grace is how long Run goes on serving what is in flight once its
	// context has ended; 0 ends everything at once.
	Grace time.Duration
	// WriteTimeout ends the connection of a client that does not read; 0 never.
	WriteTimeout time.Duration
	// Log is called for every event, from all shards at once; nil is for none.
	// The event's data is valid during the call only.
	Log func(Event)
	// Refused, if set, is told of connections that were closed at once, because there
	// was no file descriptor for them: of the first, and then every RefusalInterval
	// of how many. It must not block.
	Refused func(Refusal)
}

// An Event is something that a log may tell.
type Event struct {
	Kind   EventKind
	Remote netip.AddrPort
	Time   int64  // Unix nanoseconds; of a message its t2
	Data   []byte // of a message
	Err    error  // of a connection that ended otherwise than by a goodbye or the end of its stream
}

// EventKind is the kind of an Event.
type EventKind uint8

// The kinds of events.
const (
	Connected EventKind = iota
	Message
	Closed
)

// A Server has bound its addresses.
type Server struct {
	cfg   Config
	clock evloop.Clock
	loop  evloop.Loop
	addrs []netip.AddrPort
	echos []*echo
	idle  chan struct{} // a draining shard has no connections left

	refusals refusals
}

// Listen binds the addresses. On an error nothing is left open.
func Listen(cfg Config) (*Server, error) {
	if cfg.Clock != nil && cfg.KernelTime {
		return nil, errors.New("the kernel's timestamps are by this host's clock: choose them or another clock")
	}
	s := &Server{cfg: cfg, clock: cfg.Clock, idle: make(chan struct{}, cfg.Shards), refusals: refusals{tell: cfg.Refused}}
	if s.clock == nil {
		s.clock = clock.NewLine()
	}
	var err error
	s.loop, err = evloop.New(evloop.Config{
		Engine: cfg.Engine, Clock: s.clock, Shards: cfg.Shards, ReadSize: wire.MaxMessage,
		WriteTimeout: cfg.WriteTimeout, Stamps: cfg.KernelTime, CPUs: cfg.CPUs, Spin: cfg.Spin,
		Refused: s.refusals.note,
	})
	if err != nil {
		return nil, err
	}
	for _, shard := range s.loop.Shards() {
		s.echos = append(s.echos, &echo{server: s, shard: shard})
	}
	for _, want := range cfg.Listen {
		addr, err := s.loop.Listen(want, func(shard evloop.Shard) evloop.Handler { return s.echos[shard.Index()] })
		if err != nil {
			s.loop.Close()
			return nil, fmt.Errorf("cannot listen on %v: %w; %s", want, err, listenAdvice(err))
		}
		s.addrs = append(s.addrs, addr)
	}
	return s, nil
}

// Addrs are the addresses that were bound, in the order of Config.Listen.
func (s *Server) Addrs() []netip.AddrPort { return s.addrs }

// Run serves until ctx ends, and then stops as Config.Grace says. It is called
// once.
func (s *Server) Run(ctx context.Context) error {
	loopCtx, endLoop := context.WithCancel(context.WithoutCancel(ctx))
	defer endLoop()
	defer s.refusals.end()
	ended := make(chan error, 1)
	go func() { ended <- s.loop.Run(loopCtx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		s.drain()
	}
	endLoop()
	return <-ended
}

// A connection that has been silent for this part of the grace has nothing in
// flight.
const quietPart = 4

// drain stops accepting and returns when every connection has been quiet for a
// while, or the grace is over.
func (s *Server) drain() {
	s.loop.CloseListeners()
	if s.cfg.Grace < quietPart {
		return
	}
	over := time.After(s.cfg.Grace)
	for _, e := range s.echos {
		e.shard.Post(func() { e.drain(s.cfg.Grace / quietPart) })
	}
	for range s.echos {
		select {
		case <-s.idle:
		case <-over:
			return
		}
	}
}

// echo serves the connections of one shard. A connection has no state of its
// own: what one receive returns is one message.
type echo struct {
	server *Server
	shard  evloop.Shard
	reply  []byte // of the message at hand
	conns  int
	told   bool  // that it is idle
	quiet  int64 // once draining: connections silent for so many nanoseconds end
}

func (e *echo) drain(quiet time.Duration) {
	e.quiet = int64(quiet)
	for c := range e.shard.Conns() {
		c.SetDeadline(e.shard.Now() + e.quiet)
	}
	e.tellIdle()
}

func (e *echo) tellIdle() {
	if e.quiet > 0 && e.conns == 0 && !e.told {
		e.told = true
		e.server.idle <- struct{}{} // has room for one of each shard
	}
}

// Opened implements evloop.Handler.
func (e *echo) Opened(c evloop.Conn) {
	e.conns++
	if e.quiet > 0 {
		c.SetDeadline(e.shard.Now() + e.quiet)
	}
	e.log(Event{Kind: Connected, Remote: c.Remote()})
}

// Data implements evloop.Handler.
func (e *echo) Data(c evloop.Conn, b []byte, at evloop.Stamp) {
	if wire.IsGoodbye(b) {
		c.Close()
		return
	}
	t2 := at.Wall
	if at.Arrived != 0 {
		t2 -= at.Read - at.Arrived
	}
	e.reply = wire.AppendReply(e.reply[:0], t2, b)
	c.Write(e.reply)
	if e.quiet > 0 {
		c.SetDeadline(at.Read + e.quiet)
	}
	if e.server.cfg.Log != nil { // or else not even the event is made
		e.log(Event{Kind: Message, Remote: c.Remote(), Time: t2, Data: b})
	}
}

// Closed implements evloop.Handler.
func (e *echo) Closed(c evloop.Conn, err error) {
	e.conns--
	if errors.Is(err, io.EOF) || e.quiet > 0 && errors.Is(err, evloop.ErrDeadline) {
		err = nil
	}
	e.log(Event{Kind: Closed, Remote: c.Remote(), Err: err})
	e.tellIdle()
}

func (e *echo) log(ev Event) {
	if e.server.cfg.Log == nil {
		return
	}
	if ev.Time == 0 {
		_, ev.Time = e.server.clock.Now()
	}
	e.server.cfg.Log(ev)
}
