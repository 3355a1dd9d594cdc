package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/loadgen"
)

// paceOptions are the options of load that say when messages are due, and when a
// run ends.
type paceOptions struct {
	rate, stages, arrivals   string
	seed                     uint64
	duration                 time.Duration
	messages                 int64
	warmup, until, maxErrors string
}

// How long a run is that is not told.
const (
	defaultDuration = 10 * time.Second
	untilDuration   = time.Minute // with --until, which may end it before
)

func (o *paceOptions) define(f *pflag.FlagSet) {
	f.StringVarP(&o.rate, "rate", "r", "0", "open loop: messages a second that are due, of all clients together; 0 is closed loop")
	f.StringVar(&o.stages, "stages", "", "open loop whose rate changes: `RATE:TIME` holds one, RATE..RATE:TIME goes from one to the other, with commas between")
	f.StringVar(&o.arrivals, "arrivals", string(pace.Constant), "how messages of an open loop follow each other: constant, or poisson (at random, as independent users)")
	f.Uint64Var(&o.seed, "seed", 0, "of --arrivals poisson, for the same schedule again; 0 is one by chance")
	f.DurationVarP(&o.duration, "duration", "d", defaultDuration, "how long to measure; with --messages there is no limit unless given, and with --until it is 1m")
	f.Int64VarP(&o.messages, "messages", "n", 0, "how many messages to measure, of all clients together; 0 is no limit")
	f.StringVar(&o.warmup, "warmup", "0s", "how long to send before measuring begins, or auto: until the medians of two successive seconds agree within 5%, at most 10s")
	f.StringVar(&o.until, "until", "", "end the run when a percentile is known so well within it, such as `p99±2%` (or +-)")
	f.StringVar(&o.maxErrors, "max-errors", "0", "errors of a valid run: a number, or a share of the messages such as 0.1%")
}

// into puts what was given into a configuration.
func (o *paceOptions) into(cfg *loadgen.Config, f *pflag.FlagSet) error {
	cfg.Duration, cfg.Messages, cfg.Seed, cfg.Arrivals = o.duration, o.messages, o.seed, pace.Arrivals(o.arrivals)
	if !f.Changed("duration") {
		switch {
		case o.messages > 0 || o.stages != "":
			cfg.Duration = 0
		case o.until != "":
			cfg.Duration = untilDuration
		}
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
	if o.until != "" {
		if cfg.Until, err = loadgen.ParsePrecision(o.until); err != nil {
			return fmt.Errorf("--until: %w", err)
		}
	}
	if cfg.WarmupAuto = strings.EqualFold(o.warmup, "auto"); cfg.WarmupAuto {
		return nil
	}
	if cfg.Warmup, err = time.ParseDuration(o.warmup); err != nil {
		return fmt.Errorf("--warmup: %q is neither auto nor a time such as 2s", o.warmup)
	}
	return nil
}
