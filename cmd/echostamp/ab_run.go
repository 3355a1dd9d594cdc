package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/launch"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/report"
)

// abGate is a gate that is to be run.
type abGate struct {
	sides         [2]subject
	cfg           loadgen.Config // of each run, but for its target
	pairs         int
	gated         []record.Figure
	seed          uint64
	launch        launch.Options
	save          string
	acceptInvalid bool
	maxDetectable float64 // a share
	budget        time.Duration
	again         bool // a pair was made again
	show          *abProgress
}

// run makes one series, and another if it finds something. The result is there whatever
// happens.
func (g *abGate) run(ctx context.Context, t ui, quiet bool) (*abResult, error) {
	began := time.Now()
	r := &abResult{AB: report.AB{
		Schema: report.ABSchema, Tool: thisTool(), Command: os.Args, Started: began, A: g.sides[0].text, B: g.sides[1].text,
		Host: record.ThisHost(), Seed: g.seed, Pairs: g.pairs, MaxDetectable: g.maxDetectable, Verdict: gate.Unfinished, Reasons: []string{}, Warnings: []string{},
		Series: []gate.Series{}, Runs: []report.ABRun{},
	}}
	for _, f := range g.gated {
		r.Gated = append(r.Gated, f.String())
	}
	g.show = showGate(t, g, quiet)
	defer g.show.end()
	order := rand.New(rand.NewPCG(g.seed, 0))
	err := g.series(ctx, r, order)
	if err == nil && r.Verdict == gate.Unfinished && r.Series[0].Repeats() {
		g.show.repeats()
		err = g.series(ctx, r, order)
	}
	r.Duration = int64(time.Since(began))
	r.conclude(err)
	return r, err
}

// series makes the pairs of a series, and judges as many as there are.
func (g *abGate) series(ctx context.Context, r *abResult, order *rand.Rand) (err error) {
	at := len(r.Series) + 1
	var pairs []gate.Pair
	for pair := 1; pair <= g.pairs && err == nil && r.Verdict == gate.Unfinished; pair++ {
		var runs [2]*record.Run
		before := *r
		first := order.IntN(2)
		for _, side := range []int{first, 1 - first} {
			if runs[side], err = g.one(ctx, r, at, pair, side); err != nil || r.Verdict != gate.Unfinished {
				break
			}
		}
		if errors.Is(err, errTooFew) { // both runs are made again
			before.Warnings = r.Warnings
			*r = before
			pair, err = pair-1, nil
			continue
		}
		if err == nil && r.Verdict == gate.Unfinished {
			p := gate.Pair{A: runs[0], B: runs[1]}
			pairs = append(pairs, p)
			g.show.pair(pair, p)
		}
	}
	var before *gate.Series
	if len(r.Series) > 0 {
		before = &r.Series[0]
	}
	r.Series = append(r.Series, gate.Judge(pairs, g.gated, before))
	return err
}

// one makes one run, saves it, and notes what is to be known of it.
func (g *abGate) one(ctx context.Context, r *abResult, series, pair, side int) (*record.Run, error) {
	s := g.sides[side]
	g.show.begin(pair, s.name)
	run, forced, err := g.measure(ctx, s)
	if run == nil {
		return nil, fmt.Errorf("server %s (%s): %w", s.name, s.text, err)
	}
	if err == nil && ctx.Err() == nil && g.makeAgain(r, run, fmt.Sprintf("the run of %s in pair %d", s.name, pair)) {
		return nil, errTooFew
	}
	run.Tool, run.Command = thisTool(), os.Args
	if s.isCommand {
		run.Server.Command = s.text
	}
	if forced {
		r.forced++
	}
	if run.Validity.Verdict == record.GeneratorLimited {
		r.limited++
	}
	r.errors[side] += run.Totals.ErrorCount()
	if len(r.Runs) == 0 {
		r.Config = run.Config
	}
	r.Runs = append(r.Runs, report.NewABRun(series, pair, s.name, run, g.gated))
	name := fmt.Sprintf("%d-%03d-%s.json", series, pair, s.name)
	if lost := g.saveRun(name, run); lost != nil {
		return nil, errors.Join(err, lost)
	}
	run.Intervals = nil // are saved, and take memory
	switch why := gate.Unfit(run, g.gated, g.acceptInvalid); {
	case err != nil:
		return nil, fmt.Errorf("server %s (%s), in pair %d: %w", s.name, s.text, pair, err)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case why != "":
		r.Verdict = gate.Invalid
		if gate.Shortfall(run, g.gated) > 1 {
			why += "; next: longer runs (-d), more messages (-r, -c), or a lower percentile (--figure)"
		}
		r.Reasons = append(r.Reasons, fmt.Sprintf("the run of %s in pair %d %s", s.name, pair, why))
	}
	return run, nil
}

// configOf is the configuration of a run of one side; the address of a server that is to be
// started is not known yet.
func (g *abGate) configOf(s subject) loadgen.Config {
	cfg := g.cfg
	cfg.Target = notStarted
	if !s.isCommand {
		cfg.Target = s.text
	}
	return cfg
}

// measure starts a server if that is to be, and makes a run. A server that ends by itself
// ends the run.
func (g *abGate) measure(ctx context.Context, s subject) (r *record.Run, forced bool, err error) {
	cfg := g.configOf(s)
	cfg.Live = g.show.live()
	if !s.isCommand {
		r, err = loadgen.Run(ctx, cfg)
		return r, false, err
	}
	server, err := launch.Start(ctx, s.text, g.launch)
	if err != nil {
		return nil, false, err
	}
	cfg.Target = server.Addr.String()
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-server.Ended():
			cancel()
		case <-running.Done():
		}
	}()
	r, err = loadgen.Run(running, cfg)
	select {
	case <-server.Ended():
		err = fmt.Errorf("during the run %w", server.Err())
	default:
	}
	if ctx.Err() != nil {
		g.show.interrupted()
	}
	forced, left := server.Stop(ctx)
	return r, forced, errors.Join(err, left)
}
