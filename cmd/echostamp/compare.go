package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

func compareCommand(t ui) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare OLD… -- NEW…",
		Short: "Compare saved runs, several of each side",
		Long: `Compare tells in what saved runs of two sides differ, and whether that could be chance.
Two runs of the same server differ too, so one of each tells little: have ten of each side.
A file may hold several, one after another; - is standard input. Of two files the -- may
be left out.

Shown are the medians of each side with their intervals of 95%, the change, and p: the
probability of such a difference if there is none, by the U test. ~ is a change that could be
chance. Of twelve figures of the same server one is called a change now and then.

What cannot be compared is refused: runs on other machines, of other targets or protocols, in
another mode or at another rate, with other clients or sizes; or a run that is included twice.
A restart of the machine in between, and containers of one machine, are told.

With --gate the exit code is 3 if a figure got worse: at p 0.01 or less, divided among the
gated figures, by more than 5% and, of a time, 2µs. It is 4 if that cannot be told, as of
invalid runs or too few, and never 0.

A stored baseline is advisory, also with --gate: the machine may have changed since. If it
drifts by 10% between the sides, 10 to 32 comparisons of 100 find a change where there is
none. echostamp ab runs both in turn, and is the gate.`,
		Example: `  echostamp compare old.json new.json
  echostamp compare old-*.json -- new-*.json
  echostamp compare --gate --figure rtt.p99 --figure rate old-*.json -- new-*.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(t, args); err != nil {
				return usage(err)
			}
			old, new, err := sides(args, cmd.ArgsLenAtDash())
			if err != nil {
				return usage(err)
			}
			c, err := t.compare(cmd, old, new, o)
			if err != nil {
				return err
			}
			ci, err := o.ci.prepare(t)
			if err != nil {
				return err
			}
			defer ci.close()
			markdown := func(w io.Writer) error { return c.Render(w, "markdown") }
			if err := errors.Join(t.putComparison(c, o), ci.deliver("echostamp compare", c.Checks(), markdown)); err != nil {
				return failed(err)
			}
			return gateOutcome(c)
		},
	}
	o.define(cmd.Flags())
	return cmd
}

// compareOptions say how to compare, and where the result goes.
type compareOptions struct {
	report.CompareOptions
	flags        *pflag.FlagSet
	gated        list
	force        bool
	format, file string
	ci           ciOptions
}

func (o *compareOptions) define(f *pflag.FlagSet) {
	o.flags = f
	f.Float64Var(&o.Alpha, "alpha", report.DefaultAlpha, "a change could be chance if its p is more")
	f.BoolVar(&o.All, "all", false, "show all metrics and figures, also those of the load generator itself")
	f.BoolVar(&o.Gate, "gate", false, "exit with 3 if a figure got worse, and with 4 if that cannot be told")
	f.Var(&o.gated, "figure", "`FIGURE`s that --gate goes by, such as rtt.p99 or rate; unless given p50 and p99 of response, or of rtt in closed loop")
	f.BoolVar(&o.AcceptInvalid, "accept-invalid", false, "have --gate go by invalid runs too")
	f.BoolVar(&o.force, "force", false, "compare what cannot be compared")
	f.StringVarP(&o.format, "format", "f", "text", "of the comparison: "+strings.Join(report.CompareFormats, ", "))
	f.StringVarP(&o.file, "output", "o", "", "write it to `FILE` instead of standard output")
	o.ci.define(f)
}

func (o *compareOptions) validate(t ui, inputs []string) error {
	if err := named(map[string]string{"output": o.file}); err != nil {
		return err
	}
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return fmt.Errorf("--alpha: %v is not above 0 and below 1", o.Alpha)
	case !slices.Contains(report.CompareFormats, o.format):
		return fmt.Errorf("--format: %q is none of %s", o.format, strings.Join(report.CompareFormats, ", "))
	case !o.Gate && o.flags.Changed("figure"):
		return errors.New("--figure: is for --gate")
	case !o.Gate && o.AcceptInvalid:
		return errors.New("--accept-invalid: is for --gate")
	}
	need := ""
	if !o.Gate {
		need = "--gate"
	}
	if err := o.ci.validate(need); err != nil {
		return err
	}
	if o.flags.Changed("figure") {
		var err error
		if o.Gated, err = record.ParseFigures(o.gated); err != nil {
			return fmt.Errorf("--figure: %w", err)
		}
	}
	return errors.Join(once(inputs), eachOnce(inputs), o.checkOutputs(t, inputs))
}

// checkOutputs checks that all that is written goes to files of its own.
func (o *compareOptions) checkOutputs(t ui, inputs []string) error {
	var out outputs
	out.reads(t.in, inputs...)
	if o.file == "" {
		out.stream("the comparison", t.out)
	}
	out.writes("--output", o.file)
	o.ci.outputs(&out, t)
	return out.err
}

// sides splits files into those before and those behind the --, of which the first is at
// dash, or is none if dash is below zero.
func sides(files []string, dash int) (old, new []string, err error) {
	if dash < 0 && len(files) == 2 {
		dash = 1
	}
	if dash <= 0 || dash == len(files) {
		return nil, nil, errors.New("which runs are old and which new? OLD… -- NEW…, or just two files")
	}
	for _, path := range files[dash:] {
		if strings.HasPrefix(path, "-") && path != "-" {
			return nil, nil, fmt.Errorf("%s: behind -- there are only files; options go before it", path)
		}
	}
	return files[:dash], files[dash:], nil
}

// compare reads and compares the runs of two sides.
func (t ui) compare(cmd *cobra.Command, oldFiles, newFiles []string, o compareOptions) (*report.Comparison, error) {
	old, err := t.read(cmd.Context(), oldFiles)
	if err != nil {
		return nil, err
	}
	new, err := t.read(cmd.Context(), newFiles)
	if err != nil {
		return nil, err
	}
	c := report.Compare(old, new, o.CompareOptions)
	if len(c.Differences) > 0 && !o.force {
		return nil, failed(fmt.Errorf("these runs cannot be compared: %s; use --force to compare anyway", strings.Join(c.Differences, "; ")))
	}
	return c, nil
}

// putComparison writes a comparison where it is to go.
func (t ui) putComparison(c *report.Comparison, o compareOptions) error {
	if o.file == "" {
		if err := c.Render(t.out, o.format); err != nil {
			return failed(fmt.Errorf("cannot print the comparison: %w", pathless(err)))
		}
		return nil
	}
	return saveTo(o.file, func(w io.Writer) error { return c.Render(w, o.format) })
}

// gateOutcome is what a gate makes of a comparison, if there is one.
func gateOutcome(c *report.Comparison) error {
	if c.Gate == nil {
		return nil
	}
	code := exitInvalid
	switch c.Gate.Outcome {
	case report.Pass:
		return nil
	case report.Fail:
		code = exitRegression
	}
	return &exit{code, errors.New(c.Gate.String())}
}
