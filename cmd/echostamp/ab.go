package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/report"
)

// abOptions are the options of ab besides those of its runs.
type abOptions struct {
	a, b              string
	pairs             int
	figures           list
	budget            time.Duration
	seed              uint64
	ready, grace      time.Duration
	save              string
	format, file      string
	quiet             bool
	acceptInvalid     bool
	allowInconclusive bool
	maxDetectable     string
	ci                ciOptions
	flags             *pflag.FlagSet
}

func abCommand(t ui) *cobra.Command {
	var opts abOptions
	var runs runOptions
	cmd := &cobra.Command{
		Use:   "ab --a SERVER --b SERVER",
		Short: "Find out whether server B is slower than server A: a regression is one that repeats",
		Long: `Ab decides whether B is slower than A, with a known rate of false alarms.

A and B are each HOST:PORT of a server that runs, or a command that starts one, with
{port} or {addr} in it. A command is run by sh, in this directory and environment, afresh
for each run on a free port of loopback: quote paths with blanks. It has to stay in the
foreground, and is ended (SIGTERM, and SIGKILL after --grace) with all that it started.

A series is --pairs pairs of runs, of A and of B in random order. A figure is worse if
the exact signed-rank test of the pairs says so (p ≤ 0.01, divided by the number of
gated figures), and its change is more than 5%, 2µs, and what A differs from itself by.
If one is, a second series of fresh runs has to confirm it (p ≤ 0.05): a regression is
one that repeats.

Verdict and exit code: pass 0, regression 3, inconclusive (only one of the series found
something, or no change up to --max-detectable could have been seen) or invalid (a run
cannot be trusted) 4. Exit code 1 is that it could not be
done: a server did not start, or ended by itself. What was measured until then is
printed, and with --save all runs are saved as they are made.`,
		Example: `  echostamp ab --a './server-old --port {port}' --b './server-new --port {port}'
  echostamp ab --a 'old/server -l {addr}' --b 'new/server -l {addr}' -c 64 -r 20000 --budget 5m
  echostamp ab --a 192.0.2.7:12345 --b 192.0.2.8:12345 --figure rtt.p99`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("%q: ab takes no arguments; a command with blanks is one word: --a './old --port {port}'", args[0])
		},
	}
	f := cmd.Flags()
	opts.define(f)
	runs.define(f)
	runs.defaultWarmup("1s")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := runs.config()
		if err != nil {
			return usage(err)
		}
		g, err := opts.gate(t, cfg)
		if err != nil {
			return usage(err)
		}
		return t.ab(cmd.Context(), g, opts)
	}
	return cmd
}

func (o *abOptions) define(f *pflag.FlagSet) {
	o.flags = f
	f.StringVar(&o.a, "a", "", "the `SERVER` to compare with: HOST:PORT, or a command with {port} or {addr} in it")
	f.StringVar(&o.b, "b", "", "the `SERVER` that may be slower: HOST:PORT, or a command with {port} or {addr} in it")
	f.IntVarP(&o.pairs, "pairs", "p", defaultPairs, "pairs of runs of a series")
	f.Var(&o.figures, "figure", "gated `FIGURE`s, such as rtt.p99 or rate; unless given p50 and p99 of response, or of rtt in closed loop")
	f.DurationVar(&o.budget, "budget", 0, "fit pairs and duration into this time, a second series included, and half a second to start and end a server")
	f.Uint64Var(&o.seed, "order-seed", 0, "of the order of A and B, for the same one again; 0 is one by chance")
	f.DurationVar(&o.ready, "ready", 10*time.Second, "how long a server that a command starts may take until it answers")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "how long a server may take to end; then it is killed")
	f.StringVar(&o.save, "save", "", "save each run in this `DIRECTORY` as soon as it is made")
	f.StringVar(&o.maxDetectable, "max-detectable", fmt.Sprintf("%g%%", gate.MaxDetectable*100), "inconclusive if only changes above `SHARE` are detectable")
	f.StringVarP(&o.format, "format", "f", "text", "of the report: "+strings.Join(report.ABFormats, ", "))
	f.StringVarP(&o.file, "output", "o", "", "save the result to `FILE`, as JSON, whatever the format of the report")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "show no progress and no warnings while it goes on")
	f.BoolVar(&o.acceptInvalid, "accept-invalid", false, "go by runs whose figures cannot be trusted too")
	f.BoolVar(&o.allowInconclusive, "allow-inconclusive", false, "exit with 0 also if one series found what the other did not confirm, or too little could be seen; never if a run is invalid")
	o.ci.define(f)
}

