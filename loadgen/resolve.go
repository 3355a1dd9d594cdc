package loadgen

import (
	"context"
	"net"
	"net/netip"
	"strconv"
)

// resolveTarget finds the address to use. Where a name has several, it is the
// first that takes a connection, as "localhost" may be ::1 as well as 127.0.0.1.
func resolveTarget(ctx context.Context, cfg Config) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(cfg.Target)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if a, err := netip.ParseAddr(host); err == nil { // with its zone, which a look-up loses
		return netip.AddrPortFrom(a.Unmap(), uint16(port)), nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range addrs { // as of names that a hosts file blocks
		if err := checkAddr(a); err != nil {
			return netip.AddrPort{}, err
		}
	}
	first := netip.AddrPortFrom(addrs[0].Unmap(), uint16(port))
	if len(addrs) == 1 {
		return first, nil
	}
	d := net.Dialer{Timeout: cfg.Timeout}
	nc, err := d.DialContext(ctx, "tcp", cfg.Target)
	if err != nil {
		return first, ctx.Err() // the clients will meet the error, and count it
	}
	defer nc.Close()
	_, _ = nc.Write(farewell)
	remote := nc.RemoteAddr().(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port()), nil
}

// isLocal reports whether an address is this host's own, and that of the interface in its
// zone if it has one. A tunnel may still lead from there to another clock.
func isLocal(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	own, err := addrsOf(a.Zone())
	if err != nil {
		return false
	}
	for _, o := range own {
		if p, err := netip.ParsePrefix(o.String()); err == nil && p.Addr().Unmap() == a.WithZone("") {
			return true
		}
	}
	return false
}

// addrsOf are the addresses of an interface, which is named or numbered, or of all.
func addrsOf(zone string) ([]net.Addr, error) {
	if zone == "" {
		return net.InterfaceAddrs()
	}
	i, err := net.InterfaceByName(zone)
	if n, e := strconv.Atoi(zone); err != nil && e == nil {
		i, err = net.InterfaceByIndex(n)
	}
	if err != nil {
		return nil, err
	}
	return i.Addrs()
}
