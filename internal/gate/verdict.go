package gate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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

// Conclude says what one or two whole series say together. A pass is one that would mostly have
// found a change of at most that share, of every gated figure; 0 asks for nothing. What else
// got worse is said, whatever the verdict.
func Conclude(series []Series, detectable float64) (verdict Verdict, reasons []string) {
	verdict, reasons = conclude(series)
	if verdict == Pass {
		for _, r := range series[0].Rows {
			if r.Gated && !r.sees(detectable) {
				verdict = Inconclusive
				reasons = append(reasons, r.blindness())
			}
		}
	}
	return verdict, append(reasons, ungated(series)...)
}

// sees reports whether a change of a share would mostly have been found.
func (r Row) sees(share float64) bool {
	return share == 0 || r.Detectable != 0 && math.Abs(r.Detectable) <= share
}

// blindness says what a row could not have seen.
func (r Row) blindness() string {
	could := "no change was detectable with so few pairs"
	if r.Detectable != 0 {
		could = fmt.Sprintf("only a change of %s or more was detectable", Percent(r.Detectable))
	}
	return fmt.Sprintf("%s: no regression found, but %s (%.0f%% interval %s to %s)", r.Name, could, r.Confidence*100, Percent(r.Low), Percent(r.High))
}

// Sharper are the figures that are not gated and would have shown a change of a share, where a
// gated one would not: the one that shows the least first.
func (s Series) Sharper(share float64) (sharper []Row) {
	for _, r := range s.Rows {
		if !r.Gated && r.sees(share) {
			sharper = append(sharper, r)
		}
	}
	slices.SortStableFunc(sharper, func(a, b Row) int { return cmp.Compare(math.Abs(a.Detectable), math.Abs(b.Detectable)) })
	return sharper
}

// ungated says which figures got worse in all series though the verdict does not go by them.
func ungated(series []Series) []string {
	worse := map[string]int{}
	for _, s := range series {
		for _, r := range s.Rows {
			if !r.Gated && r.Finding == Worse {
				worse[r.Name]++
			}
		}
	}
	var names []string
	for _, r := range series[0].Rows {
		if worse[r.Name] == len(series) {
			names = append(names, r.Name+" "+Percent(r.Change))
		}
	}
	if len(names) == 0 {
		return nil
	}
	where := "one series"
	if len(series) > 1 {
		where = "both series"
	}
	return []string{fmt.Sprintf("also worse, not gated: %s (%s)", strings.Join(names, ", "), where)}
}

// Percent writes a change with its sign.
func Percent(share float64) string { return fmt.Sprintf("%+.1f%%", share*100) }

// Shortfall is how many times as many samples a run needs for its gated figures; 1 is that it
// has enough.
func Shortfall(r *record.Run, gated []record.Figure) float64 {
	most := 1.0
	for _, f := range gated {
		if m, ok := r.Metrics[f.Metric]; ok {
			most = max(most, float64(f.Samples())/float64(m.Samples()))
		}
	}
	return most
}

// conclude says what the series say of the gated figures.
func conclude(series []Series) (Verdict, []string) {
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
