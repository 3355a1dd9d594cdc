package report

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// spread are n values from low on, most of them near it.
func spread(n int, low, scale int64) []int64 {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	out := make([]int64, n)
	for i := range out {
		out[i] = low + int64(r.ExpFloat64()*float64(scale))
	}
	return out
}

func metricOf(values []int64) record.Metric {
	h := hist.New()
	for _, v := range values {
		h.Record(v)
	}
	return record.NewMetric(h)
}

// formatRun is a run with metrics of many values and few, none, and on either side of zero,
// and with four intervals.
func formatRun() *record.Run {
	values := map[string][]int64{
		record.RTT: spread(20_000, 41_234, 23_456), record.OwnLag: spread(30, 0, 700), record.Lag: nil,
		record.Forward: spread(20_000, 20_000, 9_000), record.Reverse: spread(20_000, 21_234, 10_000),
		record.ForwardRaw: spread(20_000, -150_000, 60_000), record.ReverseRaw: spread(200_000, -7_000_000_000, 80_000),
	}
	r := &record.Run{
		Schema: record.Schema, Started: time.Date(2026, 3, 4, 5, 6, 7, 123_456_789, time.UTC), Duration: 4_000_000_321,
		Config:   record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 64, Mode: record.Open, Rate: 5000.5, Size: 64, Arrivals: "constant"},
		Host:     record.Host{OS: "linux", Arch: "amd64"},
		Totals:   record.Totals{Sent: 20_010, Received: 20_000, Failed: 10, BytesSent: 1_280_640, BytesReceived: 1_700_000, Rate: 4999.9996, Errors: map[string]int64{"timeout": 7, "mismatch": 3}},
		Validity: record.Validity{Verdict: record.GeneratorLimited, Reasons: []string{"the event loop was busy for 95% of the time"}},
		Warnings: []string{"something to know"},
		Clock: record.Clock{Relation: record.Corrected, Offset: -3_500_000_001, Bound: 20_123, Drift: 50.02, DriftBound: 0.41,
			Segments: []record.Segment{{To: 4e9}}},
		Metrics: map[string]record.Metric{},
	}
	for name, v := range values {
		r.Metrics[name] = metricOf(v)
	}
	for i := range 4 {
		v := record.Interval{Start: int64(i) * 1_000_000_080, Duration: 1_000_000_080, Errors: map[string]int64{}, Metrics: map[string]record.Metric{}}
		for name, all := range values {
			if part := all[len(all)*i/4 : len(all)*(i+1)/4]; len(part) > 0 {
				v.Metrics[name] = metricOf(part)
			}
		}
		v.Received = v.Metrics[record.RTT].Count
		v.Sent, v.BytesSent, v.BytesReceived = v.Received, v.Received*64, v.Received*85
		r.Intervals = append(r.Intervals, v)
	}
	last := &r.Intervals[3]
	last.Sent, last.Failed, last.BytesSent = last.Sent+10, 10, last.BytesSent+640
	return r
}

// rendered is a run in a format.
func rendered(t *testing.T, format, metric string, runs ...*record.Run) string {
	t.Helper()
	var b strings.Builder
	if err := Render(&b, format, runs, metric); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String()
}

// figures are those that the formats have in common, in nanoseconds, by what they are called
// at the head of a table.
type figures map[string]float64

// figuresOf are those of a metric.
func figuresOf(m record.Metric) figures {
	f := figures{"count": float64(m.Count)}
	if m.Count == 0 {
		return f
	}
	f["min"], f["max"], f["mean"], f["stddev"] = float64(m.Min), float64(m.Max), m.Mean, m.StdDev
	for q, ns := range m.Percentiles {
		f["p"+q] = float64(ns)
	}
	return f
}

