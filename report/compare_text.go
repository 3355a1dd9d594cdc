package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"

	"github.com/echostamp/echostamp/internal/unit"
)

// CompareFormats are the names of the formats of a comparison.
var CompareFormats = []string{"text", "markdown", "json"}

// Render writes a comparison in one of CompareFormats, whole or not at all.
func (c *Comparison) Render(w io.Writer, format string) error {
	var b bytes.Buffer
	switch format {
	case "text":
		c.text(&b)
	case "markdown":
		c.markdown(&b)
	case "json":
		if err := writeJSON(&b, c); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q is none of %s", format, strings.Join(CompareFormats, ", "))
	}
	_, err := io.WriteString(w, inert(format, b.String()))
	return err
}

const compareTitle = "echostamp compare of "

func (c *Comparison) text(w io.Writer) {
	fmt.Fprintf(w, "%s%s\n\n", compareTitle, c.Of)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line(tw, c.heads())
	for _, r := range c.Rows {
		line(tw, r.cells())
	}
	_ = tw.Flush()
	fmt.Fprintln(w)
	writeFacts(w, c.facts())
}

func (c *Comparison) markdown(w io.Writer) {
	heads := c.heads()
	fmt.Fprintf(w, "## %s%s\n\n", compareTitle, escapeMarkdown(c.Of))
	markdownLine(w, heads)
	fmt.Fprintln(w, "|:--|"+strings.Repeat("--:|", len(heads)-1))
	for _, r := range c.Rows {
		markdownLine(w, r.cells())
	}
	fmt.Fprintln(w)
	markdownFacts(w, c.facts())
}

// heads are those of the table, over what cells returns.
func (c *Comparison) heads() []string {
	return []string{"figure", fmt.Sprintf("old (n=%d)", c.Old), "±", fmt.Sprintf("new (n=%d)", c.New), "±", "change", "p"}
}

func (r ComparedRow) cells() []string {
	change := NoChange
	if r.Verdict != NoChange {
		change = r.change()
	}
	return []string{r.Figure, r.amount(r.Old), r.Old.within(), r.amount(r.New), r.New.within(), change, r.p()}
}

// amount is a median with its unit.
func (r ComparedRow) amount(m Median) string {
	switch r.Unit {
	case seriesTime:
		return unit.Duration(m.Median)
	case seriesRate:
		return unit.Rate(m.Median)
	}
	return number(m.Median)
}

// within is how far the interval of a median goes, in percent of it.
func (m Median) within() string {
	if m.Low == nil || m.High == nil {
		return "∞"
	}
	return benchmath.Summary{Center: m.Median, Lo: *m.Low, Hi: *m.High}.PctRangeString()
}

// change is that of the medians.
func (r ComparedRow) change() string {
	if r.Change == nil {
		return "?"
	}
	return fmt.Sprintf("%+.1f%%", *r.Change)
}

func (r ComparedRow) p() string { return strconv.FormatFloat(r.P, 'g', 2, 64) }

// String tells a row in words.
func (r ComparedRow) String() string {
	return fmt.Sprintf("%s → %s, %s, p %s", r.amount(r.Old), r.amount(r.New), r.change(), r.p())
}

// facts are the warnings and the last word.
func (c *Comparison) facts() (f facts) {
	for _, w := range c.Warnings {
		f.add("warning", "%s", w)
	}
	f.add("note", "± is the interval of the median, %v%%, and ∞ if there are too few runs for it; %s is no change that could not be chance (p > %v, U test)", c.Confidence*100, NoChange, c.Alpha)
	if c.Gate == nil {
		f.add("verdict", "%s", c.advice())
		return f
	}
	verdict := fact{Name: "verdict", Text: c.Gate.verdict()}
	for _, j := range c.Gate.Figures {
		if c.Gate.Obstacle != "" {
			break // it is the same of all
		}
		verdict.Items = append(verdict.Items, fmt.Sprintf("%s %s: %s", j.Figure, j.Outcome, j.Detail))
	}
	return append(f, verdict)
}

// advice tells what differs.
func (c *Comparison) advice() string {
	var parts []string
	for _, verdict := range []string{Worse, Better} {
		var names []string
		for _, r := range c.Rows {
			if r.Verdict == verdict {
				names = append(names, r.Figure)
			}
		}
		if len(names) > 0 {
			parts = append(parts, verdict+": "+strings.Join(names, ", "))
		}
	}
	switch {
	case !rejects(leastP(c.Old, c.New), c.Alpha):
		return "nothing can be told of so few runs"
	case len(parts) == 0:
		return "nothing differs more than by chance"
	}
	return strings.Join(parts, "; ") + " (advisory: the machine may have changed in between)"
}