// gate returns what was asked for. Errors are of usage.
func (o *abOptions) gate(t ui, cfg loadgen.Config) (*abGate, error) {
	if err := named(map[string]string{"output": o.file, "save": o.save}); err != nil {
		return nil, err
	}
	if err := errors.Join(o.checkTimes(), o.ci.validate(""), o.checkOutputs(t)); err != nil {
		return nil, err
	}
	if !slices.Contains(report.ABFormats, o.format) {
		return nil, fmt.Errorf("--format: %q is none of %s", o.format, strings.Join(report.ABFormats, ", "))
	}
	g := &abGate{cfg: cfg, pairs: o.pairs, budget: o.budget, acceptInvalid: o.acceptInvalid, save: o.save}
	g.launch.Ready, g.launch.Grace, g.launch.Answers = o.ready, o.grace, answers(cfg.Proto)
	var err error
	for i, text := range []string{o.a, o.b} {
		if g.sides[i], err = parseSubject(sideNames[i], text); err != nil {
			return nil, err
		}
	}
	if g.gated, err = o.gated(cfg); err != nil {
		return nil, fmt.Errorf("--figure: %w", err)
	}
	if g.pairs < 1 || g.pairs > maxPairs {
		return nil, fmt.Errorf("--pairs: %d is not between 1 and %d", g.pairs, maxPairs)
	}
	for _, s := range g.sides {
		if err := g.configOf(s).Validate(); err != nil {
			return nil, optionOf(err)
		}
	}
	if err := g.fit(o); err != nil {
		return nil, err
	}
	if least := gate.LeastPairs(len(g.gated)); g.pairs < least {
		return nil, fmt.Errorf("--pairs: %d pairs are too few: with %s it takes %d to find anything at all",
			g.pairs, unit.Plural(int64(len(g.gated)), "gated figure"), least)
	}
	if g.maxDetectable, err = parseShare(o.maxDetectable); err != nil {
		return nil, fmt.Errorf("--max-detectable: %w", err)
	}
	g.seed = o.seed
	for g.seed == 0 {
		g.seed = rand.Uint64N(loadgen.MaxSeed)
	}
	return g, nil
}

// checkOutputs checks that all that is written goes to files and streams of its own.
func (o *abOptions) checkOutputs(t ui) error {
	var out outputs
	out.stream("the report", t.out)
	if !o.quiet {
		out.stream("progress", t.errOut)
	}
	out.writes("--output", o.file)
	o.ci.outputs(&out, t)
	return errors.Join(out.err, o.checkSaved("--output", o.file), o.checkSaved("--junit", o.ci.junit))
}

// checkTimes returns an error for a time that makes no sense.
func (o *abOptions) checkTimes() error {
	switch {
	case o.budget < 0:
		return fmt.Errorf("--budget: %v is negative", o.budget)
	case o.ready <= 0:
		return fmt.Errorf("--ready: %v is not positive", o.ready)
	case o.grace < 0:
		return fmt.Errorf("--grace: %v is negative", o.grace)
	}
	return nil
}

// parseShare reads a share in percent.
func parseShare(text string) (float64, error) {
	digits, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(percent > 0) || math.IsInf(percent, 0) {
		return 0, fmt.Errorf("%q is no share such as 25%%", text)
	}
	return percent / 100, nil
}

// gated are the gated figures.
func (o *abOptions) gated(cfg loadgen.Config) (figures []record.Figure, err error) {
	if !o.flags.Changed("figure") {
		return record.UserFigures(cfg.Latency()), nil
	}
	if figures, err = record.ParseFigures(o.figures); err != nil {
		return nil, err
	}
	for _, f := range figures {
		switch {
		case f == record.Errors:
			return nil, errors.New("errors are not compared: a run with more than --max-errors is invalid")
		case f == record.Rate && cfg.Latency() == record.Response:
			return nil, errors.New("in open loop the rate is what was asked for, of both sides")
		}
		if err := cfg.Measures(f); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// ab runs a gate and reports it.
func (t ui) ab(ctx context.Context, g *abGate, opts abOptions) error {
	outlivePipes()
	if err := g.prepareSaving(); err != nil {
		return failed(err)
	}
	var file *atomicfile.File
	if opts.file != "" {
		var err error
		if file, err = atomicfile.Create(opts.file); err != nil {
			return failed(fmt.Errorf("cannot save to %s: %w", opts.file, err))
		}
		defer file.Discard()
	}
	ci, err := opts.ci.prepare(t)
	if err != nil {
		return err
	}
	defer ci.close()
	spareProcessor(g.cfg.Shards)
	r, err := g.run(ctx, t, opts.quiet)
	in := func(format string) func(io.Writer) error {
		return func(w io.Writer) error { return report.RenderAB(w, format, &r.AB) }
	}
	lost := []error{t.print(in(opts.format)), ci.deliver("echostamp ab", r.Checks(), in("markdown"))}
	if file != nil {
		if err := file.Save(in("json")); err != nil {
			lost = append(lost, fmt.Errorf("cannot save to %s: %w", opts.file, err))
		}
	}
	if !errors.Is(err, context.Canceled) { // which is the interrupt, and what follows from it
		lost = append(lost, err)
	}
	if err := errors.Join(lost...); err != nil {
		return failed(err)
	}
	return r.exit(opts.allowInconclusive)
}
