package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/report"
)

// ciOptions are what CI systems are told of a result.
type ciOptions struct {
	junit       string
	summary     bool
	annotations bool
}

func (o *ciOptions) define(f *pflag.FlagSet) {
	f.StringVar(&o.junit, "junit", "", "save what passed and failed to `FILE`, as JUnit XML")
	f.BoolVar(&o.summary, "github-summary", false, "append the report, as Markdown, to the file that GITHUB_STEP_SUMMARY names")
	f.BoolVar(&o.annotations, "github-annotations", false, "print what failed to standard error, as ::error for GitHub Actions")
}

// validate checks the options; need is the option without which nothing is checked, where
// that is not given.
func (o *ciOptions) validate(need string) error {
	switch {
	case need != "" && o.junit != "":
		return fmt.Errorf("--junit: there is nothing to pass or fail without %s", need)
	case need != "" && o.annotations:
		return fmt.Errorf("--github-annotations: there is nothing to pass or fail without %s", need)
	}
	return named(map[string]string{"junit": o.junit})
}

// summaryFile is the variable that names the file of --github-summary.
const summaryFile = "GITHUB_STEP_SUMMARY"

// outputs adds what is written.
func (o *ciOptions) outputs(out *outputs, t ui) {
	if o.annotations {
		out.stream("--github-annotations", t.errOut)
	}
	out.writes("--junit", o.junit)
	if o.summary {
		out.writes("--github-summary", os.Getenv(summaryFile))
	}
}

// ciOutput is where that goes, prepared before what it tells of.
type ciOutput struct {
	ciOptions
	t       ui
	began   time.Time
	file    *atomicfile.File // of JUnit
	summary *os.File
}

// prepare opens what is written at the end, so that what can be known to fail fails before
// the run.
func (o ciOptions) prepare(t ui) (*ciOutput, error) {
	out := &ciOutput{ciOptions: o, t: t, began: time.Now()}
	var err error
	if o.junit != "" {
		if out.file, err = atomicfile.Create(o.junit); err != nil {
			return nil, failed(fmt.Errorf("cannot save to %s: %w", o.junit, err))
		}
	}
	if o.summary {
		if path := os.Getenv(summaryFile); path == "" {
			err = errors.New(summaryFile + " is not set: it names the file in a step of GitHub Actions")
		} else if out.summary, err = atomicfile.OpenAppend(path); err != nil {
			err = fmt.Errorf("cannot append to %s: %w", path, err)
		}
		if err != nil {
			out.close()
			return nil, failed(fmt.Errorf("--github-summary: %w", err))
		}
	}
	return out, nil
}

// close leaves what was not delivered as it was.
func (o *ciOutput) close() {
	if o.file != nil {
		o.file.Discard()
	}
	if o.summary != nil {
		o.summary.Close()
	}
}

// deliver tells of what was checked, in a suite of tests of a name, and of the report. What
// cannot be told in one way is told in the others.
func (o *ciOutput) deliver(suite string, checks []report.Check, markdown func(io.Writer) error) error {
	var lost []error
	if o.file != nil {
		err := o.file.Save(func(w io.Writer) error { return report.JUnit(w, suite, checks, o.began, time.Since(o.began)) })
		if err != nil {
			lost = append(lost, fmt.Errorf("cannot save to %s: %w", o.junit, err))
		}
	}
	if o.summary != nil {
		if err := markdown(o.summary); err != nil {
			lost = append(lost, fmt.Errorf("--github-summary: %w", err))
		}
	}
	if o.annotations {
		lost = append(lost, report.Annotations(o.t.errOut, suite, checks))
	}
	return errors.Join(lost...)
}
