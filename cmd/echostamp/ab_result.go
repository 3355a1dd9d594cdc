package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/report"
)

// abResult is what it finds.
type abResult struct {
	report.AB
	limited, forced int      // runs whose load generator was at a limit, servers that were killed
	errors          [2]int64 // of each side's runs
}

// conclude sets the verdict, and the warnings.
func (r *abResult) conclude(err error) {
	switch {
	case errors.Is(err, context.Canceled):
		r.Reasons = append(r.Reasons, "it was interrupted")
	case err != nil:
		r.Reasons = append(r.Reasons, err.Error())
	case r.Verdict == gate.Unfinished:
		var reasons []string
		r.Verdict, reasons = gate.Conclude(r.Series, r.MaxDetectable)
		r.Reasons = append(r.Reasons, reasons...)
		r.advise()
	}
	if r.limited > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("in %d of %d runs the load generator was the limit (generator-limited): what changes in the server shows as less than it is", r.limited, len(r.Runs)))
	}
	if r.errors != [2]int64{} {
		r.Warnings = append(r.Warnings, fmt.Sprintf("errors: %s of A, %s of B", unit.Count(r.errors[0]), unit.Count(r.errors[1])))
	}
	if r.forced > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("of %s the server did not end when it was asked to (SIGTERM), and was killed", unit.Plural(int64(r.forced), "run")))
	}
}

// advise says what to do about a gate that could have seen too little.
func (r *abResult) advise() {
	if r.Verdict != gate.Inconclusive || r.Series[0].Repeats() {
		return
	}
	advice := "next: longer runs (-d), more --pairs, or a quieter machine with processors to spare"
	for _, row := range r.Series[0].Sharper(r.MaxDetectable) {
		if row.Figure == record.Rate && r.Config.Mode == record.Open {
			continue // is what was asked for
		}
		advice += fmt.Sprintf("; or gate a less noisy figure: --figure %s detects %s", row.Name, gate.Percent(row.Detectable))
		break
	}
	r.Reasons = append(r.Reasons, advice)
}

// exit is how the program ends by the verdict.
func (r *abResult) exit(allowInconclusive bool) error {
	why := errors.New(r.Brief())
	switch {
	case r.Verdict == gate.Pass, r.Verdict == gate.Inconclusive && allowInconclusive:
		return nil
	case r.Verdict == gate.Regression:
		return &exit{exitRegression, why}
	case r.Verdict == gate.Unfinished:
		return &exit{code: exitInterrupted}
	}
	return &exit{exitInvalid, why}
}
