package loadgen

import (
	"context"
	"net"
	"net/netip"
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

// isLocal reports whether an address is this host's own. A tunnel may still lead
// from there to another clock.
func isLocal(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	own, err := net.InterfaceAddrs()
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
