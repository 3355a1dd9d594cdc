// Package report renders saved runs. [Render] writes them in one of [Formats]: [Text] for
// a terminal, [HTML] for a browser, and others for other programs.
//
// What a report tells of a run is made once, as titles, tables of figures and facts; the
// formats for people show the same of it.
package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// rows are the metrics of a report in their order, where a run has them.
var rows = []string{
	record.Response, record.RTT, record.Lag, record.OwnLag, record.Forward, record.Reverse, record.Wakeup,
	record.ForwardExcess, record.ReverseExcess, record.ForwardRaw, record.ReverseRaw,
}

// shown are the rows that a run has, and that say something new: where forward is
// forward_raw it is not there twice.
func shown(r *record.Run) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(name string) bool {
		_, ok := r.Metrics[name]
		return !ok || r.Clock.IsRaw() && (name == record.ForwardRaw || name == record.ReverseRaw)
	})
}

// marks stand for figures that are not known, or not well.
const (
	markLow     = "~"  // before a percentile with few samples above it
	markNone    = "-"  // instead of one with too few
	markAtLeast = "> " // before a lower bound: messages without a reply may make it any higher
	markUnknown = "?"  // instead of a figure that they leave wholly open
)

// Text writes r the way a person reads it.
func Text(w io.Writer, r *record.Run) error {
	b := bufio.NewWriter(w)
	header(b, r)
	fmt.Fprintln(b)
	if r.Search != nil {
		search(b, r.Search)
		fmt.Fprintf(b, "\nthe last run at that rate\n\n")
	}
	table(b, r)
	fmt.Fprintln(b)
	writeFacts(b, totals(r))
	writeFacts(b, notes(r))
	writeFacts(b, conclusion(r))
	return b.Flush()
}

func header(b io.Writer, r *record.Run) {
	fmt.Fprintln(b, title(r))
	fmt.Fprintln(b, strings.Join(about(r), " · "))
}

// writeFacts writes each in a line, but for what it lists.
func writeFacts(b io.Writer, facts facts) {
	for _, f := range facts {
		fmt.Fprintf(b, "%-11s %s\n", f.Name, f.Text)
		for _, item := range f.Items {
			fmt.Fprintf(b, "%-11s - %s\n", "", item)
		}
	}
}

func table(b io.Writer, r *record.Run) {
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line(tw, append([]string{""}, heads()...))
	for _, name := range shown(r) {
		line(tw, append([]string{name}, cells(r.Metrics[name])...))
	}
	_ = tw.Flush()
}

// heads are those of a table of metrics, over what cells returns.
func heads() []string {
	return slices.Concat([]string{"count", "min"}, percentileHeads(), []string{"max", "mean", "stddev"})
}

// percentileHeads are the names of percentiles at the head of a table: p50, p99.9.
func percentileHeads() (heads []string) {
	for _, q := range record.Percentiles {
		heads = append(heads, "p"+record.PercentileName(q))
	}
	return heads
}

func line(w io.Writer, cells []string) {
	fmt.Fprint(w, strings.Join(cells, "\t"), "\t\n")
}

// cells are the figures of a metric, under the table's head. Count, min and stddev are
// those of the messages that were answered.
func cells(m record.Metric) []string {
	measured := func(ns float64) string {
		if m.Count == 0 {
			return markNone
		}
		return unit.Duration(ns)
	}
	out := []string{unit.Count(m.Count), measured(float64(m.Min))}
	for _, q := range record.Percentiles {
		out = append(out, percentile(m, record.PercentileName(q)))
	}
	if m.Samples() == 0 {
		return append(out, markNone, markNone, markNone)
	}
	return append(out, bounded(m, "max", float64(m.Max)), bounded(m, "mean", m.Mean), measured(m.StdDev))
}

func percentile(m record.Metric, name string) string {
	ns, ok := m.Percentiles[name]
	switch {
	case !ok && m.IsAtLeast(name):
		return markUnknown
	case !ok:
		return markNone
	case slices.Contains(m.Low, name) && !m.IsAtLeast(name):
		return markLow + unit.Duration(float64(ns))
	}
	return bounded(m, name, float64(ns))
}

// bounded is a figure, or a lower bound of it.
func bounded(m record.Metric, name string, ns float64) string {
	if m.IsAtLeast(name) {
		return markAtLeast + unit.Duration(ns)
	}
	return unit.Duration(ns)
}
