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
	case v.Verdict == record.Valid, a.Outcome == record.AssertionUnknown:
		return ""
	case v.ByErrors && o.OfErrors(): // how many there may be is what it says
		return ""
	case passed, (v.Limited || v.Verdict == record.GeneratorLimited) && !o.OfErrors():
		return "is " + v.Verdict
	}
	return ""
}

var assertionOutcomes = map[string]Outcome{
	record.AssertionPassed: Pass, record.AssertionFailed: Fail, record.AssertionUnknown: Inconclusive,
}

// found tells the figure that an assertion is about, or what is known of it.
func found(a record.Assertion) string {
	switch {
	case a.Figure != nil:
		return "it is " + figureOf(a, *a.Figure)
	case a.AtLeast != nil && a.AtMost != nil:
		return fmt.Sprintf("it is between %s and %s: %s", figureOf(a, *a.AtLeast), figureOf(a, *a.AtMost), a.Reason)
	case a.AtLeast != nil:
		return fmt.Sprintf("it is at least %s: %s", figureOf(a, *a.AtLeast), a.Reason)
	case a.AtMost != nil:
		return fmt.Sprintf("it is at most %s: %s", figureOf(a, *a.AtMost), a.Reason)
	}
	return "it is not known: " + a.Reason
}

// figureOf writes a figure of an assertion so that it does not seem to be on the other side
// of the bound.
func figureOf(a record.Assertion, v float64) string {
	o, err := record.ParseObjective(a.Objective)
	if err != nil { // of a later version
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	if short := sixDigits(v); o.Holds(short) == o.Holds(v) {
		v = short
	}
	return o.Format(v)
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
