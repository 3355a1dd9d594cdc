package usage

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process returns what this process has used.
func Process() (Usage, bool) { return rusage(unix.RUSAGE_SELF) }

// Thread returns what the thread that this runs on has used.
func Thread() (Usage, bool) {
	u, ok := rusage(unix.RUSAGE_THREAD)
	if b, err := os.ReadFile("/proc/thread-self/schedstat"); err == nil {
		u.Waited = parseSchedstat(string(b))
	}
	return u, ok
}

// parseSchedstat returns the second of the three figures of
// Documentation/scheduler/sched-stats.rst, "time spent waiting on a runqueue";
// 0 if it is not there.
func parseSchedstat(text string) time.Duration {
	var ran, waited int64
	if _, err := fmt.Sscan(text, &ran, &waited); err != nil {
		return 0
	}
	return time.Duration(waited)
}

// Quotas returns the quotas that hold for this process: of its control group, and of
// those that this is in.
func Quotas() []Quota { return quotas(os.DirFS("/")) }

// Steal returns what was stolen since the machine began.
func Steal() (Stolen, bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Stolen{}, false
	}
	return parseStat(string(b))
}

// parseStat reads the first line of /proc/stat, proc(5): user, nice, system, idle,
// iowait, irq, softirq and steal, in ticks. Guests that follow are part of user.
func parseStat(text string) (Stolen, bool) {
	var f [8]int64
	line, _, _ := strings.Cut(text, "\n")
	_, err := fmt.Sscanf(line, "cpu %d %d %d %d %d %d %d %d", &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7])
	if err != nil {
		return Stolen{}, false
	}
	s := Stolen{Ticks: f[7]}
	for _, n := range f {
		s.Of += n
	}
	return s, true
}
