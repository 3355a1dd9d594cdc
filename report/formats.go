package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// A Format is a way to write saved runs.
type Format struct {
	Name string
	Help string // what it is, in a few words
	// One says that it holds one run only, and OneMetric one metric of it only.
	One       bool
	OneMetric bool
	// render writes one or more runs, and exactly one if One.
	render func(w io.Writer, runs []*record.Run, metric string) error
}

// Formats are all of them.
var Formats = []Format{
	{Name: "text", Help: "for people, in a terminal", render: several(texts)},
	{Name: "json", Help: "all that is known, as it was saved", render: several(records)},
	{Name: "csv", Help: "a table for spreadsheets", render: several(CSV)},
	{Name: "markdown", Help: "for people, on GitHub and the like", render: several(Markdown)},
	{Name: "html", Help: "a page that needs no network", render: several(HTML)},
	{Name: "hlog", Help: "an HdrHistogram log: every metric over time", One: true, render: hlogOne},
	{Name: "hgrm", Help: "HdrHistogram's percentiles of one metric", One: true, OneMetric: true, render: hgrmOne},
	{Name: "prometheus", Help: "Prometheus's text format", render: several(Prometheus)},
	{Name: "gobench", Help: "Go's benchmark format, for benchstat", render: several(GoBench)},
	{Name: "github-benchmark", Help: "for github-action-benchmark: customSmallerIsBetter", render: several(GitHubBenchmark)},
	{Name: "bencher", Help: "Bencher Metric Format, for bencher run", render: several(Bencher)},
}

// Render writes runs in a format, whole or not at all. Metric is for a format that holds one
// metric only: empty is what the run counts latency as, response or else rtt.
func Render(w io.Writer, format string, runs []*record.Run, metric string) error {
	f, err := Find(format)
	if err != nil {
		return err
	}
	switch {
	case len(runs) == 0:
		return errors.New("there is no run to show")
	case f.One && len(runs) > 1:
		return fmt.Errorf("the format %s holds one run, and these are %d: merge them first: echostamp merge", f.Name, len(runs))
	case metric != "" && !f.OneMetric:
		return fmt.Errorf("the format %s holds every metric, and not %s alone", f.Name, metric)
	}
	var b bytes.Buffer
	if err := f.render(&b, runs, metric); err != nil {
		return err
	}
	_, err = io.WriteString(w, inert(f.Name, b.String()))
	return err
}

// Find returns the format of a name.
func Find(name string) (Format, error) {
	at := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if at < 0 {
		return Format{}, fmt.Errorf("%q is none of %s", name, strings.Join(Names(), ", "))
	}
	return Formats[at], nil
}

// Names are those of all formats.
func Names() (names []string) {
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return names
}

// several makes a renderer of one that shows every metric.
func several(render func(io.Writer, []*record.Run) error) func(io.Writer, []*record.Run, string) error {
	return func(w io.Writer, runs []*record.Run, _ string) error { return render(w, runs) }
}

func hlogOne(w io.Writer, runs []*record.Run, _ string) error { return Hlog(w, runs[0]) }

func hgrmOne(w io.Writer, runs []*record.Run, metric string) error {
	if _, ok := runs[0].Metrics[record.Response]; ok && metric == "" {
		metric = record.Response
	}
	if metric == "" && runs[0].Totals.Received == 0 {
		return hgrmOf(w, hist.New()) // a run that was interrupted at once has a report too
	}
	return Hgrm(w, runs[0], cmp.Or(metric, record.RTT))
}

// texts writes a report after the other.
func texts(w io.Writer, runs []*record.Run) error {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if len(runs) > 1 {
			fmt.Fprintln(w, runName(r, i, len(runs)))
		}
		if err := Text(w, r); err != nil {
			return err
		}
	}
	return nil
}

// runName tells a run among others.
func runName(r *record.Run, at, of int) string {
	name := fmt.Sprintf("run %d of %d", at+1, of)
	if r.Started.IsZero() { // written by hand
		return name
	}
	return name + ", started " + r.Started.Format("2006-01-02 15:04:05 MST")
}

func records(w io.Writer, runs []*record.Run) error {
	for _, r := range runs {
		if err := record.Write(w, r); err != nil {
			return err
		}
	}
	return nil
}

// metricNames are all that some metrics are called: those that are known in the order of a
// report, then the others, which a newer program may have saved.
func metricNames(metrics map[string]record.Metric) (names []string) {
	for name := range metrics {
		names = append(names, name)
	}
	place := func(name string) int {
		if at := slices.Index(rows, name); at >= 0 {
			return at
		}
		return len(rows)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
	return names
}

// word makes one word of a name, for formats in which white space and some signs end it.
func word(name string) string {
	return strings.Map(func(c rune) rune {
		if c <= ' ' || strings.ContainsRune(`,/="\`, c) || c == 0x7f || c == 0x85 || c == 0xa0 || c > 0x2000 {
			return '_'
		}
		return c
	}, name)
}

// oneLine makes one line of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// pointLeft moves the point of a decimal to the left, so that nanoseconds become seconds
// without a rounding: 1500 by 3 places is 1.5.
func pointLeft(decimal string, places int) string {
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	whole, fraction, _ := strings.Cut(decimal, ".")
	if lack := places + 1 - len(whole); lack > 0 {
		whole = strings.Repeat("0", lack) + whole
	}
	at := len(whole) - places
	whole, fraction = whole[:at], strings.TrimRight(whole[at:]+fraction, "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}
