package record

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// An Objective is a bound for one figure of a run, such as response.p99<1ms,
// errors<0.1% or rate>=10000/s.
type Objective struct {
	Figure
	Above  bool    // the bound is the least that is allowed, not the most
	Within bool    // the bound itself is allowed: <=, >=
	Bound  float64 // nanoseconds, replies a second, errors, or percent of the messages
}

// longest keeps every bound a whole number of nanoseconds.
const longest = 1000 * time.Hour

// ParseObjective reads FIGURE, one of < <= > >=, and a bound: a TIME of a metric, RATE/s
// of rate, a number or a share in percent of errors.
func ParseObjective(text string) (Objective, error) {
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return Objective{}, fmt.Errorf("%q is no objective, such as 'response.p99<1ms', 'errors<0.1%%' or 'rate>=1000/s' (in quotes, for the shell)", text)
	}
	var o Objective
	var err error
	if o.Figure, err = ParseFigure(strings.TrimSpace(text[:at])); err != nil {
		return Objective{}, err
	}
	bound := text[at+1:]
	bound, o.Within = strings.CutPrefix(bound, "=")
	o.Above = text[at] == '>'
	if err = o.parseBound(strings.TrimSpace(bound)); err != nil {
		return Objective{}, err
	}
	return o, nil
}

func (o *Objective) parseBound(text string) error {
	switch {
	case o.IsTime():
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > longest {
			return fmt.Errorf("%q is no time such as 1ms", text)
		}
		o.Bound = float64(d)
		return nil
	case o.Figure == Rate:
		rate, ok := number(strings.TrimSuffix(text, "/s"))
		if !ok || rate == 0 {
			return fmt.Errorf("%q is no rate such as 1000/s", text)
		}
		o.Bound = rate
		return nil
	}
	share, isShare := strings.CutSuffix(text, "%")
	if isShare {
		o.Figure = ErrorShare
	}
	n, ok := number(share)
	switch {
	case !ok || isShare && n > 100:
		return fmt.Errorf("%q is no number of errors, such as 10, and no share of the messages, such as 0.1%%", text)
	case o.Above || n == 0 && !o.Within:
		return fmt.Errorf("%s is no bound for errors: it allows none, such as errors<0.1%% or errors<=0", text)
	}
	o.Bound = n
	return nil
}

// number reads a decimal that is not negative.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n + 0, err == nil && n >= 0 && !math.IsInf(n, 0) // + 0 makes 0 of −0
}

// String writes an objective as ParseObjective reads it.
func (o Objective) String() string {
	sign := "<"
	if o.Above {
		sign = ">"
	}
	if o.Within {
		sign += "="
	}
	return o.Figure.String() + sign + o.Format(o.Bound)
}

// Format writes an amount of the figure with its unit: exactly, so that what does not keep
// an objective never looks as if it did.
func (f Figure) Format(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	switch {
	case f.IsTime() && v == math.Trunc(v):
		return time.Duration(v).String()
	case f.IsTime(): // a mean
		return text + "ns"
	}
	switch f {
	case Rate:
		return text + "/s"
	case ErrorShare:
		return text + "%"
	}
	return text
}

// Holds reports whether a figure keeps the objective.
func (o Objective) Holds(figure float64) bool {
	switch {
	case figure == o.Bound:
		return o.Within
	case o.Above:
		return figure > o.Bound
	}
	return figure < o.Bound
}

// Judge holds a run to the objective, as far as the run can be trusted to decide it. What
// acceptInvalid accepts is any verdict on the run, but not that it was interrupted.
func (o Objective) Judge(r *Run, acceptInvalid bool) Assertion {
	a := o.hold(r)
	a.Doubt = o.doubt(r, a.Outcome)
	switch {
	case a.Doubt == "" || acceptInvalid && !r.Interrupted:
	case r.Interrupted:
		a.Outcome = AssertionUnknown
	default:
		a.Outcome, a.Doubt = AssertionUnknown, a.Doubt+" (see --accept-invalid)"
	}
	return a
}

// doubt says why an outcome is not to be believed of a run; empty is that it is. Nothing passes
// of a run that is not valid, and nothing but errors fails of one whose load generator was at a
// limit, for that may be its doing. Of a run that was interrupted nothing passes.
func (o Objective) doubt(r *Run, outcome string) string {
	passed := outcome == AssertionPassed
	switch v := r.Validity; {
	case passed && r.Interrupted:
		return "the run was interrupted"
	case v.Verdict == Valid, outcome == AssertionUnknown:
		return ""
	case v.ByErrors && o.OfErrors(): // how many there may be is what it says
		return ""
	case passed, (v.Limited || v.Verdict == GeneratorLimited) && !o.OfErrors():
		return "the run is " + v.Verdict
	}
	return ""
}

// hold holds the figure of a run to the objective. One that is not known may be known well
// enough: if the maximum keeps a highest delay, every percentile does.
func (o Objective) hold(r *Run) Assertion {
	a := Assertion{Objective: o.String(), Outcome: AssertionUnknown}
	v, err := o.Range(r)
	if err != nil {
		a.Reason = err.Error()
		return a
	}
	worst, best := v.High, v.Low
	if o.Above {
		worst, best = v.Low, v.High
	}
	switch {
	case o.Holds(worst):
		a.Outcome = AssertionPassed
	case !o.Holds(best):
		a.Outcome = AssertionFailed
	}
	a.tell(v)
	return a
}

// tell notes what is known of the figure.
func (a *Assertion) tell(v Range) {
	a.Reason = v.Doubt
	if v.Doubt == "" {
		a.Figure = &v.High
		return
	}
	if !math.IsInf(v.Low, 0) {
		a.AtLeast = &v.Low
	}
	if !math.IsInf(v.High, 0) {
		a.AtMost = &v.High
	}
}
