package report

import (
	"fmt"
	"strconv"

	"github.com/echostamp/echostamp/internal/record"
)

// AssertionChecks are what became of the assertions of runs, for CI systems. Of an invalid
// run nothing passes, and nothing fails, unless it is accepted.
func AssertionChecks(runs []*record.Run, acceptInvalid bool) (checks []Check) {
	for i, r := range runs {
		for _, a := range r.Assertions {
			c := Check{Name: a.Objective, Outcome: assertionOutcomes[a.Outcome], Detail: found(a)}
			if r.Validity.Verdict != record.Valid && !acceptInvalid {
				c.Outcome, c.Detail = Inconclusive, fmt.Sprintf("%s, but the run is %s", c.Detail, r.Validity.Verdict)
			}
			if len(runs) > 1 {
				c.Name = fmt.Sprintf("%s (%s)", c.Name, runName(r, i, len(runs)))
			}
			checks = append(checks, c)
		}
	}
	return checks
}

var assertionOutcomes = map[string]Outcome{
	record.AssertionPassed: Pass, record.AssertionFailed: Fail, record.AssertionUnknown: Inconclusive,
}

// found tells the figure that an assertion is about.
func found(a record.Assertion) string {
	if a.Figure == nil {
		return "it is not known: " + a.Reason
	}
	o, err := record.ParseObjective(a.Objective)
	if err != nil { // of a later version
		return "it is " + strconv.FormatFloat(*a.Figure, 'g', -1, 64)
	}
	return "it is " + o.Format(*a.Figure)
}

// assertions tell how each went.
func assertions(r *record.Run) (f facts) {
	for _, a := range r.Assertions {
		f.add("assert", "%s: %s, %s", a.Outcome, a.Objective, found(a))
	}
	return f
}
