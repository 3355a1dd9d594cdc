package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/report"
)

// abProgress shows a gate while it goes on: a line for each pair, and on a terminal a bar.
type abProgress struct {
	*progress
	gated []record.Figure
	runs  int        // of a series
	state sync.Mutex // of what follows
	// Of the series: when it began, how many runs were made, and which goes on.
	began    time.Time
	made     int
	going    string
	expected time.Duration // of a run
}

// showGate returns nil if all is quiet.
func showGate(t ui, g *abGate, quiet bool) *abProgress {
	if quiet {
		return nil
	}
	p := &abProgress{progress: newProgress(t), gated: g.gated, runs: 2 * g.pairs, began: time.Now(), expected: g.cfg.Length() + g.cfg.Warmup + overhead}
	p.bar = p.barNow
	go p.show(0)
	return p
}

// live is what the runs tell of themselves.
func (p *abProgress) live() func(loadgen.Live) {
	if p == nil {
		return nil
	}
	return p.note
}

func (p *abProgress) end() {
	if p != nil {
		p.progress.end()
	}
}

// begin notes that a run begins.
func (p *abProgress) begin(pair int, side string) {
	if p == nil {
		return
	}
	p.state.Lock()
	defer p.state.Unlock()
	if p.made > 0 {
		p.expected = time.Since(p.began) / time.Duration(p.made)
	}
	p.made++
	p.going = fmt.Sprintf("pair %d of %d, %s", pair, p.runs/2, side)
}

// left is how long the series will still take.
func (p *abProgress) left() time.Duration {
	return max(0, p.expected*time.Duration(p.runs)-time.Since(p.began)).Round(time.Second)
}

// pair shows a pair that is done.
func (p *abProgress) pair(number int, pair gate.Pair) {
	if p == nil {
		return
	}
	var parts []string
	for _, f := range p.gated {
		a, _ := f.Of(pair.A) // a pair without them is not shown
		b, _ := f.Of(pair.B)
		parts = append(parts, fmt.Sprintf("%s A %s, B %s (%+.1f%%)", f, report.Amount(f.String(), a), report.Amount(f.String(), b), (b/a-1)*100))
	}
	p.state.Lock()
	left := p.left()
	p.state.Unlock()
	p.say(fmt.Sprintf("pair %d of %d: %s; %v left of this series", number, p.runs/2, strings.Join(parts, ", "), left))
}

// repeats shows that another series follows.
func (p *abProgress) repeats() {
	if p == nil {
		return
	}
	p.state.Lock()
	p.began, p.made = time.Now(), 0
	p.state.Unlock()
	p.say("a regression, if it repeats: now a second series of fresh runs")
}

// interrupted shows that it ends.
func (p *abProgress) interrupted() {
	if p != nil {
		p.say("interrupted: ending the server")
	}
}

// barNow is the bar.
func (p *abProgress) barNow(l loadgen.Live) *bar {
	p.state.Lock()
	defer p.state.Unlock()
	elapsed, whole := time.Since(p.began), p.expected*time.Duration(p.runs)
	return &bar{
		head: piece{text: p.left().String() + " left"},
		done: share(float64(elapsed), float64(whole)),
		figures: []figure{
			{piece{text: p.going}, 0},
			{piece{text: unit.Rate(l.Rate)}, 1},
			{piece{text: "p50 " + delay(l.P50)}, 3},
			{piece{text: "p99 " + delay(l.P99)}, 4},
			{piece{"errors " + unit.Count(l.Errors), l.Errors > 0}, 2},
		},
	}
}
