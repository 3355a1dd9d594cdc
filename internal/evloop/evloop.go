// Package evloop runs connections on shards. A [Loop] is a few [Shard]s; a
// shard owns connections and timers, and calls the [Handler]s of its
// connections one at a time. What belongs to one shard therefore needs no lock.
//
// Start with [New], which takes the engine that is best on the system: epoll on
// Linux, elsewhere a goroutine for each connection. Call [Loop.Listen] for each address
// before [Loop.Run], and dial from within a shard: in a handler, a timer, or a
// function handed to [Shard.Post]. The contract that every engine keeps is written at the
// interfaces below and held by the suite in package evlooptest.
//
// Times are nanoseconds on the time line of the loop's [Clock].
package evloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"time"
)

// Why a connection ended, besides what the system reports and [io.EOF] for the
// end of the peer's stream.
var (
	// ErrDeadline ends a connection whose deadline passed.
	ErrDeadline = errors.New("deadline passed")
	// ErrWriteTimeout ends a connection whose peer does not read.
	ErrWriteTimeout = errors.New("the peer does not read what is sent to it")
	// ErrStopped ends the connections of a loop whose context ended.
	ErrStopped = errors.New("stopped")
)

// A Clock tells the time on a time line that never steps, and the wall clock's
// time of the same moment, both in Unix nanoseconds. It is called from all
// shards at once.
type Clock interface {
	Now() (line, wall int64)
}

// Engine is a way to run a loop.
type Engine string

// The engines.
const (
	Auto     Engine = "auto" // the best that the system has
	Epoll    Engine = "epoll"
	Portable Engine = "portable"
)

// ErrNoEpoll is the error for what only the epoll engine can do, where it is not.
var ErrNoEpoll = errors.New("needs the epoll engine, which Linux has")

// Config says how a loop is built.
type Config struct {
	Engine   Engine // empty is Auto
	Clock    Clock
	Shards   int // at least 1
	ReadSize int // the most bytes that one receive takes, at least 1
	// WriteTimeout is how long output may wait for a peer that does not read
	// before the connection ends with ErrWriteTimeout; 0 is for ever.
	WriteTimeout time.Duration
	// Sources are the addresses to dial from, in turn; none leaves it to the
	// system. Each has ports of its own.
	Sources []netip.Addr
	// Refused, if set, is called for each connection that was closed as soon as it
	// was accepted, because the system had no descriptor left for it, and each time
	// that accepting failed altogether. err is what the system said. It is called
	// from several goroutines at once, and must not block.
	Refused func(err error)

	// What follows needs the epoll engine.

	// Stamps asks the kernel when it received what is read.
	Stamps bool
	// CPUs pins each shard to a processor, in turn; none pins nothing.
	CPUs []int
	// Spin has the shards ask for events without ever sleeping. Each takes a
	// processor for itself.
	Spin bool
	// Punctual has the shards be awake when a timer becomes due: they end their
	// sleep as much earlier as the system uses to end it late. That takes up to
	// 0.2 ms of a processor for each time that they sleep.
	Punctual bool
}

// Choose returns the engine that e stands for on this system: for Auto, or
// nothing, the best there is.
func Choose(e Engine) Engine {
	if e != Auto && e != "" {
		return e
	}
	if hasEpoll {
		return Epoll
	}
	return Portable
}

// New returns a loop of the configured engine. The error tells what the system
// lacks.
func New(cfg Config) (Loop, error) {
	if cfg.Refused == nil {
		cfg.Refused = func(error) {}
	}
	if err := startPoller(); err != nil {
		return nil, err
	}
	switch Choose(cfg.Engine) {
	case Epoll:
		return newEpoll(cfg)
	case Portable:
		if cfg.Stamps || cfg.Spin || cfg.Punctual || len(cfg.CPUs) > 0 {
			return nil, fmt.Errorf("kernel timestamps, pinning, spinning or punctuality: %w", ErrNoEpoll)
		}
		return newPortable(cfg), nil
	}
	return nil, fmt.Errorf("there is no engine %q", cfg.Engine)
}

