package loadgen

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// systemLimits returns the limits of connections to a target, the soft one of
// descriptors raised to what is needed, besides those that are open, where the hard one
// lets it.
func systemLimits(need int, target netip.AddrPort) limits {
	l := limits{descriptors: raiseDescriptors(need)}
	first, last := portRange()
	if first == 0 {
		return l
	}
	l.ports = last - first + 1 - reservedPorts(sysctl("net/ipv4/ip_local_reserved_ports"), first, last)
	table := "/proc/net/tcp"
	if target.Addr().Is6() {
		table = "/proc/net/tcp6"
	}
	if f, err := os.Open(table); err == nil {
		defer f.Close()
		l.held = portsTowards(f, target, func(port uint16) bool { return first <= int(port) && int(port) <= last }, reusesTimeWait(target.Addr()))
	}
	return l
}

// raiseDescriptors returns how many descriptors may be open.
func raiseDescriptors(need int) int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	if want := min(uint64(need), r.Max); r.Cur < want {
		raised := unix.Rlimit{Cur: want, Max: r.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			r = raised
		}
	}
	return int(min(r.Cur, math.MaxInt32))
}

// sysctl returns a setting of the kernel; "" is that it is not known.
func sysctl(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// portRange is which ports connections get, of IPv6 too; zeros are that it is not known.
func portRange() (first, last int) {
	if _, err := fmt.Sscan(sysctl("net/ipv4/ip_local_port_range"), &first, &last); err != nil {
		return 0, 0
	}
	return first, last
}

// reusesTimeWait reports whether a new connection to an address may take the port of one in
// TIME_WAIT, after a second: Documentation/networking/ip-sysctl.rst, tcp_tw_reuse. Whether
// a connection had timestamps, which it takes, is not told; they are on or off for all.
func reusesTimeWait(to netip.Addr) bool {
	if sysctl("net/ipv4/tcp_timestamps") == "0" {
		return false
	}
	reuse := sysctl("net/ipv4/tcp_tw_reuse")
	return reuse == "1" || reuse == "2" && to.IsLoopback()
}
