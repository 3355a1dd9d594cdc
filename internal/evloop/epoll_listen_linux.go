package evloop

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// listener is one of a shard's listening sockets.
type listener struct {
	fd      int
	handler Handler
	pause   Timer // until accepting is tried again, when descriptors ran out
	backoff time.Duration
}

func (s *epollShard) listen(addr netip.AddrPort, h Handler) (netip.AddrPort, error) {
	if err := s.spare.hold(); err != nil {
		return netip.AddrPort{}, err
	}
	fd, bound, err := boundListener(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	l := &listener{fd: fd, handler: h, backoff: minBackoff}
	l.pause.Init(WakeFunc(func(int64) { _ = s.control(unix.EPOLL_CTL_MOD, fd, listenerSerial, unix.EPOLLIN) }))
	s.listeners = append(s.listeners, l)
	return bound, s.control(unix.EPOLL_CTL_ADD, fd, listenerSerial, unix.EPOLLIN)
}

// acceptLast takes what has been connected already, and closes the listeners.
func (s *epollShard) acceptLast() {
	for _, l := range s.listeners {
		s.acceptFrom(l.fd)
	}
	s.closeListeners()
}

func (s *epollShard) closeListeners() {
	for len(s.listeners) > 0 {
		s.closeListener()
	}
	s.spare.release()
}

// closeListener closes the newest listener.
func (s *epollShard) closeListener() {
	last := len(s.listeners) - 1
	l := s.listeners[last]
	s.listeners = s.listeners[:last]
	s.timers.Remove(&l.pause)
	_ = unix.Close(l.fd)
}

// acceptBatch is how many connections are accepted before others get their turn.
const acceptBatch = 256

// acceptFrom takes the connections that wait. Out of descriptors it closes them;
// when it cannot do even that, or has closed many, it pauses, for what ends makes
// room again.
func (s *epollShard) acceptFrom(fd int) {
	var l *listener
	for _, known := range s.listeners {
		if known.fd == fd {
			l = known
		}
	}
	if l == nil {
		return // closed by what happened before it in the same batch
	}
	refused := false
	for range acceptBatch {
		kept, err := s.accept(l)
		switch {
		case err == nil:
			refused = refused || !kept
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		case errors.Is(err, unix.EAGAIN):
			l.backoff = minBackoff
			return
		default:
			s.cfg.Refused(os.NewSyscallError("accept", err))
			s.pauseAccepting(l)
			return
		}
	}
	if refused {
		s.pauseAccepting(l)
	}
}

// accept takes one connection, and reports whether it could be kept. Out of
// descriptors it takes it with the spare one, and closes it unless there is another
// to spare by then.
func (s *epollShard) accept(l *listener) (kept bool, err error) {
	held := s.spare.hold()
	nfd, sa, err := unix.Accept4(l.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if isOutOfDescriptors(err) && held == nil {
		why := err
		s.spare.release()
		nfd, sa, err = unix.Accept4(l.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if s.spare.hold() != nil && err == nil {
			_ = unix.Close(nfd)
			_ = s.spare.hold()
			s.cfg.Refused(os.NewSyscallError("accept", why))
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	s.adopt(nfd, sa, l.handler)
	return true, nil
}

// pauseAccepting leaves connections in the backlog for a while, which grows until
// all that waited have been accepted.
func (s *epollShard) pauseAccepting(l *listener) {
	_ = s.control(unix.EPOLL_CTL_MOD, l.fd, listenerSerial, 0)
	s.Schedule(&l.pause, s.Now()+int64(l.backoff))
	l.backoff = min(2*l.backoff, maxBackoff)
}

// adopt makes a connection of what was accepted.
func (s *epollShard) adopt(fd int, sa unix.Sockaddr, h Handler) {
	c := s.newConn(h, addrPortOf(sa))
	c.zone = zoneOf(sa)
	c.fd = int32(fd)
	c.open = true
	if s.watch(c, unix.EPOLLIN) {
		h.Opened(c)
	}
}

// boundListener returns a listening socket and the address that it got.
func boundListener(addr netip.AddrPort) (fd int, bound netip.AddrPort, err error) {
	fail := func(what string, err error) (int, netip.AddrPort, error) {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		return -1, netip.AddrPort{}, fmt.Errorf("%s: %w", what, err)
	}
	family, sa, err := sockaddr(addr)
	if err != nil {
		return -1, netip.AddrPort{}, err
	}
	if fd, err = streamSocket(family); err != nil {
		return -1, netip.AddrPort{}, err
	}
	// What is accepted inherits the options of streamSocket.
	options := []struct{ level, name int }{{unix.SOL_SOCKET, unix.SO_REUSEADDR}, {unix.SOL_SOCKET, unix.SO_REUSEPORT}}
	if family == unix.AF_INET6 {
		options = append(options, struct{ level, name int }{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, 1); err != nil {
			return fail("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return fail("bind", err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return fail("listen", err)
	}
	own, err := unix.Getsockname(fd)
	if err != nil {
		return fail("getsockname", err)
	}
	return fd, withZone(addrPortOf(own), zoneOf(own)), nil
}

// backlog is how many connections may wait to be accepted; the kernel cuts it to
// net.core.somaxconn.
const backlog = 1 << 16
