package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/loadgen"
)

// paceOptions are the options that say when messages are due, and when a run ends.
type paceOptions struct {
	rate, stages, arrivals string
	seed                   uint64
	duration               time.Duration
	messages               int64
	warmup, maxErrors      string
}

// searchOptions are the options of load that have a run, or several, find something out.
type searchOptions struct{ until, findRate, findMax string }

// How long a run is that is not told.
const (
	defaultDuration = 10 * time.Second
	untilDuration   = time.Minute     // with --until, which may end it before
	stepDuration    = 5 * time.Second // each of the runs of --find-rate
)

func (o *paceOptions) define(f *pflag.FlagSet) {
	f.StringVarP(&o.rate, "rate", "r", "0", "open loop: messages a second that are due, of all clients together; 0 is closed loop")
	f.StringVar(&o.stages, "stages", "", "open loop whose rate changes: `RATE:TIME` holds one, RATE..RATE:TIME goes from one to the other, with commas between")
	f.StringVar(&o.arrivals, "arrivals", string(pace.Constant), "how messages of an open loop follow each other: constant, or poisson (at random, as independent users)")
	f.Uint64Var(&o.seed, "seed", 0, "of --arrivals poisson, for the same schedule again; 0 is one by chance")
	f.DurationVarP(&o.duration, "duration", "d", defaultDuration, "how long to measure; no limit with --messages, unless given")
	f.Int64VarP(&o.messages, "messages", "n", 0, "how many messages to measure, of all clients together; 0 is no limit")
	f.StringVar(&o.warmup, "warmup", "0s", "how long to send before measuring begins, or auto: until the medians of two successive seconds agree within 5%, at most 10s")
	f.StringVar(&o.maxErrors, "max-errors", "0", "errors of a valid run: a number, or a share of the messages such as 0.1%")
}

func (o *searchOptions) define(f *pflag.FlagSet) {
	f.Lookup("duration").Usage = "how long to measure; unless given it is 1m with --until, 5s for each run of --find-rate, and no limit with --messages"
	f.StringVar(&o.until, "until", "", "end the run when a percentile is known so well within it, such as `p99±2%` (or +-)")
	f.StringVar(&o.findRate, "find-rate", "", "search for the highest rate that holds an objective, such as `response.p99<1ms`, by several runs")
	f.StringVar(&o.findMax, "find-max", "", "the highest `RATE` that --find-rate tries")
}

// into puts what was given into a configuration.
func (o *paceOptions) into(cfg *loadgen.Config, f *pflag.FlagSet) error {
	cfg.Duration, cfg.Messages, cfg.Seed, cfg.Arrivals = o.duration, o.messages, o.seed, pace.Arrivals(o.arrivals)
	if !f.Changed("duration") && (o.messages > 0 || o.stages != "") {
		cfg.Duration = 0
	}
	var err error
	if cfg.Rate, err = pace.ParseRate(o.rate); err != nil {
		return fmt.Errorf("--rate: %w", err)
	}
	if o.stages != "" {
		if cfg.Stages, err = pace.ParseStages(o.stages); err != nil {
			return fmt.Errorf("--stages: %w", err)
		}
	}
	if cfg.MaxErrors, err = loadgen.ParseAllowance(o.maxErrors); err != nil {
		return fmt.Errorf("--max-errors: %w", err)
	}
	if cfg.WarmupAuto = strings.EqualFold(o.warmup, "auto"); cfg.WarmupAuto {
		return nil
	}
	if cfg.Warmup, err = time.ParseDuration(o.warmup); err != nil {
		return fmt.Errorf("--warmup: %q is neither auto nor a time such as 2s", o.warmup)
	}
	return nil
}

// into puts what was given into a configuration, and returns what was asked of
// --find-rate; nil is nothing.
func (o *searchOptions) into(cfg *loadgen.Config, f *pflag.FlagSet) (*loadgen.Search, error) {
	ofChoice := !f.Changed("duration") && cfg.Duration > 0
	switch {
	case ofChoice && o.until != "":
		cfg.Duration = untilDuration
	case ofChoice && o.findRate != "":
		cfg.Duration = stepDuration
	}
	if o.until != "" {
		var err error
		if cfg.Until, err = loadgen.ParsePrecision(o.until); err != nil {
			return nil, fmt.Errorf("--until: %w", err)
		}
	}
	return o.search()
}

func (o *searchOptions) search() (*loadgen.Search, error) {
	if o.findRate == "" {
		if o.findMax != "" {
			return nil, errors.New("--find-max: is for --find-rate")
		}
		return nil, nil
	}
	var s loadgen.Search
	var err error
	if s.Objective, err = record.ParseObjective(o.findRate); err != nil {
		return nil, fmt.Errorf("--find-rate: %w", err)
	}
	if o.findMax != "" {
		if s.Max, err = pace.ParseRate(o.findMax); err == nil && s.Max == 0 {
			err = errors.New("0 is no rate to try")
		}
		if err != nil {
			return nil, fmt.Errorf("--find-max: %w", err)
		}
	}
	return &s, nil
}
