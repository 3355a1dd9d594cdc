//go:build unix && !linux

package usage

import "golang.org/x/sys/unix"

// Process returns what this process has used.
func Process() (Usage, bool) { return rusage(unix.RUSAGE_SELF) }

// Thread is not known here.
func Thread() (Usage, bool) { return Usage{}, false }

// Quotas are not known here.
func Quotas() []Quota { return nil }

// Steal is not known here.
func Steal() (Stolen, bool) { return Stolen{}, false }
