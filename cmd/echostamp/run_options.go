package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/loadgen"
)

// runOptions are the options of a run, which load and ab share.
type runOptions struct {
	cfg     loadgen.Config
	flags   *pflag.FlagSet
	engine  engineOptions
	pacing  paceOptions
	sources list
	clocks  string
}

func (o *runOptions) define(f *pflag.FlagSet) {
	o.flags = f
	cfg := &o.cfg
	f.IntVarP(&cfg.Clients, "clients", "c", 10, "concurrent clients, a connection each")
	o.pacing.define(f)
	f.IntVarP(&cfg.Size, "size", "s", 64, fmt.Sprintf("bytes of a message with its timestamp, %d to %d", loadgen.MinSize, loadgen.MaxSize))
	f.DurationVar(&cfg.Timeout, "timeout", 5*time.Second, "how long connecting, and each reply, may take")
	f.DurationVar(&cfg.GiveUp, "give-up", 15*time.Second, "stop after this long without a valid reply (0: never)")
	f.IntVar(&cfg.ConnectRate, "connect-rate", 5000, "connection attempts per second, reconnects included")
	f.StringVar((*string)(&cfg.Proto), "proto", string(loadgen.Text), "protocol: text, or echo for any server that sends back what it gets (round trips only)")
	f.StringVar((*string)(&cfg.Timestamps), "timestamps", string(loadgen.AutoTime), "who notes when a reply arrived: kernel, user (when the program has read it), or auto")
	f.Var(&o.sources, "source", "`ADDRESS`es to connect from, in turn; each has ports of its own")
	f.StringVar(&o.clocks, "clock", string(loadgen.AutoClocks), "what forward and reverse are by: auto (correct them for the server's clock unless it is this host's), raw, corrected, or `synced[:ERROR]` (you vouch that the clocks differ by ERROR at most)")
	o.engine.define(f)
	f.DurationVar(&cfg.Interval, "interval", time.Second, "how long the pieces are in which the record has the run over time; those of a run of very many are longer")
}

// defaultWarmup sets how long runs warm up unless that is given.
func (o *runOptions) defaultWarmup(text string) {
	flag := o.flags.Lookup("warmup")
	o.pacing.warmup, flag.DefValue = text, text
}

// config returns what was given, without a target. Errors are of usage.
func (o *runOptions) config() (loadgen.Config, error) {
	cfg := o.cfg
	if err := o.pacing.into(&cfg, o.flags); err != nil {
		return cfg, err
	}
	if err := o.engine.validate(); err != nil {
		return cfg, err
	}
	if cfg.Timestamps == loadgen.KernelTime && evloop.Choose(o.engine.engine) != evloop.Epoll {
		return cfg, fmt.Errorf("--timestamps kernel: %w", evloop.ErrNoEpoll)
	}
	cfg.Engine, cfg.Shards, cfg.CPUs, cfg.Spin = o.engine.engine, o.engine.count(), o.engine.cpus, o.engine.spin
	var err error
	if cfg.Sources, err = parseSources(o.sources); err != nil {
		return cfg, err
	}
	if cfg.Clocks, err = loadgen.ParseClocks(o.clocks); err != nil {
		return cfg, fmt.Errorf("--clock: %w", err)
	}
	return cfg, nil
}

func parseSources(texts []string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range texts {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("--source: %q is no IP address", text)
		}
		out = append(out, a.Unmap())
	}
	return out, nil
}