// A Loop is a set of shards that run together.
type Loop interface {
	// Shards returns the shards, whose number never changes.
	Shards() []Shard
	// Listen binds addr; port 0 is a free port. It is called before Run. Each
	// connection gets the handler that accept returns for its shard, and
	// Opened is called. Listen returns the address that was bound.
	Listen(addr netip.AddrPort, accept func(Shard) Handler) (netip.AddrPort, error)
	// CloseListeners soon ends listening, and keeps the connections. It may be
	// called from any goroutine, more than once, and before Run.
	CloseListeners()
	// Close lets go of a loop that is not to be run.
	Close()
	// Run runs the loop until ctx ends. It then ends every connection with
	// ErrStopped, waits until all handlers have returned, and returns nil; it
	// returns earlier only with the error that keeps the loop from running.
	Run(ctx context.Context) error
}

// A Shard owns connections and timers. Its methods are called on the shard
// only: from a handler, a timer, or a posted function. Post, Index and Now may be
// called from anywhere.
type Shard interface {
	// Index is the place of the shard in Loop.Shards.
	Index() int
	// Now returns the time on the loop's time line.
	Now() int64
	// Post has f called on the shard soon, in the order of the calls. What is
	// posted to a loop that has ended is dropped.
	Post(f func())
	// Dial begins to connect and returns at once. The handler's Opened or,
	// when that fails, its Closed is called later.
	Dial(addr netip.AddrPort, h Handler) Conn
	// Conns are the connections of the shard, those that still connect
	// included. They may be closed meanwhile.
	Conns() iter.Seq[Conn]
	// Schedule has t fire once when due has come, instead of when it was to
	// fire before. What is due already fires soon, never within Schedule.
	Schedule(t *Timer, due int64)
	// Cancel keeps t from firing; a timer that is not scheduled is left alone.
	Cancel(t *Timer)
	// Idle is for how many nanoseconds since the loop began the shard had
	// nothing to do. It is false where that is not known: only the epoll
	// engine, whose shards are threads, can tell. What it was ready to do while
	// the system gave it no processor counts as idle too.
	Idle() (ns int64, ok bool)
}

// A Conn is a TCP connection. Its methods are called on its shard only, and do
// nothing once the connection has been closed.
type Conn interface {
	Shard() Shard
	// Write sends b, which it does not keep. It never blocks: what the system
	// does not take at once follows by itself, and until it has, the
	// connection is not read, so that a peer that does not read is not served.
	// Failure ends the connection.
	Write(b []byte)
	// Close ends the connection once all that was written has been handed to
	// the system. Data is not called any more; Closed is, with nil.
	Close()
	// SetDeadline ends the connection with ErrDeadline at due, unless another
	// deadline is set before; 0 is none. Connecting counts. While output waits
	// for the peer to read, the deadline waits too: that is what
	// Config.WriteTimeout is for.
	SetDeadline(due int64)
	// Remote is the address of the other end.
	Remote() netip.AddrPort
}

// A Handler is what a connection means. Its methods are called on the
// connection's shard, never concurrently with anything else there, and must not
// block.
type Handler interface {
	// Opened is called once when the connection is established.
	Opened(c Conn)
	// Data is called with what one receive returned: at least one byte, at
	// most Config.ReadSize. The bytes are the loop's again when it returns.
	Data(c Conn, b []byte, at Stamp)
	// Closed is called exactly once, last, for every connection accepted or
	// dialed, whether or not Opened was. err is nil after Close, io.EOF when
	// the peer ended its stream, one of the errors of this package, or what
	// the system reported.
	Closed(c Conn, err error)
}

// deadlinePause is how long a deadline waits at a time for output to be read, in
// nanoseconds.
const deadlinePause = 10_000_000

// A Stamp tells when bytes were received.
type Stamp struct {
	Read int64 // when the program had them, on the loop's time line
	Wall int64 // the wall clock's time of that moment, Unix nanoseconds
	// Arrived is when the last of them reached the kernel, on the loop's time
	// line; 0 if the kernel did not say. It is converted from the wall clock,
	// and so off by a step of that clock between Arrived and Read.
	Arrived int64
}
