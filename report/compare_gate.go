package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
)

// A ComparedGate is whether the new side passes.
type ComparedGate struct {
	Alpha   float64 `json:"alpha"` // a figure got worse only if its p is no more
	Outcome Outcome `json:"outcome"`
	// Obstacle is why nothing can be told of any figure, if there is a reason.
	Obstacle string         `json:"obstacle,omitempty"`
	Figures  []JudgedFigure `json:"figures"`
}

// A JudgedFigure is what became of a gated figure.
type JudgedFigure struct {
	Figure  string  `json:"figure"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail"`
}

// judge holds the gated figures to the rule of the gate, by which one got worse if that is
// hardly chance and matters. One figure that got worse fails it, and otherwise one of which
// that cannot be told makes it inconclusive.
func (c *Comparison) judge(gated []record.Figure, runs []*record.Run, acceptInvalid bool) *ComparedGate {
	g := &ComparedGate{Alpha: gate.Alpha / float64(len(gated)), Outcome: Pass}
	g.Obstacle = c.obstacle(g.Alpha, runs, acceptInvalid)
	for _, f := range gated {
		j := JudgedFigure{Figure: f.String(), Outcome: Inconclusive, Detail: g.Obstacle}
		if g.Obstacle == "" {
			j.Outcome, j.Detail = c.outcome(f, g.Alpha, runs)
		}
		g.Figures = append(g.Figures, j)
		if j.Outcome == Fail || g.Outcome == Pass {
			g.Outcome = j.Outcome
		}
	}
	return g
}

// obstacle says why nothing can be told of any figure; empty is that there is no reason.
func (c *Comparison) obstacle(alpha float64, runs []*record.Run, acceptInvalid bool) string {
	cut := func(r *record.Run) bool { return r.Interrupted }
	old, new := runs[:c.Old], runs[c.Old:]
	switch {
	case !acceptInvalid && having(untrusted, old, new) != "":
		return "invalid: " + having(untrusted, old, new)
	case having(cut, old, new) != "":
		return "interrupted: " + having(cut, old, new)
	case !rejects(leastP(c.Old, c.New), alpha):
		return fmt.Sprintf("%s for the gate: it takes %d a side", c.few(), leastRuns(alpha))
	}
	return ""
}

// outcome says whether a figure got worse.
func (c *Comparison) outcome(f record.Figure, alpha float64, runs []*record.Run) (Outcome, string) {
	at := slices.IndexFunc(c.Rows, func(r ComparedRow) bool { return r.Figure == f.String() })
	if at < 0 {
		return Inconclusive, lack(f, runs)
	}
	row := c.Rows[at]
	if rejects(row.P, alpha) && row.matters() {
		return Fail, row.String()
	}
	return Pass, row.String()
}

// matters reports whether the new median is worse by more than what is taken for noise.
func (r ComparedRow) matters() bool {
	loss := r.loss()
	return loss > gate.LeastChange*r.Old.Median && (r.Unit != seriesTime || loss > float64(gate.LeastTime))
}

// lack says why some runs lack a figure.
func lack(f record.Figure, runs []*record.Run) string {
	n, reason := 0, error(nil)
	for _, r := range runs {
		if _, err := f.Of(r); err != nil {
			n, reason = n+1, err
		}
	}
	return fmt.Sprintf("%d of %d runs lack it: %v", n, len(runs), reason)
}

// verdict is the outcome in a word, and why nothing can be told if that is so.
func (g *ComparedGate) verdict() string {
	switch {
	case g.Obstacle != "":
		return string(g.Outcome) + ": " + g.Obstacle
	case g.Outcome == Fail:
		return "regression"
	}
	return string(g.Outcome)
}

// String says in a sentence what the outcome is, and because of which figures.
func (g *ComparedGate) String() string {
	if g.Obstacle != "" {
		return g.verdict()
	}
	var because []string
	for _, j := range g.Figures {
		if j.Outcome == g.Outcome {
			because = append(because, j.Figure+" "+j.Detail)
		}
	}
	return g.verdict() + ": " + strings.Join(because, "; ")
}

// Checks are the gated figures for CI systems; none without a gate.
func (c *Comparison) Checks() (checks []Check) {
	if c.Gate == nil {
		return nil
	}
	for _, j := range c.Gate.Figures {
		checks = append(checks, Check{Name: j.Figure, Outcome: j.Outcome, Detail: j.Detail})
	}
	return checks
}