// checkFigures compares what was read from a format with a run.
func checkFigures(t *testing.T, got map[string]figures, r *record.Run) {
	t.Helper()
	want := map[string]figures{}
	for name, m := range r.Metrics {
		want[name] = figuresOf(m)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// TestEveryFormatAgreesOnEveryNumber reads a run back from each format, with a reader that is
// not this project's where there is one.
func TestEveryFormatAgreesOnEveryNumber(t *testing.T) {
	r := formatRun()
	for format, read := range map[string]func(*testing.T, string, *record.Run){
		"json": agreesJSON, "csv": agreesCSV, "text": agreesText, "markdown": agreesMarkdown,
		"prometheus": agreesPrometheus, "gobench": agreesGoBench, "hlog": agreesHlog, "hgrm": agreesHgrm,
		"github-benchmark": agreesGitHubBenchmark, "bencher": agreesBencher,
	} {
		t.Run(format, func(t *testing.T) { read(t, rendered(t, format, "", r), r) })
	}
}

func agreesJSON(t *testing.T, text string, r *record.Run) {
	back, err := record.Read("it", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]figures{}
	for name, m := range back[0].Metrics {
		got[name] = figuresOf(m)
	}
	checkFigures(t, got, r)
}

func agreesCSV(t *testing.T, text string, r *record.Run) {
	table, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]figures{}
	for _, row := range table[1:] {
		cell := map[string]string{}
		for i, head := range table[0] {
			cell[head] = row[i]
		}
		f := figures{}
		for head := range figuresOf(r.Metrics[record.ReverseRaw]) {
			if cell[head] != "" {
				f[head] = float(t, cell[head])
			}
		}
		got[cell["metric"]] = f
		if float(t, cell["rate"]) != r.Totals.Rate || float(t, cell["sent"]) != 20_010 || float(t, cell["received"]) != 20_000 ||
			float(t, cell["failed"]) != 10 || float(t, cell["errors"]) != 10 || cell["started"] != "2026-03-04T05:06:07.123456789Z" ||
			cell["duration_ns"] != "4000000321" || cell["rate_asked"] != "5000.5" || cell["verdict"] != record.GeneratorLimited {
			t.Errorf("facts: %v", cell)
		}
		if want := strings.Join(r.Metrics[cell["metric"]].Low, " "); cell["low"] != want {
			t.Errorf("%s: low %q, want %q", cell["metric"], cell["low"], want)
		}
	}
	checkFigures(t, got, r)
}

func float(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Error(err)
	}
	return v
}

func agreesText(t *testing.T, text string, r *record.Run) {
	found := 0
	for line := range strings.Lines(text) {
		cell := strings.Fields(line)
		if m, ok := r.Metrics[strings.Join(cell[:min(1, len(cell))], "")]; ok {
			found++
			if diff := cmp.Diff(cells(m), cell[1:]); diff != "" {
				t.Errorf("%s: %s", cell[0], diff)
			}
		}
	}
	if found != len(shown(r)) {
		t.Errorf("%d metrics, want %d", found, len(shown(r)))
	}
}

func agreesMarkdown(t *testing.T, text string, r *record.Run) {
	found := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cell := strings.Split(strings.Trim(line, "|\n"), "|")
		for i := range cell {
			cell[i] = strings.TrimSpace(cell[i])
		}
		if m, ok := r.Metrics[cell[0]]; ok {
			found++
			if diff := cmp.Diff(cells(m), cell[1:]); diff != "" {
				t.Errorf("%s: %s", cell[0], diff)
			}
		}
	}
	if found != len(shown(r)) {
		t.Errorf("%d metrics, want %d", found, len(shown(r)))
	}
	for _, line := range []string{"- **verdict** generator-limited\n  - the event loop was busy", "- **warning** something to know\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is missing", line)
		}
	}
}

// TestNothingIsWrittenOnAnError holds that what cannot be rendered leaves no trace.
func TestNothingIsWrittenOnAnError(t *testing.T) {
	r := formatRun()
	broken := formatRun()
	broken.Metrics[record.RTT] = record.Metric{Count: 3}
	for _, tc := range []struct {
		format, metric string
		runs           []*record.Run
		says           string
	}{
		{"tea", "", []*record.Run{r}, `"tea" is none of text, json, csv`},
		{"csv", "", nil, "no run"},
		{"csv", "rtt", []*record.Run{r}, "holds every metric"},
		{"hlog", "", []*record.Run{r, r}, "merge them first: echostamp merge"},
		{"hgrm", "", []*record.Run{r, r}, "merge them first: echostamp merge"},
		{"hgrm", "tea", []*record.Run{r}, `no metric "tea"; it has rtt, own_lag, forward, reverse`},
		{"hgrm", "lag", []*record.Run{r}, "no values of lag; it has some of rtt"},
		{"hgrm", "forward_raw", []*record.Run{r}, "below zero (from -1"},
		{"hgrm", "forward_raw", []*record.Run{r}, "choose another metric, or the format json"},
		{"hgrm", "rtt", []*record.Run{{}}, `no metric "rtt"; it has none`},
		{"hgrm", "", []*record.Run{broken}, "rtt: "},
	} {
		var b bytes.Buffer
		err := Render(&b, tc.format, tc.runs, tc.metric)
		if err == nil || !strings.Contains(err.Error(), tc.says) || b.Len() > 0 {
			t.Errorf("%s %s: %d bytes and %v, want %q", tc.format, tc.metric, b.Len(), err, tc.says)
		}
	}
}
