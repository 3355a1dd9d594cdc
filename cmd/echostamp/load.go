package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/report"
	"github.com/echostamp/echostamp/server"
)

// loadOptions are the options that are not the load generator's own.
type loadOptions struct {
	format        string
	file          string
	page          string
	stream        string
	quiet         bool
	progress      time.Duration // how often to print a line of it; 0 is a bar on a terminal
	acceptInvalid bool
	search        *loadgen.Search // instead of one run
	lines         *streamer       // nil if nothing is streamed
	assert        assertOptions
	ci            ciOptions
}

func loadCommand(t ui) *cobra.Command {
	var opts loadOptions
	var runs runOptions
	var searching searchOptions
	cmd := &cobra.Command{
		Use:   "load [HOST[:PORT]]",
		Short: "Send messages with many clients, and report the delays",
		Long: `Load opens clients to a timestamp-echo server, and has them send messages.

With --rate or --stages messages are due at a rate, whatever the server does
(open loop): response counts from when a message was due, so a server that stalls
shows in every message that had to wait. Without, each client sends its next
message when the reply to the one before is in (closed loop). The report has the
round trip (rtt), client → server (forward) and server → client (reverse) as well.

Without an address it starts a server of its own on a free port of loopback. HOST alone
means port 12345.

The report goes to standard output, with a verdict at its end: valid, or
generator-limited or invalid with the reasons. Unless it is valid the exit code is
4; --accept-invalid makes that 0. --assert holds it to an objective: the exit code is 3
if one is not kept, and 4 if that is not known. An assertion about errors is decided by
the errors alone; others are inconclusive if errors exceed --max-errors. An interrupt
ends the run early with the report of what was measured, and exit code 130. Exit code 1
means that the run failed: nothing was measured, or clients got no reply or had no
connection at the end.`,
		Example: `  echostamp load -c 10 -r 1000
  echostamp load -c 64 -r 20000 --arrivals poisson -d 30s --warmup auto 192.0.2.7:12345
  echostamp load -c 64 --stages 1000/s:10s,1000/s..50000/s:30s 192.0.2.7:12345
  echostamp load -c 64 -d 30s 192.0.2.7:12345
  echostamp load -n 100000 --format json -o run.json localhost:12345`,
		Args: cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	runs.define(f)
	searching.define(f)
	f.StringVarP(&opts.format, "format", "f", "text", "of the report: "+strings.Join(report.Names(), ", "))
	f.StringVarP(&opts.file, "output", "o", "", "save the run to `FILE`, as JSON, whatever the format of the report")
	f.StringVar(&opts.page, "html", "", "save a page of the run to `FILE`, whatever the format of the report")
	f.StringVar(&opts.stream, "stream", "", "write each interval to `FILE` as soon as it is over, a line of JSON each; - is standard output, and the report goes to standard error then")
	f.BoolVarP(&opts.quiet, "quiet", "q", false, "show no progress and no warnings while the run goes on, even with --progress")
	f.DurationVar(&opts.progress, "progress", 0, "print a line on how the run goes on every `PERIOD`, such as 10s, whether or not on a terminal; 0 shows a bar on a terminal")
	f.BoolVar(&opts.acceptInvalid, "accept-invalid", false, "exit with 0 whatever the verdict on the figures, if assertions are kept")
	opts.assert.define(f)
	opts.ci.define(f)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := opts.assert.parse(); err != nil {
			return usage(err)
		}
		cfg, err := runs.config()
		if err != nil {
			return usage(err)
		}
		if opts.search, err = searching.into(&cfg, f); err != nil {
			return usage(err)
		}
		if len(args) > 0 {
			if cfg.Target, err = loadgen.ParseTarget(args[0]); err != nil {
				return usage(err)
			}
		}
		return load(cmd.Context(), t, cfg, opts)
	}
	return cmd
}

func load(ctx context.Context, t ui, cfg loadgen.Config, opts loadOptions) error {
	outlivePipes()
	if _, err := report.Find(opts.format); err != nil {
		return usage(fmt.Errorf("--format: %w", err))
	}
	if err := named(map[string]string{"output": opts.file, "html": opts.page, "stream": opts.stream}); err != nil {
		return usage(err)
	}
	if err := opts.checkProgress(); err != nil {
		return usage(err)
	}
	if err := opts.checkAssertions(cfg); err != nil {
		return usage(err)
	}
	own := cfg.Target == ""
	spareProcessor(2 * cfg.Shards) // as many for a server of its own
	if own {
		cfg.Target = notStarted
	}
	if err := validate(cfg, opts.search); err != nil {
		return usageOf(err)
	}
	if opts.search != nil && opts.stream != "" {
		return usage(errors.New("--stream: is of one run, and --find-rate makes several"))
	}
	if err := opts.checkOutputs(t); err != nil {
		return usage(err)
	}
	saves, err := t.prepare(opts)
	if err != nil {
		return failed(err)
	}
	for _, s := range saves {
		defer s.file.Discard()
	}
	ci, err := opts.ci.prepare(t)
	if err != nil {
		return err
	}
	defer ci.close()
	var lines *streamer
	if opts.stream != "" {
		var err error
		if lines, err = t.openStream(ctx, opts.stream, own); err != nil {
			return failed(fmt.Errorf("cannot stream to %s: %w", opts.stream, err))
		}
		defer lines.close()
		cfg.Stream, opts.lines = lines.add, lines
		if opts.stream == "-" {
			t.out = t.errOut
		}
	}
	if own {
		addr, stop, err := startServer(server.Config{Engine: cfg.Engine, Shards: cfg.Shards})
		if err != nil {
			return failed(err)
		}
		defer stop()
		cfg.Target = addr.String()
		cfg.Descriptors = cfg.Clients + serverDescriptors(cfg.Shards)
	}
	r, err := t.measure(ctx, cfg, opts)
	if r == nil {
		if c := (*loadgen.ConfigError)(nil); errors.As(err, &c) {
			return usageOf(err)
		}
		return failed(errors.Join(err, ci.deliver("echostamp load", notDone(err), func(io.Writer) error { return nil })))
	}
	r.Tool, r.Command, r.Server.Own = thisTool(), os.Args, own
	lines.describe(r)
	opts.assert.judge([]*record.Run{r}, opts.acceptInvalid)
	checks := report.AssertionChecks([]*record.Run{r})
	if err != nil {
		checks = append(checks, notDone(err)...)
	}
	ended := outcome(r, err, checks, opts.acceptInvalid)
	lost := errors.Join(t.deliver(r, saves, opts), lines.close(), ci.deliver("echostamp load", checks, inMarkdown(r)))
	if lost != nil {
		if ended != nil && ended.err != nil {
			t.fail(ended)
		}
		return failed(lost)
	}
	if ended == nil {
		return nil
	}
	return ended
}

