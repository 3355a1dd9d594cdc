package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func selftestCommand(t ui) *cobra.Command {
	var engine engineOptions
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Prove on this machine that what is measured is true",
		Long: `Selftest puts load on servers of its own, on loopback, that are wrong in known
ways, and holds what is measured against what was the case: what the tool adds by
itself, a server that stands still, a path whose directions differ, and a clock that
is off, drifts and is stepped. It takes some 20 seconds.

A check that fails is made once more, for another program may have been in the way.
If one fails twice the exit code is 4: do not trust what is measured here.`,
		Args: cobra.NoArgs,
	}
	engine.define(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := engine.validate(); err != nil {
			return usage(err)
		}
		spareProcessor(3 * engine.count())
		b := bed{engine}
		return selftest(cmd.Context(), t.out, []check{b.overhead, b.stall, b.path, b.clock})
	}
	return cmd
}

// A check measures something that is known.
type check func(context.Context) ([]finding, error)

// A finding is a line of the report.
type finding struct {
	name, injected, measured string
	passed                   bool
}

// selftest makes all checks, and prints each as soon as it is made.
func selftest(ctx context.Context, out io.Writer, checks []check) error {
	lines := []string{line("check", "injected", "measured", "")}
	passed := true
	for _, measure := range checks {
		findings, err := measure(ctx)
		attempt := ""
		if err == nil && !allPassed(findings) && ctx.Err() == nil {
			findings, err = measure(ctx)
			attempt = " at the second attempt"
		}
		switch {
		case ctx.Err() != nil:
			return &exit{exitInterrupted, errors.New("interrupted: not all was checked")}
		case err != nil:
			return failed(err)
		}
		for _, f := range findings {
			lines = append(lines, line(f.name, f.injected, f.measured, f.verdict()+attempt))
		}
		if _, err := io.WriteString(out, strings.Join(lines, "")); err != nil {
			return failed(fmt.Errorf("cannot print the report: %w", pathless(err)))
		}
		lines, passed = nil, passed && allPassed(findings)
	}
	if !passed {
		return &exit{exitInvalid, errors.New("what is measured here is not to be trusted: a check failed twice")}
	}
	return nil
}

func allPassed(findings []finding) bool {
	for _, f := range findings {
		if !f.passed {
			return false
		}
	}
	return true
}

func (f finding) verdict() string {
	if f.passed {
		return "pass"
	}
	return "FAIL"
}

func line(name, injected, measured, verdict string) string {
	return strings.TrimRight(fmt.Sprintf("%-8s  %-40s  %-61s  %s", name, injected, measured, verdict), " ") + "\n"
}
