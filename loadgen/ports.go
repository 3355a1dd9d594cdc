package loadgen

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// portsTowards reads which ports are held by connections to a target, of those that count,
// by the address that they are of. The table is one of /proc/net/tcp and tcp6, proc(5). If
// TIME_WAIT is reused, ports in it are not held.
func portsTowards(table io.Reader, target netip.AddrPort, counts func(port uint16) bool, reused bool) map[netip.Addr]heldPorts {
	const timeWait = "06"
	all := map[netip.Addr]heldPorts{}
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 {
			continue
		}
		local, ok := parseSocketAddr(f[1])
		remote, also := parseSocketAddr(f[2])
		if !ok || !also || remote.Port() != target.Port() || remote.Addr() != target.Addr().WithZone("") || !counts(local.Port()) {
			continue
		}
		held := all[local.Addr()]
		switch {
		case f[3] != timeWait:
			held.open++
		case !reused:
			held.timeWait++
		}
		all[local.Addr()] = held
	}
	return all
}

// parseSocketAddr reads an address and a port as the kernel writes them: "0100007F:3039",
// words of four bytes in the order of this machine.
func parseSocketAddr(text string) (netip.AddrPort, bool) {
	digits, port, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(digits) != 2*4 && len(digits) != 2*16 {
		return netip.AddrPort{}, false
	}
	b := make([]byte, 0, 16)
	for ; digits != ""; digits = digits[8:] {
		word, err := strconv.ParseUint(digits[:8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		b = binary.NativeEndian.AppendUint32(b, uint32(word))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a, uint16(n)), true
}

// reservedPorts is how many ports of a range are reserved: "8080,9148-9200".
func reservedPorts(list string, first, last int) (n int) {
	for _, part := range strings.Split(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		a, err := strconv.Atoi(from)
		b, e := strconv.Atoi(to)
		if err == nil && e == nil {
			n += max(0, min(b, last)-max(a, first)+1)
		}
	}
	return n
}
