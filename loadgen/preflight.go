package loadgen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/echostamp/echostamp/internal/unit"
)

// A lack is something that the machine has too little of for a run.
type lack struct {
	kind   kind
	reason string
}

func (l *lack) Error() string { return l.reason }

// limits are what the machine allows; 0 is not known.
type limits struct {
	descriptors int // open files of this process
	ports       int // that connections from one address to one target may have
	// held are those of them that cannot be had, by the address that they are of.
	held map[netip.Addr]heldPorts
}

// heldPorts are ports of one address that connections to the target have.
type heldPorts struct {
	timeWait int // of closed connections, for a minute
	open     int
}

// ownDescriptors is more than the program opens besides its connections, and
// shardDescriptors what a shard does.
const (
	ownDescriptors   = 24
	shardDescriptors = 4
)

// preflight finds out what a run would run out of, before anything connects.
func (s *supervisor) preflight() *lack {
	need := s.cfg.Clients + s.cfg.Descriptors + ownDescriptors + shardDescriptors*s.cfg.Shards
	sources, target := s.cfg.Sources, s.target
	local, remote, err := endpoints(sources, target)
	switch {
	case err == nil && len(sources) == 0:
		sources, target = []netip.Addr{local}, remote
	case err == nil:
		target = remote
	}
	s.unaddressed = errors.Is(err, errNoAddress)
	return lacks(s.cfg.Clients, need, sources, target, systemLimits(need, target))
}

// endpoints asks the system from where to where a connection to a target would be: nobody is
// sent anything. With sources it is from the first.
func endpoints(sources []netip.Addr, target netip.AddrPort) (local netip.Addr, remote netip.AddrPort, err error) {
	var from *net.UDPAddr
	if len(sources) > 0 {
		from = net.UDPAddrFromAddrPort(netip.AddrPortFrom(sources[0], 0))
	}
	c, err := net.DialUDP("udp", from, net.UDPAddrFromAddrPort(target))
	if err != nil {
		return netip.Addr{}, netip.AddrPort{}, err
	}
	defer c.Close()
	plain := func(a net.Addr) netip.AddrPort {
		ap := a.(*net.UDPAddr).AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return plain(c.LocalAddr()).Addr(), plain(c.RemoteAddr()), nil
}

// lacks says what there is too little of for so many clients, which need so many
// descriptors and connect from sources in turn; none is one that is not known.
func lacks(clients, descriptorsNeeded int, sources []netip.Addr, target netip.AddrPort, has limits) *lack {
	if has.descriptors > 0 && descriptorsNeeded > has.descriptors {
		return &lack{descriptors, fmt.Sprintf("%s need %s file descriptors, and the limit is %s: raise it (ulimit -n), or use fewer clients",
			unit.Plural(int64(clients), "client"), unit.Count(int64(descriptorsNeeded)), unit.Count(int64(has.descriptors)))}
	}
	n := max(1, len(sources))
	if has.ports > 0 && clients > has.ports*n {
		return &lack{ports, fmt.Sprintf("%s clients need as many ports, and %d source address(es) have %s: give more addresses with --source, or use fewer clients",
			unit.Count(int64(clients)), n, unit.Count(int64(has.ports*n)))}
	}
	each := (clients + n - 1) / n
	for _, a := range sources {
		held := has.held[a.WithZone("")]
		if free := has.ports - held.timeWait - held.open; has.ports > 0 && each > free {
			return &lack{ports, fmt.Sprintf("%s from %v need as many ports, and towards %v it has %s free: of %s, %s; wait a minute, give more addresses with --source, or use fewer clients",
				unit.Plural(int64(each), "client"), a, target, unit.Count(int64(max(0, free))), unit.Count(int64(has.ports)), held)}
		}
	}
	return nil
}

// String says by what the ports are held.
func (h heldPorts) String() string {
	var parts []string
	if h.timeWait > 0 {
		parts = append(parts, "connections in TIME_WAIT hold "+unit.Count(int64(h.timeWait)))
	}
	if h.open > 0 {
		parts = append(parts, "open connections hold "+unit.Count(int64(h.open)))
	}
	return strings.Join(parts, " and ")
}

// checkSources returns an error for a source that is not to be had, or cannot
// reach the target.
func checkSources(sources []netip.Addr, target netip.Addr) error {
	for _, a := range sources {
		if !isLocal(a) {
			return &ConfigError{"source", fmt.Sprintf("%v is no address of this host", a)}
		}
		if a.Is4() != target.Is4() {
			return &ConfigError{"source", fmt.Sprintf("%v and the target %v are not of one kind, IPv4 or IPv6", a, target)}
		}
	}
	return nil
}
