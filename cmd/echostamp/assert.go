package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

// assertOptions are the objectives that runs are held to.
type assertOptions struct {
	texts      []string
	objectives []record.Objective
}

func (o *assertOptions) define(f *pflag.FlagSet) {
	f.StringArrayVar(&o.texts, "assert", nil, "exit with 3 unless the `OBJECTIVE` is kept: 'response.p99<2ms', 'rate>=10000/s', 'errors<0.1%' and the like; may be repeated")
}

// parse reads what was given.
func (o *assertOptions) parse() error {
	o.objectives = nil
	for _, text := range o.texts {
		objective, err := record.ParseObjective(text)
		if err != nil {
			return fmt.Errorf("--assert: %w", err)
		}
		o.objectives = append(o.objectives, objective)
	}
	return nil
}

// need is the option to give for something to be checked; empty if it is given.
func (o *assertOptions) need() string {
	if len(o.objectives) == 0 {
		return "--assert"
	}
	return ""
}

// judge holds runs to the objectives; without any they keep those that they were held to.
func (o *assertOptions) judge(runs []*record.Run, acceptInvalid bool) {
	if len(o.objectives) == 0 {
		return
	}
	for _, r := range runs {
		r.Assertions = nil
		for _, objective := range o.objectives {
			r.Assertions = append(r.Assertions, objective.Judge(r, acceptInvalid))
		}
	}
}

// checked is how the program ends by what was checked; nil is well.
func checked(checks []report.Check) *exit {
	var bad []string
	code := exitDone
	for _, c := range checks {
		switch {
		case c.Outcome == report.Pass:
			continue
		case c.Outcome == report.Fail:
			code = exitRegression
		case code == exitDone:
			code = exitInvalid
		}
		bad = append(bad, fmt.Sprintf("%s: %s, %s", c.Outcome, c.Name, c.Detail))
	}
	if code == exitDone {
		return nil
	}
	return &exit{code, errors.New(strings.Join(bad, "; "))}
}
