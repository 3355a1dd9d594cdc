package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/evloop"
)

// engineOptions are the options of event loops, which server and load share.
type engineOptions struct {
	engine evloop.Engine
	shards int
	cpuSet string
	cpus   []int
	spin   bool
}

func (o *engineOptions) define(f *pflag.FlagSet) {
	f.StringVar((*string)(&o.engine), "engine", string(evloop.Auto), "event loop: epoll (Linux), portable (a goroutine for each connection), or auto")
	f.IntVar(&o.shards, "shards", 0, "event loops, up to 1024; 0 is one fewer than processors, and at least 1")
	f.StringVar(&o.cpuSet, "cpus", "", "pin the event loops to these processors, such as `0,2-3`")
	f.BoolVar(&o.spin, "spin", false, "never sleep: the lowest latency, for a processor a shard")
}

// count is the number of event loops.
func (o *engineOptions) count() int {
	if o.shards == 0 {
		return max(1, runtime.NumCPU()-1)
	}
	return o.shards
}

// spareProcessor gives Go's scheduler one processor more than there are event
// loops in this process. With none to spare it takes a loop's processor away each
// time the loop sleeps, which costs microseconds at every wake-up.
func spareProcessor(loops int) {
	if runtime.GOMAXPROCS(0) <= loops {
		runtime.GOMAXPROCS(loops + 1)
	}
}

// validate reads what was given.
func (o *engineOptions) validate() error {
	switch o.engine {
	case evloop.Auto, evloop.Epoll, evloop.Portable:
	default:
		return fmt.Errorf("--engine: %q is none of auto, epoll, portable", o.engine)
	}
	if o.shards < 0 || o.shards > 1024 {
		return fmt.Errorf("--shards: %d is not between 0 and 1024", o.shards)
	}
	if cpus := runtime.NumCPU(); o.spin && o.count() >= cpus {
		return fmt.Errorf("--spin: %d event loops that never sleep, and a processor for all else, are more than the %d processors here; use fewer --shards, or no --spin",
			o.count(), cpus)
	}
	if evloop.Choose(o.engine) != evloop.Epoll && (o.spin || o.cpuSet != "") {
		return fmt.Errorf("--spin and --cpus: %w", evloop.ErrNoEpoll)
	}
	var err error
	o.cpus, err = parseCPUs(o.cpuSet)
	return err
}

// parseCPUs reads a list of processors and ranges of them, as taskset takes it.
func parseCPUs(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	var cpus []int
	for _, part := range strings.Split(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b := a
		if err == nil && isRange {
			b, err = strconv.Atoi(to)
		}
		if err != nil || a < 0 || b < a || b > 1023 {
			return nil, fmt.Errorf("--cpus: %q is no list of processors, such as 0,2-3", text)
		}
		for ; a <= b; a++ {
			cpus = append(cpus, a)
		}
	}
	return cpus, nil
}
