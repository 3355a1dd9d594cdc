package report

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/echostamp/echostamp/internal/record"
)

// AssertionChecks are what became of the assertions of runs, for CI systems.
func AssertionChecks(runs []*record.Run) (checks []Check) {
	for i, r := range runs {
		for _, a := range r.Assertions {
			c := Check{Name: a.Objective, Outcome: assertionOutcomes[a.Outcome], Detail: found(a)}
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

// found tells the figure that an assertion is about, or what is known of it, and what is to be
// said of the run.
func found(a record.Assertion) string {
	text := figureFound(a)
	if a.Doubt != "" {
		text += ", but " + a.Doubt
	}
	return text
}

func figureFound(a record.Assertion) string {
	switch {
	case a.Figure != nil:
		return "it was " + figureOf(a, *a.Figure)
	case a.AtLeast != nil && a.AtMost != nil:
		return fmt.Sprintf("it was between %s and %s: %s", figureOf(a, *a.AtLeast), figureOf(a, *a.AtMost), a.Reason)
	case a.AtLeast != nil:
		return fmt.Sprintf("it was at least %s: %s", figureOf(a, *a.AtLeast), a.Reason)
	case a.AtMost != nil:
		return fmt.Sprintf("it was at most %s: %s", figureOf(a, *a.AtMost), a.Reason)
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

// assertions tell how each went, as AssertionChecks do.
func assertions(r *record.Run) (f facts) {
	for _, a := range r.Assertions {
		outcome := cmp.Or(string(assertionOutcomes[a.Outcome]), a.Outcome) // of a later version
		f.add("assert", "%s: %s, %s", outcome, a.Objective, found(a))
	}
	return f
}
