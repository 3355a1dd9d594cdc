package evloop

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// errClosed marks a connection that Close has ended; handlers are told nil.
var errClosed = errors.New("closed")

// portableConn is read by a goroutine of its own. All fields are guarded by the
// shard's lock, but that nc is used without it, as its own methods allow.
type portableConn struct {
	shard   *portableShard
	handler Handler
	remote  netip.AddrPort
	nc      *net.TCPConn       // nil while connecting
	cancel  context.CancelFunc // of connecting; nil for what was accepted
	limit   Timer
	ended   error // why, once it is decided that the connection ends

	out       []byte // written, not yet on its way
	spare     []byte // what out was last time
	dirty     bool   // in shard.dirty
	sending   bool   // a goroutine is sending out
	abandoned bool   // out is not to be sent any more
}

func (s *portableShard) newConn(h Handler, remote netip.AddrPort) *portableConn {
	c := &portableConn{shard: s, handler: h, remote: remote}
	c.limit.Init(c)
	s.conns[c] = struct{}{}
	if s.stopped {
		c.end(ErrStopped)
	}
	return c
}

// Wake is for the deadline.
func (c *portableConn) Wake(now int64) {
	if c.sending || len(c.out) > 0 {
		c.SetDeadline(now + deadlinePause)
		return
	}
	c.end(ErrDeadline)
}

// serve runs an accepted connection until it ends.
func (s *portableShard) serve(nc *net.TCPConn, h Handler) {
	s.mu.Lock()
	c := s.newConn(h, addrPort(nc.RemoteAddr()))
	c.run(nc)
}

func (s *portableShard) Dial(addr netip.AddrPort, h Handler) Conn {
	c := s.newConn(h, addr)
	ctx, cancel := context.WithCancel(s.loop.ctx)
	c.cancel = cancel
	d := net.Dialer{LocalAddr: s.source()}
	s.loop.wg.Go(func() {
		defer cancel()
		nc, err := d.DialContext(ctx, network(addr), addr.String())
		s.mu.Lock()
		if err != nil {
			c.finish(err)
			return
		}
		c.run(nc.(*net.TCPConn))
	})
	return c
}

// source is the next address to dial from, or nil.
func (s *portableShard) source() net.Addr {
	sources := s.loop.cfg.Sources
	if len(sources) == 0 {
		return nil
	}
	s.dials++
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(sources[s.dials%len(sources)], 0))
}

// run opens the connection, reads until it ends, and finishes. It is called
// with the shard's lock held, and returns without.
func (c *portableConn) run(nc *net.TCPConn) {
	c.nc = nc
	if c.ended == nil {
		c.handler.Opened(c)
	} else {
		_ = nc.Close()
	}
	c.shard.leave(c)
	err := c.read()
	c.shard.mu.Lock()
	c.finish(err)
}

// finish is the end of the connection. It is called with the shard's lock held,
// and returns without.
func (c *portableConn) finish(err error) {
	if c.ended == nil {
		c.ended = err
	}
	for c.sending && !c.abandoned { // the peer may read on when it has ended its own stream
		c.shard.drained.Wait()
	}
	if c.nc != nil {
		_ = c.nc.Close()
	}
	delete(c.shard.conns, c)
	c.shard.timers.Remove(&c.limit)
	if err = c.ended; errors.Is(err, errClosed) {
		err = nil
	}
	c.handler.Closed(c, err)
	c.shard.leave(nil)
}

// read hands on what is received until the stream ends, and returns why.
func (c *portableConn) read() error {
	buf := make([]byte, c.shard.loop.cfg.ReadSize)
	for {
		n, err := c.nc.Read(buf)
		line, wall := c.shard.loop.cfg.Clock.Now()
		if n > 0 {
			c.shard.mu.Lock()
			if c.ended == nil {
				c.handler.Data(c, buf[:n], Stamp{Read: line, Wall: wall})
			}
			c.shard.leave(c)
		}
		if err != nil {
			return err
		}
	}
}

// awaitDrained keeps a connection from being read while its output waits.
func (c *portableConn) awaitDrained() {
	c.shard.mu.Lock()
	for c.sending {
		c.shard.drained.Wait()
	}
	c.shard.mu.Unlock()
}

// send writes what is to be sent until nothing is left. It runs in one goroutine
// at a time for a connection, without the shard's lock.
func (c *portableConn) send() {
	c.shard.mu.Lock()
	for len(c.out) > 0 && !c.abandoned {
		out := c.out
		c.out, c.spare = c.spare[:0], nil
		c.shard.mu.Unlock()
		err := c.write(out)
		c.shard.mu.Lock()
		c.spare = out
		if err != nil {
			c.end(err)
		}
	}
	c.sending = false
	if c.ended != nil {
		_ = c.nc.Close()
	}
	c.shard.drained.Broadcast()
	c.shard.mu.Unlock()
}

func (c *portableConn) write(b []byte) error {
	if limit := c.shard.loop.cfg.WriteTimeout; limit > 0 {
		_ = c.nc.SetWriteDeadline(time.Now().Add(limit))
	}
	_, err := c.nc.Write(b)
	if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
		return ErrWriteTimeout
	}
	return err
}

// end decides that the connection ends for the reason err. The goroutine that
// reads or connects notices, and finishes.
func (c *portableConn) end(err error) {
	if c.ended == nil {
		c.ended = err
	}
	if !errors.Is(err, errClosed) {
		c.abandoned = true
	}
	switch {
	case c.nc == nil && c.cancel != nil:
		c.cancel()
	case c.nc != nil && (c.abandoned || !c.sending && len(c.out) == 0):
		_ = c.nc.Close()
	}
}

func (c *portableConn) Shard() Shard           { return c.shard }
func (c *portableConn) Remote() netip.AddrPort { return c.remote }

func (c *portableConn) Close() { c.end(errClosed) }

func (c *portableConn) SetDeadline(due int64) {
	switch {
	case c.ended != nil:
	case due == 0:
		c.shard.timers.Cancel(&c.limit)
	default:
		c.shard.timers.Schedule(&c.limit, due)
	}
}

func (c *portableConn) Write(b []byte) {
	if c.ended != nil || c.nc == nil {
		return
	}
	c.out = append(c.out, b...)
	if !c.dirty {
		c.dirty = true
		c.shard.dirty = append(c.shard.dirty, c)
	}
}
