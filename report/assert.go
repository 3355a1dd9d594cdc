package report

import (
	"fmt"
	"strconv"

	"github.com/echostamp/echostamp/internal/record"
)

// AssertionChecks are what became of the assertions of runs, for CI systems. Unless it is
// accepted nothing passes of a run that is not valid, and nothing but errors fails of one
// whose load generator was at a limit, for that may be its doing. Of a run that was
// interrupted nothing passes.
func AssertionChecks(runs []*record.Run, acceptInvalid bool) (checks []Check) {
	for i, r := range runs {
		for _, a := range r.Assertions {
			c := Check{Name: a.Objective, Outcome: assertionOutcomes[a.Outcome], Detail: found(a)}
			if why := doubt(r, a); why != "" && (!acceptInvalid || r.Interrupted) {
				c.Outcome, c.Detail = Inconclusive, fmt.Sprintf("%s, but the run %s (see --accept-invalid)", c.Detail, why)
			}
			if len(runs) > 1 {
				c.Name = fmt.Sprintf("%s (%s)", c.Name, runName(r, i, len(runs)))
			}
			checks = append(checks, c)
		}
	}
	return checks
}

// doubt says why how an assertion of a run went is not to be believed; empty is that it is.
func doubt(r *record.Run, a record.Assertion) string {
	o, _ := record.ParseObjective(a.Objective)
	passed := a.Outcome == record.AssertionPassed
	switch v := r.Validity; {
	case passed && r.Interrupted:
		return "was interrupted"
	case v.Verdict == record.Valid, a.Figure == nil:
		return ""
	case passed, (v.Limited || v.Verdict == record.GeneratorLimited) && !o.OfErrors():
		return "is " + v.Verdict
	}
	return ""
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
	v := *a.Figure
	if short := sixDigits(v); o.Holds(short) == o.Holds(v) {
		v = short
	}
	return "it is " + o.Format(v)
}

// sixDigits rounds a figure, which has no more that mean something.
func sixDigits(v float64) float64 {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	return short
}

// assertions tell how each went.
func assertions(r *record.Run) (f facts) {
	for _, a := range r.Assertions {
		text := fmt.Sprintf("%s: %s, %s", a.Outcome, a.Objective, found(a))
		if why := doubt(r, a); why != "" {
			text += ", but the run " + why
		}
		f.add("assert", "%s", text)
	}
	return f
}
