package evloop

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollConn is a connection of an epoll shard. There may be very many, most of
// them idle, so it holds nothing that can be had otherwise.
type epollConn struct {
	shard    *epollShard
	handler  Handler
	out      *output // what the kernel has not taken yet; nil if it has all
	limit    Timer
	fault    error // why it ended; nil while it lasts, errClosed for Close
	fd       int32 // -1 without one
	serial   int32
	remoteIP [16]byte
	port     uint16
	open     bool
	zone     uint32 // of a link-local remote: the number of the interface
}

// output waits for a peer to read.
type output struct {
	bytes []byte
	late  Timer
}

func (s *epollShard) newConn(h Handler, remote netip.AddrPort) *epollConn {
	s.serial = (s.serial + 1) & 0x7fffffff
	c := &epollConn{
		shard: s, handler: h, fd: -1, serial: s.serial,
		remoteIP: remote.Addr().As16(), port: remote.Port(),
	}
	c.limit.Init(c)
	return c
}

// Wake is for the deadline.
func (c *epollConn) Wake(now int64) {
	if c.out != nil {
		c.SetDeadline(now + deadlinePause)
		return
	}
	c.end(ErrDeadline)
}

// ready sees to whatever event there is: reading and writing tell errors better
// than the event does.
func (c *epollConn) ready() {
	switch {
	case !c.open:
		c.connected()
	case c.out != nil:
		c.flush()
	default:
		c.receive()
	}
}

// connected ends connecting, one way or the other.
func (c *epollConn) connected() {
	errno, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && errno != 0 {
		err = unix.Errno(errno)
	}
	if err == nil && c.isItself() {
		err = unix.ECONNREFUSED
	}
	if err != nil {
		c.end(os.NewSyscallError("connect", err))
		return
	}
	c.open = true
	c.watch(unix.EPOLLIN)
	if c.fault == nil {
		c.handler.Opened(c)
	}
}

// isItself reports whether a connection leads to itself: to a free port of this
// host the system may connect from that very port.
func (c *epollConn) isItself() bool {
	sa, err := unix.Getsockname(int(c.fd))
	return err == nil && addrPortOf(sa) == c.unzoned()
}

func (c *epollConn) watch(events uint32) {
	if err := c.shard.control(unix.EPOLL_CTL_MOD, int(c.fd), c.serial, events); err != nil {
		c.end(err)
	}
}

// receive hands on what one receive returns.
func (c *epollConn) receive() {
	s := c.shard
	n, arrived, errno := s.msg.receive(c.fd, s.cfg.Stamps)
	line, wall := s.cfg.Clock.Now()
	s.seen = line
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
	case errno != 0:
		c.end(os.NewSyscallError("read", errno))
	case n == 0:
		c.end(io.EOF)
	default:
		at := Stamp{Read: line, Wall: wall}
		if arrived != 0 {
			at.Arrived = arrived - wall + line
		}
		c.handler.Data(c, s.buf[:n], at)
	}
}

func (c *epollConn) Write(b []byte) {
	if c.fault != nil || !c.open || len(b) == 0 {
		return
	}
	if c.out != nil {
		c.out.bytes = append(c.out.bytes, b...)
		return
	}
	n, err := c.send(b)
	switch {
	case err != nil:
		c.end(err)
	case n < len(b):
		c.hold(b[n:])
	}
}

// send hands bytes to the kernel, and returns how many it took.
func (c *epollConn) send(b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
			unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("write", errno)
		}
	}
}

// hold keeps what the kernel did not take, and stops reading until it does.
func (c *epollConn) hold(rest []byte) {
	c.out = &output{bytes: append([]byte(nil), rest...)}
	c.out.late.Init(WakeFunc(func(int64) { c.end(ErrWriteTimeout) }))
	c.await()
	c.watch(unix.EPOLLOUT)
}

// await has output end the connection when it waits for too long.
func (c *epollConn) await() {
	if limit := c.shard.cfg.WriteTimeout; limit > 0 {
		c.shard.Schedule(&c.out.late, c.shard.Now()+int64(limit))
	}
}

// flush sends what was held.
func (c *epollConn) flush() {
	n, err := c.send(c.out.bytes)
	if err != nil {
		c.end(err)
		return
	}
	c.out.bytes = c.out.bytes[n:]
	if len(c.out.bytes) > 0 {
		if n > 0 {
			c.await()
		}
		return
	}
	c.drop()
	if c.fault != nil {
		c.finish()
		return
	}
	c.watch(unix.EPOLLIN)
}

// drop forgets what was held.
func (c *epollConn) drop() {
	if c.out != nil {
		c.shard.timers.Remove(&c.out.late)
		c.out = nil
	}
}

// end ends the connection for the reason err, which counts if it is the first.
func (c *epollConn) end(err error) {
	if c.gone() {
		return
	}
	if c.fault == nil {
		c.fault = err
	}
	if errors.Is(err, errClosed) && c.out != nil {
		return // flush will finish
	}
	c.finish()
}

// gone reports whether the descriptor has been given back, or never was.
func (c *epollConn) gone() bool { return c.fault != nil && c.fd < 0 }

// finish gives the descriptor back and has the handler told.
func (c *epollConn) finish() {
	s := c.shard
	c.drop()
	s.timers.Remove(&c.limit)
	if fd := c.fd; fd >= 0 {
		c.fd = -1
		_ = unix.Close(int(fd)) // takes it out of the epoll too
		if s.conn(fd) == c {
			s.conns[fd] = nil
		}
	}
	s.ended = append(s.ended, c)
}

// why is what the handler is told.
func (c *epollConn) why() error {
	if errors.Is(c.fault, errClosed) {
		return nil
	}
	return c.fault
}

func (c *epollConn) Close() { c.end(errClosed) }

func (c *epollConn) SetDeadline(due int64) {
	switch {
	case c.fault != nil:
	case due == 0:
		c.shard.timers.Cancel(&c.limit)
	default:
		c.shard.timers.Schedule(&c.limit, due)
	}
}

func (c *epollConn) Shard() Shard { return c.shard }

func (c *epollConn) Remote() netip.AddrPort { return withZone(c.unzoned(), c.zone) }

func (c *epollConn) unzoned() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(c.remoteIP).Unmap(), c.port)
}
