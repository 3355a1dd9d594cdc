//go:build !linux

package loadgen

import "net/netip"

// systemLimits knows nothing here; what the system lacks shows in the errors.
func systemLimits(int, netip.AddrPort) limits { return limits{} }
