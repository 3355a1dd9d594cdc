package loadgen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
)

// A connectError is what the system may say of a connection that is not made.
type connectError struct {
	err    error
	kind   kind
	remedy string // if that of the kind does not fit, and the system's words tell more
}

// connectKind is the kind of an error by which a connection was not made. What the
// system said is noted, where it tells more.
func (p *plan) connectKind(err error) kind {
	e := p.explain(err)
	if e.remedy != "" || e.kind == connectOther {
		p.said.note(e.kind, func() first { return first{inWords(err), e.remedy} })
	}
	return e.kind
}

// explain finds out what kept a connection from being made.
func (p *plan) explain(err error) connectError {
	found := connectError{err: err, kind: connectOther}
	for _, e := range connectErrors {
		if errors.Is(err, e.err) {
			found = e
			break
		}
	}
	if errors.Is(err, errNoAddress) {
		if remedy := p.noAddress(err); remedy != "" {
			return connectError{err, connectOther, remedy}
		}
	}
	if zone := zoneRemedy(p.target.Addr()); zone != "" && found.kind == connectOther {
		found.remedy = zone
	}
	return found
}

// noAddress says why this host has no address to connect from, if it is not that the
// ports of those that it has are used up.
func (p *plan) noAddress(err error) string {
	call := (*os.SyscallError)(nil)
	switch {
	case errors.As(err, &call) && call.Syscall == "bind":
		return "is the source still an address of this host?"
	case !p.unaddressed:
		return ""
	case p.target.Addr().Is6():
		return "this host has no IPv6 address to connect from: is IPv6 off? Use an IPv4 address"
	}
	return "this host has no address to connect to it from"
}

// zoneRemedy says what is wrong with the zone of an address; nothing is "".
func zoneRemedy(a netip.Addr) string {
	if zone := a.Zone(); zone != "" {
		if _, err := net.InterfaceByName(zone); err == nil || isIndex(zone) {
			return ""
		}
		return fmt.Sprintf("this host has no interface %q to be the zone of the address (ip link lists them)", zone)
	}
	if a.Is6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast()) {
		return fmt.Sprintf("a link-local address needs a zone, the interface that leads to it, such as %v%%eth0", a)
	}
	return ""
}

// isIndex reports whether a zone is the index of an interface.
func isIndex(zone string) bool {
	index, err := strconv.Atoi(zone)
	if err == nil {
		_, err = net.InterfaceByIndex(index)
	}
	return err == nil
}

// inWords is what the system said.
func inWords(err error) string {
	words := err.Error()
	for op := (*net.OpError)(nil); errors.As(err, &op); words = err.Error() {
		err = op.Err // without the addresses, which are known
	}
	return words
}
