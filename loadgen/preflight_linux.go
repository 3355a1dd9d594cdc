package loadgen

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// systemLimits returns the limits, the soft one of descriptors raised to what is
// needed where the hard one lets it.
func systemLimits(need int) limits {
	var l limits
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil {
		if want := min(uint64(need), r.Max); r.Cur < want {
			raised := unix.Rlimit{Cur: want, Max: r.Max}
			if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
				r = raised
			}
		}
		l.descriptors = int(min(r.Cur, math.MaxInt32))
	}
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var first, last int
		if _, err := fmt.Sscan(string(b), &first, &last); err == nil {
			l.ports = last - first + 1
		}
	}
	return l
}
