package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

func reportCommand(t ui) *cobra.Command {
	var out outputOptions
	var assert assertOptions
	var ci ciOptions
	var acceptInvalid bool
	cmd := &cobra.Command{
		Use:   "report FILE…",
		Short: "Report saved runs, in many formats",
		Long: `Report reads runs that load has saved (-o, --stream) and reports them. A file may
hold several, one after another; - is standard input. Of several runs each is
reported, and a page has them overlaid; merge makes one of them.

Formats:
` + formatHelp() + `
With --assert each run is held to objectives: the exit code is 3 if one is not kept, and 4
if that is not known, as of a run that is invalid. Without, those that load held it to are
shown.

A stream whose run was killed has all but the last of its intervals: it is reported as
interrupted, and invalid.`,
		Example: `  echostamp report run.json
  echostamp report --html run.html run.json
  echostamp report --html both.html old.json new.json
  echostamp report --format hgrm --metric rtt run.json
  cat *.json | echostamp report --format csv -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(assert.parse(), out.validate(t, args, ci)); err != nil {
				return usage(err)
			}
			if err := ci.validate(assert.need()); err != nil {
				return usage(err)
			}
			runs, err := t.read(cmd.Context(), args)
			if err != nil {
				return err
			}
			told, err := ci.prepare(t)
			if err != nil {
				return err
			}
			defer told.close()
			assert.judge(runs, acceptInvalid)
			checks := report.AssertionChecks(runs)
			if err := errors.Join(t.put(runs, out), told.deliver("echostamp report", checks, inMarkdown(runs...))); err != nil {
				return failed(err)
			}
			if ended := checked(checks); ended != nil && assert.need() == "" {
				return ended
			}
			return nil
		},
	}
	f := cmd.Flags()
	assert.define(f)
	f.BoolVar(&acceptInvalid, "accept-invalid", false, "hold invalid runs to --assert too")
	ci.define(f)
	out.define(f, "text", "of the report: "+strings.Join(report.Names(), ", "))
	f.StringVar(&out.metric, "metric", "", "of a format that holds one: response, rtt, forward and so on; unless given, response or else rtt")
	f.StringVar(&out.page, "html", "", "write a page to `FILE`, and print no report unless --format is given")
	return cmd
}

// formatHelp tells of the formats, a line each.
func formatHelp() string {
	var b strings.Builder
	for _, f := range report.Formats {
		fmt.Fprintf(&b, "  %-11s %s\n", f.Name, f.Help)
	}
	return b.String()
}

// outputOptions say where saved runs go, and how.
type outputOptions struct {
	flags                      *pflag.FlagSet
	format, metric, file, page string
}

func (o *outputOptions) define(f *pflag.FlagSet, format, help string) {
	o.flags = f
	f.StringVarP(&o.format, "format", "f", format, help)
	f.StringVarP(&o.file, "output", "o", "", "write that to `FILE` instead of standard output")
}

// validate checks the options, together with what CI systems are told.
func (o *outputOptions) validate(t ui, inputs []string, ci ciOptions) error {
	if err := named(map[string]string{"output": o.file, "html": o.page}); err != nil {
		return err
	}
	var out outputs
	out.reads(t.in, inputs...)
	if o.printed() {
		out.stream("the report", t.out)
	}
	out.writes("--output", o.file)
	out.writes("--html", o.page)
	ci.outputs(&out, t)
	if err := errors.Join(once(inputs), out.err); err != nil {
		return err
	}
	f, err := report.Find(o.format)
	if err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	if o.metric != "" && !f.OneMetric {
		return fmt.Errorf("--metric: the format %s holds every metric", f.Name)
	}
	return nil
}

// printed reports whether the report goes to standard output.
func (o *outputOptions) printed() bool {
	return o.file == "" && (o.page == "" || o.flags.Changed("format"))
}

// put writes runs where they are to go.
func (t ui) put(runs []*record.Run, o outputOptions) error {
	if o.page != "" {
		if err := t.save(o.page, runs, "html", ""); err != nil {
			return err
		}
	}
	if o.file != "" {
		return t.save(o.file, runs, o.format, o.metric)
	}
	if !o.printed() {
		return nil
	}
	if err := t.print(func(w io.Writer) error { return report.Render(w, o.format, runs, o.metric) }); err != nil {
		return failed(err)
	}
	return nil
}

// save writes runs to a file.
func (t ui) save(path string, runs []*record.Run, format, metric string) error {
	return saveTo(path, func(w io.Writer) error { return report.Render(w, format, runs, metric) })
}

// saveTo has a file written.
func saveTo(path string, write func(io.Writer) error) error {
	file, err := atomicfile.Create(path)
	if err == nil {
		defer file.Discard()
		err = file.Save(write)
	}
	if err != nil {
		return failed(fmt.Errorf("cannot save to %s: %w", path, err))
	}
	return nil
}

// read reads the runs in files, of which "-" is standard input. With an error there is
// none.
func (t ui) read(ctx context.Context, files []string) ([]*record.Run, error) {
	type result struct {
		runs []*record.Run
		err  error
	}
	done := make(chan result, 1) // what is read may be a terminal, or a pipe that nobody writes to
	go func() {
		runs, err := t.readFiles(files)
		done <- result{runs, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, failed(r.err)
		}
		return r.runs, nil
	case <-ctx.Done():
		return nil, &exit{code: exitInterrupted}
	}
}

func (t ui) readFiles(files []string) ([]*record.Run, error) {
	var all []*record.Run
	for _, name := range files {
		runs, err := t.readFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
}

func (t ui) readFile(name string) ([]*record.Run, error) {
	if name == "-" {
		return record.Read("standard input", t.in)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, pathless(err))
	}
	defer f.Close()
	return record.Read(name, f)
}
