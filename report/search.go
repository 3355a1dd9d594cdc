package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// Step writes a run of a search in one line.
func Step(o record.Objective, s record.Step) string {
	return fmt.Sprintf("%s %s: %s %s, %s", s.Purpose, unit.Rate(s.Rate), o.Figure, figure(s), outcome(s))
}

func figure(s record.Step) string {
	switch {
	case s.Figure == 0:
		return markNone
	case s.FigureAtLeast:
		return markAtLeast + unit.Duration(s.Figure)
	}
	return unit.Duration(s.Figure)
}

// outcome says whether the objective held in a run, and if not, why not.
func outcome(s record.Step) string {
	if s.Held {
		return "held"
	}
	if s.Limited {
		return s.Failure + markGenerator
	}
	return s.Failure
}

// markGenerator is at a failure that may be the load generator's.
const markGenerator = "*"

// search writes what was found, and the table of rate against percentiles.
func search(b io.Writer, s *record.Search) {
	fmt.Fprintf(b, "search      %s: %s\n\n", s.Objective, finding(s))
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []struct{ metric, q string }{
		{record.Response, "50"}, {record.Response, "99"}, {record.Response, "99.9"}, {record.RTT, "99"}, {record.OwnLag, "99"},
	}
	head := []string{"rate", "reached"}
	objective := s.Objective[:max(0, strings.IndexAny(s.Objective, "<>"))]
	for _, c := range columns {
		if c.metric+".p"+c.q == objective {
			objective = ""
		}
		head = append(head, c.metric+" p"+c.q)
	}
	if objective != "" {
		head = append(head, strings.Replace(objective, ".", " ", 1))
	}
	line(tw, append(head, "objective"))
	steps := slices.SortedStableFunc(slices.Values(s.Steps), func(a, b record.Step) int { return cmp.Compare(a.Rate, b.Rate) })
	for _, step := range steps {
		cells := []string{unit.Rate(step.Rate), unit.Rate(step.Achieved)}
		for _, c := range columns {
			m := record.Metric{Percentiles: step.Percentiles[c.metric], AtLeast: step.AtLeast[c.metric]}
			cells = append(cells, percentile(m, c.q))
		}
		if objective != "" {
			cells = append(cells, figure(step))
		}
		line(tw, append(cells, outcome(step)))
	}
	_ = tw.Flush()
	fmt.Fprintln(b)
	for _, o := range []struct{ word, means string }{
		{record.Missed, "the objective did not hold"},
		{record.Behind, "the rate was not reached: messages were still unsent at the end"},
		{record.Untrusted, "the run was invalid, or whether the objective held is not known"},
		{markGenerator, "it may have been the load generator's doing"},
	} {
		if slices.ContainsFunc(steps, func(s record.Step) bool { return strings.Contains(outcome(s), o.word) }) {
			fmt.Fprintf(b, "note        %s: %s\n", o.word, o.means)
		}
	}
}

func finding(s *record.Search) string {
	if s.Rate == 0 && s.Limit == record.ByGenerator {
		return "no rate was found at which it holds; the load generator was the limit, and the server's is not known"
	}
	found := "holds up to " + unit.Rate(s.Rate)
	if s.Rate == 0 {
		found = "does not hold at " + unit.Rate(s.Min) + ", the lowest rate that was tried"
	}
	switch s.Limit {
	case record.ByServer:
		if s.Rate == 0 {
			return found
		}
		return found + ", and the server is the limit"
	case record.ByGenerator:
		return found + "; above that the load generator was the limit, and the server's is not known"
	case record.ByMax:
		return found + ", the highest rate that was to be tried"
	}
	if s.Rate == 0 {
		return "ended before a rate was found"
	}
	return found + " so far; the search was ended before it was done"
}
