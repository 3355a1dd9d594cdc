//go:build unix

package usage

import (
	"time"

	"golang.org/x/sys/unix"
)

func rusage(who int) (Usage, bool) {
	var r unix.Rusage
	if unix.Getrusage(who, &r) != nil {
		return Usage{}, false
	}
	return Usage{
		CPU:         time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		Voluntary:   int64(r.Nvcsw),
		Involuntary: int64(r.Nivcsw),
	}, true
}
