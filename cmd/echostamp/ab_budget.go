package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/unit"
)

const (
	defaultPairs = 10
	maxPairs     = 100
	leastRun     = time.Second // of a budget: shorter runs differ too much from each other
	// overhead is what a run takes besides measuring and warming up: starting a server,
	// connecting, ending it.
	overhead = 500 * time.Millisecond
)

// fit puts pairs and duration into the time that was given, which two series have to fit in.
// What was given is not changed. Time enough for more than the usual pairs of the usual
// duration is time for more pairs.
func (g *abGate) fit(o *abOptions) error {
	if o.budget == 0 {
		return nil
	}
	cfg := &g.cfg
	if cfg.Duration == 0 || cfg.Messages > 0 || cfg.WarmupAuto {
		return errors.New("--budget: needs runs whose length is known: leave --messages, --stages and --warmup auto out")
	}
	besides := cfg.Warmup + overhead
	// In floating point, for which no time is too long, nor none.
	pairsOf := func(run time.Duration) int {
		return int(min(float64(o.budget)/(4*float64(run+besides)), maxPairs))
	}
	runOf := func(pairs int) time.Duration { return o.budget/time.Duration(4*pairs) - besides }
	least := gate.LeastPairs(len(g.gated))
	switch pairsGiven, durationGiven := o.flags.Changed("pairs"), o.flags.Changed("duration"); {
	case pairsGiven && durationGiven:
	case pairsGiven:
		cfg.Duration = runOf(g.pairs).Truncate(time.Millisecond)
	case durationGiven:
		g.pairs = pairsOf(cfg.Duration)
	case pairsOf(cfg.Duration) >= g.pairs:
		g.pairs = pairsOf(cfg.Duration)
	default:
		g.pairs = min(g.pairs, max(least, pairsOf(leastRun)))
		cfg.Duration = runOf(g.pairs).Truncate(time.Millisecond)
	}
	if !o.flags.Changed("pairs") {
		g.pairs = max(g.pairs, least)
	}
	if !o.flags.Changed("duration") {
		cfg.Duration = max(cfg.Duration, leastRun)
	}
	if needed := 4 * float64(g.pairs) * float64(cfg.Duration+besides); needed > float64(o.budget) {
		return fmt.Errorf("--budget: two series of %d pairs of runs of %v take %s with all that is around them, and %v is less",
			g.pairs, cfg.Duration, unit.Duration(needed), o.budget)
	}
	return nil
}
