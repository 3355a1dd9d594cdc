package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// abText writes what a gate found the way a person reads it.
func abText(w io.Writer, ab *AB) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "echostamp ab\nA  %s\nB  %s\n%s\n\n", ab.A, ab.B, strings.Join(ab.about(), " · "))
	for i, s := range ab.Series {
		if len(s.Rows) == 0 {
			continue
		}
		if len(ab.Series) > 1 {
			fmt.Fprintf(b, "series %d\n", i+1)
		}
		tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
		line(tw, abHeads())
		for _, r := range s.Rows {
			line(tw, abCells(r))
		}
		_ = tw.Flush()
		fmt.Fprintln(b)
	}
	writeFacts(b, ab.facts())
	return b.Flush()
}

// abMarkdown writes the same for a page that shows GitHub's Markdown.
func abMarkdown(w io.Writer, ab *AB) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "## echostamp ab: %s\n\n- **A** %s\n- **B** %s\n\n%s\n", ab.Verdict, escapeMarkdown(ab.A), escapeMarkdown(ab.B), escapeMarkdown(strings.Join(ab.about(), " · ")))
	for i, s := range ab.Series {
		if len(s.Rows) == 0 {
			continue
		}
		if len(ab.Series) > 1 {
			fmt.Fprintf(b, "\nseries %d\n", i+1)
		}
		fmt.Fprintln(b)
		heads := abHeads()
		markdownLine(b, heads)
		fmt.Fprintln(b, "|:--|"+strings.Repeat("--:|", len(heads)-1))
		for _, r := range s.Rows {
			cells := abCells(r)
			for i := range cells {
				cells[i] = escapeMarkdown(cells[i])
			}
			markdownLine(b, cells)
		}
	}
	fmt.Fprintln(b)
	markdownFacts(b, ab.facts())
	return b.Flush()
}

// about says what was asked.
func (ab *AB) about() []string {
	if len(ab.Runs) == 0 {
		return []string{"no run was made"}
	}
	c := ab.Config
	length := unit.Duration(float64(c.Duration)) + " each"
	if c.Messages > 0 {
		length = unit.Plural(c.Messages, "message") + " each"
	}
	facts := []string{
		c.Proto + " over " + c.Transport, unit.Plural(int64(c.Clients), "client"), mode(&record.Run{Config: c}), unit.Plural(int64(c.Size), "byte") + " a message",
		unit.Plural(int64(ab.Pairs), "pair") + " of runs of " + length,
	}
	if c.Warmup > 0 {
		facts = append(facts, unit.Duration(float64(c.Warmup))+" warm-up before")
	}
	return append(facts, fmt.Sprintf("order by seed %d", ab.Seed), unit.Duration(float64(ab.Duration))+" in all")
}

// markGated is at figures that the verdict goes by.
const markGated = "*"

// abHeads are those of a table, over what abCells returns.
func abHeads() []string { return []string{"", "A", "B", "change", "from", "to", "p", ""} }

// abCells are those of a figure.
func abCells(r gate.Row) []string {
	name := r.Name
	if r.Gated {
		name = markGated + " " + name
	}
	return []string{
		name, Amount(r.Name, r.A), Amount(r.Name, r.B), gate.Percent(r.Change), gate.Percent(r.Low), gate.Percent(r.High),
		fmt.Sprintf("%.3f", min(r.PWorse, r.PBetter)), string(r.Finding),
	}
}

// Amount is that of a figure, with its unit.
func Amount(figure string, v float64) string {
	if figure == record.Rate.String() {
		return unit.Rate(v)
	}
	return unit.Duration(v)
}

// facts are what the tables do not tell, and the verdict.
func (ab *AB) facts() (f facts) {
	for _, w := range ab.Warnings {
		f.add("warning", "%s", w)
	}
	if len(ab.Series) > 0 && len(ab.Series[0].Rows) > 0 {
		f.add("note", "A and B are medians of the runs; change is that of pairs (Hodges–Lehmann), from … to is its %.1f%% interval; p is that of the signed-rank test, one-sided; %s is what cannot be told from noise, or does not matter",
			ab.Series[0].Rows[0].Confidence*100, gate.Same)
		f.add("note", "%s is gated: worse is a change beyond %s, and p ≤ %.2g; that is a regression if a second series of fresh runs confirms it, with p ≤ %.2g divided by the figures to confirm", markGated,
			ab.eachGated(func(r gate.Row) string { return r.Name + " " + gate.Percent(r.Threshold) }), gate.Alpha/float64(len(ab.Gated)), gate.Confirm)
		f.add("could see", "%s (the smallest changes for the worse that %.0f of 100 such gates find)", ab.detectable(), gate.Power*100)
	}
	return append(f, fact{Name: "verdict", Text: string(ab.Verdict), Items: slices.Concat(ab.Reasons, ab.improvements())})
}

// detectable tells what the gate could have seen.
func (ab *AB) detectable() string {
	return ab.eachGated(func(r gate.Row) string {
		if r.Detectable == 0 {
			return r.Name + " none, of so few pairs"
		}
		return r.Name + " " + gate.Percent(r.Detectable)
	})
}

// eachGated tells something of each gated figure, by the first series.
func (ab *AB) eachGated(tell func(gate.Row) string) string {
	var parts []string
	for _, r := range ab.Series[0].Rows {
		if r.Gated {
			parts = append(parts, tell(r))
		}
	}
	return strings.Join(parts, ", ")
}

// improvements tell of what got better, which is no reason for a verdict.
func (ab *AB) improvements() (out []string) {
	if len(ab.Series) == 0 {
		return nil
	}
	for _, r := range ab.Series[0].Rows {
		if r.Gated && r.Finding == gate.Better {
			out = append(out, fmt.Sprintf("%s got better: %s", r.Name, gate.Percent(r.Change)))
		}
	}
	return out
}

// Outcome is the verdict with its reasons, as a sentence.
func (ab *AB) Outcome() string {
	if len(ab.Reasons) == 0 {
		return string(ab.Verdict)
	}
	return string(ab.Verdict) + ": " + strings.Join(ab.Reasons, "; ")
}

// Brief is the verdict with its first reason, for those who have the report.
func (ab *AB) Brief() string {
	if len(ab.Reasons) < 2 {
		return ab.Outcome()
	}
	return fmt.Sprintf("%s: %s (%s in the report)", ab.Verdict, ab.Reasons[0], unit.Plural(int64(len(ab.Reasons)-1), "more reason"))
}

// detail tells of a gated figure.
func (ab *AB) detail(first gate.Row) string {
	var parts []string
	for _, s := range ab.Series {
		for _, r := range s.Rows {
			if r.Name == first.Name {
				parts = append(parts, fmt.Sprintf("A %s, B %s, change %s (%s to %s), p %.3f, %s", Amount(r.Name, r.A), Amount(r.Name, r.B),
					gate.Percent(r.Change), gate.Percent(r.Low), gate.Percent(r.High), r.PWorse, r.Finding))
			}
		}
	}
	return strings.Join(parts, "; again: ") + "; verdict of the whole: " + ab.Outcome()
}
