package gate

import (
	"fmt"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// A Verdict is what a gate says.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Regression   Verdict = "regression"
	Inconclusive Verdict = "inconclusive" // one series found what the other did not, or there was too little
	Invalid      Verdict = "invalid"      // a run cannot be trusted
	Unfinished   Verdict = "unfinished"   // something ended the gate before it was done
)

// Series are the pairs of runs that are judged together, and what they say.
type Series struct {
	Pairs int   `json:"pairs"`
	Rows  []Row `json:"rows"`
}

// worse are the gated figures that a series finds worse.
func (s Series) worse() map[string]bool {
	out := map[string]bool{}
	for _, r := range s.Rows {
		if r.Gated && r.Finding == Worse {
			out[r.Name] = true
		}
	}
	return out
}

// Repeats reports whether a first series is to be followed by another: it found a
// regression, which is one only if it repeats.
func (s Series) Repeats() bool { return len(s.worse()) > 0 }

// Conclude says what one or two whole series say together.
func Conclude(series []Series) (Verdict, []string) {
	first := series[0].worse()
	if len(first) == 0 {
		return Pass, nil
	}
	if len(series) == 1 {
		return Inconclusive, []string{"a regression was found in one series, and there is no second one"}
	}
	second := series[1].worse()
	var repeated, others []string
	for _, r := range series[0].Rows {
		switch {
		case first[r.Name] && second[r.Name]:
			repeated = append(repeated, r.Name+" got worse in two series of fresh runs")
		case first[r.Name]:
			others = append(others, r.Name+" was worse in the first series and not in the second")
		case second[r.Name]:
			others = append(others, r.Name+" was worse in the second series only")
		}
	}
	if len(repeated) > 0 {
		return Regression, repeated
	}
	return Inconclusive, others
}

// Unfit says why a gate cannot go by a run; empty is that it can. A run of which the load
// generator was the limit is fit: what it adds is the same on both sides.
func Unfit(r *record.Run, gated []record.Figure, acceptInvalid bool) string {
	if !r.Validity.Comparable() && !acceptInvalid {
		return "is " + r.Validity.Verdict + ": " + strings.Join(r.Validity.Reasons, "; ")
	}
	for _, f := range gated {
		if v, err := f.Of(r); err != nil {
			return fmt.Sprintf("has no %s: %v", f, err)
		} else if v <= 0 {
			return fmt.Sprintf("has a %s of %v, of which there is no ratio", f, v)
		}
	}
	return ""
}
