package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// htmlRun is one run as the template shows it. Its texts are those of the text report.
type htmlRun struct {
	Label       string // A, B … of several runs; otherwise empty
	Color       int    // of the palette, from 1
	Kind        string
	Target      string
	Facts       []string
	Started     string
	StartedRaw  string
	Command     string
	Interrupted bool
	Verdict     string
	Reasons     []string
	Warnings    []string
	Figures     []htmlCell
	Search      string
	Head        []string
	Rows        []htmlRow
	Notes       []string
	Totals      facts
	Directions  *htmlDirections
	Clock       *htmlClock
	Parts       []htmlPart
	Overlap     string // of them
	Intervals   bool
}

// htmlCell is a figure: as a person reads it, and as it was measured.
type htmlCell struct {
	Name, Text, Raw, Title string
}

type htmlRow struct {
	Name  string
	Cells []htmlCell
}

// htmlPart is a run that was merged into another.
type htmlPart struct {
	Number                                           int
	Target, Started, Duration, Rate, Errors, Verdict string
	Received                                         string
	Reasons                                          []string
	Interrupted                                      bool
	Command                                          string
}

func htmlRunOf(r *record.Run, label, metric string, at int) htmlRun {
	h := htmlRun{
		Label: label, Color: at%htmlColors + 1, Kind: kind(r), Target: target(r),
		Facts: slices.DeleteFunc(about(r), func(fact string) bool { return fact == interrupted }),
		// A record that was written by hand may have no time.
		Started: htmlTime(r.Started), StartedRaw: r.Started.Format(time.RFC3339Nano),
		Command: strings.Join(r.Command, " "), Interrupted: r.Interrupted,
		Verdict: r.Validity.Verdict, Reasons: r.Validity.Reasons, Warnings: r.Warnings,
		Figures: htmlFigures(r, metric), Head: heads(), Rows: htmlRows(r), Notes: htmlNotes(r), Totals: htmlTotals(r),
		Directions: htmlDirectionsOf(r), Clock: htmlClockOf(r), Intervals: len(r.Intervals) > 0,
	}
	if r.Search != nil {
		var b strings.Builder
		search(&b, r.Search)
		h.Search = b.String()
	}
	h.Overlap = parts(r).Text
	for i := range r.Parts {
		h.Parts = append(h.Parts, htmlPartOf(&r.Parts[i], i))
	}
	return h
}

// htmlColors is how many colours the palette has.
const htmlColors = 6

func htmlTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006, 15:04:05 MST")
}

func htmlPartOf(p *record.Run, at int) htmlPart {
	return htmlPart{
		Number: at + 1, Target: p.Config.Target, Started: htmlTime(p.Started), Duration: unit.Duration(float64(p.Duration)),
		Received: unit.Count(p.Totals.Received), Rate: unit.Rate(p.Totals.Rate), Errors: errorsByKind(p.Totals),
		Verdict: p.Validity.Verdict, Reasons: p.Validity.Reasons, Interrupted: p.Interrupted, Command: strings.Join(p.Command, " "),
	}
}

// htmlFigures are those to see first, of a metric.
func htmlFigures(r *record.Run, name string) (out []htmlCell) {
	if row, ok := r.Metrics[name]; ok {
		all := htmlCells(row)
		for i, head := range heads() {
			if slices.Contains([]string{"p50", "p99", "p99.9", "max"}, head) {
				c := all[i]
				c.Name = name + " " + head
				out = append(out, c)
			}
		}
	}
	t := r.Totals
	return append(out,
		htmlCell{Name: "throughput", Text: unit.Rate(t.Rate), Raw: number(t.Rate), Title: number(t.Rate) + " replies in a second"},
		htmlCell{Name: "errors", Text: unit.Count(t.ErrorCount()), Raw: strconv.FormatInt(t.ErrorCount(), 10), Title: errorsByKind(t)})
}

func htmlRows(r *record.Run) (out []htmlRow) {
	for _, name := range shown(r) {
		out = append(out, htmlRow{name, htmlCells(r.Metrics[name])})
	}
	return out
}

// htmlCells are the figures of a metric as the text report has them, with what they
// were rounded from.
func htmlCells(m record.Metric) []htmlCell {
	raw := htmlRaw(m)
	out := make([]htmlCell, 0, len(raw))
	for i, text := range cells(m) {
		c := htmlCell{Text: text}
		switch {
		case text == markNone && m.Count == 0:
			c.Title = "no samples"
		case strings.HasPrefix(text, markAtLeast):
			c.Raw, c.Title = raw[i], fmt.Sprintf("at least %s ns: %s got no reply", raw[i], unit.Plural(m.Unanswered(), "message"))
		case text == markUnknown:
			c.Title = fmt.Sprintf("not known: %s got no reply", unit.Plural(m.Unanswered(), "message"))
		case text == markNone:
			c.Title = "too few samples: under 10 lie above"
		case i == 0:
			c.Raw, c.Title = raw[i], raw[i]+" samples"
		default:
			c.Raw, c.Title = raw[i], raw[i]+" ns"
		}
		if strings.HasPrefix(text, markLow) {
			c.Title += "; few samples: under 100 lie above"
		}
		out = append(out, c)
	}
	return out
}

// htmlRaw are the figures of a metric under the table's head, as the record has them.
func htmlRaw(m record.Metric) []string {
	out := []string{strconv.FormatInt(m.Count, 10), strconv.FormatInt(m.Min, 10)}
	for _, q := range record.Percentiles {
		out = append(out, strconv.FormatInt(m.Percentiles[record.PercentileName(q)], 10))
	}
	return append(out, strconv.FormatInt(m.Max, 10), number(m.Mean), number(m.StdDev))
}

// htmlTotals are the lines of the text report below its table, but for those that the
// page has elsewhere.
func htmlTotals(r *record.Run) facts {
	return slices.DeleteFunc(append(totals(r), assertions(r)...), func(f fact) bool { return f.Name == "clock" || f.Name == "parts" })
}

// htmlNotes say how the figures are to be read.
func htmlNotes(r *record.Run) (out []string) {
	for _, f := range notes(r) {
		if f.Name == "note" {
			out = append(out, f.Text)
		}
	}
	return out
}
