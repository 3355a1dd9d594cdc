package evlooptest

import (
	"iter"
	"net/netip"

	"github.com/echostamp/echostamp/internal/evloop"
)

// A Shard is a simulated shard: its clock moves when the test says so, and its
// connections are [Conn]s on which the test plays the other end. It is used from
// one goroutine.
type Shard struct {
	Number int     // what Index returns
	Time   int64   // the time on the line
	Dialed []*Conn // all there have been, in their order
	// Sent, if there is one, is given what is written to a connection, which is then not
	// kept in Written. The bytes are the caller's.
	Sent   func(c *Conn, b []byte)
	timers evloop.Timers
	posted []func()
}

// Advance moves the clock to a time, and calls what was posted and the timers
// that are due until then, each at its due time.
func (s *Shard) Advance(to int64) {
	for len(s.posted) > 0 {
		f := s.posted[0]
		s.posted = s.posted[1:]
		f()
	}
	for {
		due, ok := s.timers.Next()
		if !ok || due > to {
			break
		}
		s.Time = max(s.Time, due)
		s.timers.Fire(s.Time)
	}
	s.Time = max(s.Time, to)
}

// Index implements evloop.Shard.
func (s *Shard) Index() int { return s.Number }

// Now implements evloop.Shard.
func (s *Shard) Now() int64 { return s.Time }

// Post implements evloop.Shard.
func (s *Shard) Post(f func()) { s.posted = append(s.posted, f) }

// Schedule implements evloop.Shard.
func (s *Shard) Schedule(t *evloop.Timer, due int64) { s.timers.Schedule(t, due) }

// Cancel implements evloop.Shard.
func (s *Shard) Cancel(t *evloop.Timer) { s.timers.Cancel(t) }

// Idle implements evloop.Shard: of simulated time it means nothing.
func (s *Shard) Idle() (ns int64, ok bool) { return 0, false }

// Dial implements evloop.Shard. The test decides what becomes of the connection.
func (s *Shard) Dial(addr netip.AddrPort, h evloop.Handler) evloop.Conn {
	c := &Conn{shard: s, handler: h, remote: addr}
	c.limit = evloop.NewTimer(func(int64) { c.End(evloop.ErrDeadline) })
	s.Dialed = append(s.Dialed, c)
	return c
}

// Conns implements evloop.Shard.
func (s *Shard) Conns() iter.Seq[evloop.Conn] {
	return func(yield func(evloop.Conn) bool) {
		for _, c := range s.Dialed {
			if !c.Ended && !yield(c) {
				return
			}
		}
	}
}

// A Conn is a simulated connection.
type Conn struct {
	Written []byte // by this side, all of it
	Closed  bool   // by this side
	Ended   bool   // the handler has been told

	shard   *Shard
	handler evloop.Handler
	remote  netip.AddrPort
	limit   *evloop.Timer
}

// Establish opens the connection.
func (c *Conn) Establish() { c.handler.Opened(c) }

// Receive hands data to the handler, received now.
func (c *Conn) Receive(data string) {
	if !c.Closed && !c.Ended {
		c.handler.Data(c, []byte(data), evloop.Stamp{Read: c.shard.Time, Wall: c.shard.Time})
	}
}

// End ends the connection for the reason err, or with nil if this side closed it.
func (c *Conn) End(err error) {
	if c.Ended {
		return
	}
	c.Ended = true
	c.shard.Cancel(c.limit)
	if c.Closed {
		err = nil
	}
	c.handler.Closed(c, err)
}

// Shard implements evloop.Conn.
func (c *Conn) Shard() evloop.Shard { return c.shard }

// Write implements evloop.Conn.
func (c *Conn) Write(b []byte) {
	switch {
	case c.Closed || c.Ended:
	case c.shard.Sent != nil:
		c.shard.Sent(c, b)
	default:
		c.Written = append(c.Written, b...)
	}
}

// Close implements evloop.Conn. The handler is told when the clock advances.
func (c *Conn) Close() {
	if !c.Closed {
		c.Closed = true
		c.shard.Post(func() { c.End(nil) })
	}
}

// SetDeadline implements evloop.Conn.
func (c *Conn) SetDeadline(due int64) {
	c.shard.Cancel(c.limit)
	if due != 0 && !c.Closed && !c.Ended {
		c.shard.Schedule(c.limit, due)
	}
}

// Remote implements evloop.Conn.
func (c *Conn) Remote() netip.AddrPort { return c.remote }
