package evloop

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pin keeps the thread that this runs on on a processor.
func pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cannot run on processor %d: %w", cpu, err)
	}
	return nil
}

// checkPins returns an error unless a thread can be kept on each of some processors.
func checkPins(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its affinity
		usable := allowed()
		for _, cpu := range cpus {
			if err := pin(cpu); err != nil {
				failed <- fmt.Errorf("%w; this process may use %s", err, usable)
				return
			}
		}
		failed <- nil
	}()
	return <-failed
}

// allowed lists the processors that the thread that this runs on may use, as taskset
// writes them: "0-1,4".
func allowed() string {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return "others"
	}
	var ranges []string
	for cpu, end := 0, len(set)*64; cpu < end; cpu++ {
		first := cpu
		for cpu < end && set.IsSet(cpu) {
			cpu++
		}
		switch last := cpu - 1; {
		case last == first:
			ranges = append(ranges, strconv.Itoa(first))
		case last > first:
			ranges = append(ranges, fmt.Sprintf("%d-%d", first, last))
		}
	}
	return strings.Join(ranges, ",")
}
