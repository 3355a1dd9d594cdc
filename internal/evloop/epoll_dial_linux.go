package evloop

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

func (s *epollShard) Dial(addr netip.AddrPort, h Handler) Conn {
	c := s.newConn(h, addr)
	if s.stopped {
		c.end(ErrStopped)
		return c
	}
	if err := s.connect(c, addr); err != nil {
		c.end(err)
	}
	return c
}

// connect begins to connect c; that it has is an event.
func (s *epollShard) connect(c *epollConn, addr netip.AddrPort) error {
	family, sa, err := sockaddr(addr)
	if err != nil {
		return err
	}
	fd, err := streamSocket(family)
	if err != nil {
		return err
	}
	c.fd, c.zone = int32(fd), zoneOf(sa)
	if err := s.bindSource(fd); err != nil {
		return err
	}
	if err := unix.Connect(fd, sa); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return os.NewSyscallError("connect", err)
	}
	s.watch(c, unix.EPOLLOUT)
	return nil
}

// bindSource binds the next of the configured source addresses, and leaves the
// port to connect, which can take one that is in use towards another address.
func (s *epollShard) bindSource(fd int) error {
	if len(s.cfg.Sources) == 0 {
		return nil
	}
	s.dials++
	_, sa, err := sockaddr(netip.AddrPortFrom(s.cfg.Sources[s.dials%len(s.cfg.Sources)], 0))
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("setsockopt IP_BIND_ADDRESS_NO_PORT", err)
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

func interfaceIndex(zone string) (int, error) {
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		if i, e := strconv.Atoi(zone); e == nil {
			return i, nil
		}
		return 0, err
	}
	return ifi.Index, nil
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

// zoneOf is the number of the interface that an address is of, or 0.
func zoneOf(sa unix.Sockaddr) uint32 {
	if sa, ok := sa.(*unix.SockaddrInet6); ok {
		return sa.ZoneId
	}
	return 0
}

// withZone adds a zone, unless it is 0: the name of the interface, or its number where that
// cannot be found out.
func withZone(a netip.AddrPort, zone uint32) netip.AddrPort {
	if zone == 0 {
		return a
	}
	name, ok := zoneNames.Load(zone)
	if !ok {
		name, _ = zoneNames.LoadOrStore(zone, interfaceName(zone))
	}
	return netip.AddrPortFrom(a.Addr().WithZone(name.(string)), a.Port())
}

// zoneNames has the names of interfaces by number, because asking the system for one takes
// a dump of all of them.
var zoneNames sync.Map

func interfaceName(zone uint32) string {
	if i, err := net.InterfaceByIndex(int(zone)); err == nil {
		return i.Name
	}
	return strconv.FormatUint(uint64(zone), 10)
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
