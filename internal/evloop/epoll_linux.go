package evloop

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const hasEpoll = true

// newEpoll returns a loop whose shards are threads, each with its own epoll,
// timers, buffers and listeners. Nothing is shared between them and nothing is
// allocated for a message.
func newEpoll(cfg Config) (Loop, error) {
	l := &epoll{cfg: cfg}
	for i := range cfg.Shards {
		s, err := newEpollShard(&l.cfg, i)
		if err != nil {
			l.close()
			return nil, err
		}
		l.shards = append(l.shards, s)
	}
	return l, nil
}

type epoll struct {
	cfg    Config
	shards []*epollShard

	mu      sync.Mutex
	running bool
}

func (l *epoll) Shards() []Shard {
	out := make([]Shard, len(l.shards))
	for i, s := range l.shards {
		out[i] = s
	}
	return out
}

// Listen gives every shard a listener of its own, between which the kernel
// divides the connections.
func (l *epoll) Listen(addr netip.AddrPort, accept func(Shard) Handler) (netip.AddrPort, error) {
	for i, s := range l.shards {
		bound, err := s.listen(addr, accept(s))
		if err != nil {
			for _, done := range l.shards[:i] {
				done.closeListener()
			}
			return netip.AddrPort{}, err
		}
		// The free port that the first one got is for all.
		addr = netip.AddrPortFrom(addr.Addr(), bound.Port())
	}
	return addr, nil
}

func (l *epoll) CloseListeners() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.shards {
		if l.running {
			s.Post(s.acceptLast)
		} else {
			s.closeListeners()
		}
	}
}

func (l *epoll) Run(ctx context.Context) error {
	l.mu.Lock()
	l.running = true
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	for _, s := range l.shards {
		stop := context.AfterFunc(ctx, func() { s.Post(s.stop) })
		defer stop()
		wg.Go(func() {
			if err := s.run(); err != nil {
				once.Do(func() { failed = err })
				cancel()
			}
		})
	}
	wg.Wait()
	l.close()
	return failed
}

func (l *epoll) Close() {
	l.CloseListeners()
	l.close()
}

// close lets go of what the shards hold, once none of them runs.
func (l *epoll) close() {
	for _, s := range l.shards {
		s.close()
	}
}

// sockaddr is an address as the system takes it.
func sockaddr(a netip.AddrPort) (family int, sa unix.Sockaddr, err error) {
	if a.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, nil
	}
	sa6 := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if zone := a.Addr().Zone(); zone != "" {
		i, err := interfaceIndex(zone)
		if err != nil {
			return 0, nil, err
		}
		sa6.ZoneId = uint32(i)
	}
	return unix.AF_INET6, sa6, nil
}

// addrPortOf is the reverse of sockaddr, without the zone.
func addrPortOf(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// streamSocket returns a socket that does not block and delays nothing.
func streamSocket(family int) (fd int, err error) {
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	for _, o := range []struct{ level, name, value int }{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1}, // notices peers that vanish, as Go's net does
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			_ = unix.Close(fd)
			return -1, os.NewSyscallError("setsockopt", err)
		}
	}
	return fd, nil
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
	return fd, addrPortOf(own), nil
}

// backlog is how many connections may wait to be accepted; the kernel cuts it to
// net.core.somaxconn.
const backlog = 1 << 16