func validate(cfg loadgen.Config, s *loadgen.Search) error {
	if s != nil {
		return s.Validate(cfg)
	}
	return cfg.Validate()
}

// measure makes the run, or the runs, and shows how it goes on.
func (t ui) measure(ctx context.Context, cfg loadgen.Config, opts loadOptions) (*record.Run, error) {
	if s := opts.search; s != nil {
		if !opts.quiet {
			s.Step = func(step record.Step) { t.warn("%s", report.Step(s.Objective, step)) }
		}
		return loadgen.FindRate(ctx, cfg, *s)
	}
	show := showProgress(t, &cfg, opts.quiet, opts.progress)
	defer show.end()
	if opts.lines != nil {
		opts.lines.telling(show.warn)
	}
	return loadgen.Run(ctx, cfg)
}

// saving is a file that a run will be saved to in a format.
type saving struct {
	path, format string
	file         *atomicfile.File
}

// prepare prepares the files to save to.
func (t ui) prepare(opts loadOptions) (all []saving, err error) {
	for _, s := range []saving{{path: opts.file, format: "json"}, {path: opts.page, format: "html"}} {
		if s.path == "" {
			continue
		}
		if s.file, err = atomicfile.Create(s.path); err != nil {
			for _, other := range all {
				other.file.Discard()
			}
			return nil, fmt.Errorf("cannot save to %s: %w", s.path, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// checkOutputs checks that all that is written goes to files and streams of its own.
func (o loadOptions) checkOutputs(t ui) error {
	var out outputs
	if o.stream == "-" {
		out.stream("the stream", t.out)
		out.stream("the report", t.errOut)
	} else {
		out.stream("the report", t.out)
	}
	if !o.quiet && (o.progress > 0 || o.search != nil || isTerminal(t.errOut)) {
		out.stream("progress", t.errOut)
	}
	out.writes("--output", o.file)
	out.writes("--html", o.page)
	out.writes("--stream", o.stream)
	o.ci.outputs(&out, t)
	return out.err
}

// usageOf is the error of a configuration, as one of usage.
func usageOf(err error) error { return usage(optionOf(err)) }

// optionOf puts the error of a configuration in terms of options.
func optionOf(err error) error {
	var c *loadgen.ConfigError
	if !errors.As(err, &c) || c.Field == "HOST:PORT" {
		return err
	}
	return fmt.Errorf("--%w", c)
}

// deliver prints the report and saves the run, each whether or not the others
// succeed.
func (t ui) deliver(r *record.Run, saves []saving, opts loadOptions) error {
	runs := []*record.Run{r}
	lost := []error{t.print(func(w io.Writer) error { return report.Render(w, opts.format, runs, "") })}
	for _, s := range saves {
		err := s.file.Save(func(w io.Writer) error { return report.Render(w, s.format, runs, "") })
		if err != nil {
			lost = append(lost, fmt.Errorf("cannot save to %s: %w; the report has been printed", s.path, err))
		}
	}
	return errors.Join(lost...)
}

// notDone is a check that did not come to its end.
func notDone(err error) []report.Check {
	return []report.Check{{Name: "the run", Outcome: report.Inconclusive, Detail: err.Error()}}
}

// inMarkdown writes runs for a page that shows Markdown.
func inMarkdown(runs ...*record.Run) func(io.Writer) error {
	return func(w io.Writer) error { return report.Render(w, "markdown", runs, "") }
}

// checkAssertions returns an error if runs lack what is asserted of them.
func (o loadOptions) checkAssertions(cfg loadgen.Config) error {
	if o.search != nil && len(o.assert.objectives) > 0 {
		return errors.New("--assert: is of one run, and --find-rate makes several")
	}
	for _, objective := range o.assert.objectives {
		if err := cfg.Measures(objective.Figure); err != nil {
			return fmt.Errorf("--assert: %w", err)
		}
	}
	return o.ci.validate(o.assert.need())
}

// outcome is how a run ends, once its report is out; nil is well.
func outcome(r *record.Run, err error, checks []report.Check, acceptInvalid bool) *exit {
	switch {
	case r.Interrupted:
		return &exit{code: exitInterrupted}
	case err != nil:
		return &exit{exitFailed, err}
	case len(checks) > 0:
		return checked(checks)
	case r.Validity.Verdict != record.Valid && !acceptInvalid:
		return &exit{code: exitInvalid}
	}
	return nil
}

// serverDescriptors is more than a server of so many shards needs besides its
// connections.
func serverDescriptors(shards int) int { return 16 + 3*shards }
