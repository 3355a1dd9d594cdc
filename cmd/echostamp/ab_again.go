package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// errTooFew is of a run that is not used, because its pair is made again.
var errTooFew = errors.New("too few samples")

const (
	toSpare = 1.5 // times as many samples as are needed: the next run may be slower
	// Runs get at most so many times as long without being asked for, or as long as those of a
	// gate are by default.
	longestStretch = 4
	usualRun       = 10 * time.Second
)

// makeAgain reports whether a pair is to be made again, which is so once for a run that has too
// few samples for a gated figure. The runs from then on are longer, if that is not too long.
func (g *abGate) makeAgain(r *abResult, run *record.Run, which string) bool {
	shortfall := gate.Shortfall(run, g.gated)
	if g.again || shortfall <= 1 || run.Interrupted || !run.Validity.Comparable() && !g.acceptInvalid {
		return false
	}
	g.again = true
	length := "made again as they were"
	if g.lengthen(time.Duration(run.Duration), shortfall*toSpare) {
		length = "made longer, from that pair on: " + g.length()
	}
	r.Warnings = append(r.Warnings, fmt.Sprintf("%s had too few samples: the gated figures need %.3g times as many; runs were %s", which, shortfall, length))
	return true
}

// lengthen makes runs longer by a factor, unless that takes too long or does not fit the budget.
func (g *abGate) lengthen(took time.Duration, factor float64) bool {
	longer := float64(took) * factor
	all := 4 * float64(g.pairs) * (longer + float64(g.cfg.Warmup+overhead))
	if longer > float64(max(longestStretch*took, usualRun)) || g.budget > 0 && all > float64(g.budget) {
		return false
	}
	switch {
	case g.cfg.Messages > 0:
		g.cfg.Messages = int64(math.Ceil(float64(g.cfg.Messages) * factor))
	case len(g.cfg.Stages) > 0:
		return false
	default:
		g.cfg.Duration = time.Duration(longer).Round(time.Millisecond)
	}
	return true
}

// length is that of a run.
func (g *abGate) length() string {
	if g.cfg.Messages > 0 {
		return unit.Plural(g.cfg.Messages, "message") + " each"
	}
	return unit.Duration(float64(g.cfg.Duration)) + " each"
}
