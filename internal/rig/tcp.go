package rig

import (
	"context"
	"net/netip"

	"github.com/echostamp/echostamp/internal/evloop"
)

// A TCPRelay makes a connection to its target for each that it accepts, and
// holds what goes in between. A packet is what one receive returns; packets of a
// connection keep their order, so one that is held for long holds those behind
// it. The end of a stream is held as a packet is, and not logged. As evloop knows
// no half of a connection, an end is that of both directions: what is on its way
// back to who ended is lost.
//
// It is not for floods: it keeps all that it has received until it is due and the
// other side reads it, without a limit; and as evloop does not read from who does
// not read, it waits for ever for a target that does not read while it writes.
type TCPRelay struct {
	*directions
	loop evloop.Loop
	addr netip.AddrPort
}

// readSize is the most bytes of a packet.
const readSize = 64 << 10

// ListenTCP binds a free port of 127.0.0.1. On an error nothing is left open.
func ListenTCP(cfg RelayConfig) (*TCPRelay, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	loop, err := evloop.New(evloop.Config{
		Engine: cfg.Engine, Clock: cfg.Clock, Shards: 1, ReadSize: readSize,
		Stamps: evloop.Choose(cfg.Engine) == evloop.Epoll,
	})
	if err != nil {
		return nil, err
	}
	r := &TCPRelay{directions: newDirections(cfg), loop: loop}
	f := newFront(cfg.Target, r.directions)
	r.addr, err = loop.Listen(loopback, func(evloop.Shard) evloop.Handler { return f })
	if err != nil {
		loop.Close()
		return nil, err
	}
	return r, nil
}

// Addr is the address that was bound.
func (r *TCPRelay) Addr() netip.AddrPort { return r.addr }

// Run relays until ctx ends, and drops what it holds then. It is called once,
// even if ctx has ended, to let go of the port.
func (r *TCPRelay) Run(ctx context.Context) error { return r.loop.Run(ctx) }

// front handles the connections of clients.
type front struct {
	target     netip.AddrPort
	directions *directions
	links      map[evloop.Conn]*link
	spare      spare
}

func newFront(target netip.AddrPort, d *directions) *front {
	return &front{target: target, directions: d, links: map[evloop.Conn]*link{}}
}

// Opened implements evloop.Handler.
func (f *front) Opened(c evloop.Conn) {
	l := &link{}
	l.forward.init(&f.directions.forward, c.Shard(), &f.spare)
	l.reverse.init(&f.directions.reverse, c.Shard(), &f.spare)
	l.reverse.lead(c)
	f.links[c] = l
	c.Shard().Dial(f.target, l)
}

// Data implements evloop.Handler.
func (f *front) Data(c evloop.Conn, b []byte, at evloop.Stamp) {
	f.links[c].forward.take(b, received(at))
}

// Closed implements evloop.Handler.
func (f *front) Closed(c evloop.Conn, _ error) {
	l := f.links[c]
	if l == nil {
		return // it was never opened
	}
	delete(f.links, c)
	l.reverse.abandon()
	l.forward.end()
}

// A link is both directions of one client's connection, and handles the
// connection to the target.
type link struct{ forward, reverse lane }

// Opened implements evloop.Handler.
func (l *link) Opened(c evloop.Conn) { l.forward.lead(c) }

// Data implements evloop.Handler.
func (l *link) Data(_ evloop.Conn, b []byte, at evloop.Stamp) { l.reverse.take(b, received(at)) }

// Closed implements evloop.Handler; that the target cannot be reached is an end
// like any other.
func (l *link) Closed(evloop.Conn, error) {
	l.forward.abandon()
	l.reverse.end()
}

// received is when a packet came: to the kernel, if that said so. A time after it
// was read is that of a wall clock which was put back meanwhile.
func received(at evloop.Stamp) int64 {
	if at.Arrived != 0 && at.Arrived <= at.Read {
		return at.Arrived
	}
	return at.Read
}
