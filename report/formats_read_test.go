package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/perf/benchfmt"

	"github.com/echostamp/echostamp/internal/record"
)

// labelOf returns the value of a label.
func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func families(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return all
}

// seconds are what the exact seconds of some nanoseconds are read as. A division would round
// twice where these are a float already.
func seconds(t *testing.T, ns float64) float64 {
	return float(t, strconv.FormatFloat(ns, 'f', -1, 64)+"e-9")
}

func agreesPrometheus(t *testing.T, text string, r *record.Run) {
	all := families(t, text)
	want := map[string]figures{}
	for name, m := range r.Metrics {
		want[name] = figuresOf(m)
		for head, ns := range want[name] {
			if head != "count" {
				want[name][head] = seconds(t, ns)
			}
		}
		want[name]["sum"] = seconds(t, math.Round(m.Mean*float64(m.Count)))
	}
	got := map[string]figures{}
	for _, s := range all["echostamp_latency_seconds"].Metric {
		f := figures{"count": float64(s.Summary.GetSampleCount()), "sum": s.Summary.GetSampleSum()}
		for _, q := range s.Summary.Quantile {
			f["p"+strconv.FormatFloat(math.Round(q.GetQuantile()*1e6)/1e4, 'f', -1, 64)] = q.GetValue()
		}
		got[labelOf(s, "metric")] = f
	}
	for _, figure := range []string{"min", "max", "mean", "stddev"} {
		for _, g := range all["echostamp_latency_"+figure+"_seconds"].Metric {
			got[labelOf(g, "metric")][figure] = g.Gauge.GetValue()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	for name, want := range map[string]float64{
		"echostamp_replies_per_second": 4999.9996, "echostamp_duration_seconds": 4.000000321, "echostamp_interrupted": 0,
		"echostamp_started_timestamp_seconds": 1772600767.123456789, "echostamp_verdict": 1,
		"echostamp_clock_offset_seconds": -3.500000001, "echostamp_clock_bound_seconds": 0.000020123, "echostamp_clock_drift_ppm": 50.02,
	} {
		if got := all[name].GetMetric()[0].GetGauge().GetValue(); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]float64{
		"echostamp_messages_sent_total": 20_010, "echostamp_replies_received_total": 20_000, "echostamp_messages_failed_total": 10, "echostamp_errors_total": 10,
	} {
		var got float64
		for _, m := range all[name].GetMetric() {
			got += m.GetCounter().GetValue()
		}
		if got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// benchmarks reads what benchstat would.
func benchmarks(t *testing.T, text string) (results []*benchfmt.Result) {
	t.Helper()
	in := benchfmt.NewReader(strings.NewReader(text), "it")
	for in.Scan() {
		switch r := in.Result().(type) {
		case *benchfmt.Result:
			results = append(results, r.Clone())
		case *benchfmt.SyntaxError:
			t.Error(r)
		}
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return results
}

func agreesGoBench(t *testing.T, text string, r *record.Run) {
	got := map[string]figures{record.Lag: {"count": 0}} // it has no line
	for _, b := range benchmarks(t, text) {
		if b.GetConfig("goos") != "linux" || b.GetConfig("target") != "192.0.2.7:12345" || b.GetConfig("verdict") != record.GeneratorLimited {
			t.Errorf("%s has the configuration %v", b.Name, b.Config)
		}
		name, rest, _ := strings.Cut(strings.TrimPrefix(string(b.Name), "Echostamp/metric="), "/")
		f := figures{"count": float64(b.Iters)}
		for _, v := range b.Values {
			if v.OrigUnit == "" { // none that a reader has in seconds
				f[v.Unit] = v.Value
				continue
			}
			f[strings.Replace(strings.TrimSuffix(v.OrigUnit, "-ns"), "ns/op", "mean", 1)] = v.OrigValue
		}
		if name == "Echostamp" {
			if diff := cmp.Diff(figures{"count": 20_000, "replies/s": 4999.9996, "errors": 10}, f); diff != "" {
				t.Error(diff)
			}
			continue
		}
		if rest != "clients=64/rate=5000.5" {
			t.Errorf("%s is of %s", name, rest)
		}
		got[name] = f
	}
	checkFigures(t, got, r)
}

// agreesHlog knows values to within a bucket, as every reader of such a log does.
func agreesHlog(t *testing.T, text string, r *record.Run) {
	sums := map[string]*hdr.Histogram{}
	in := hdr.NewHistogramLogReader(strings.NewReader(text))
	var last int64
	for {
		h, err := in.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if h.StartTimeMs() < last {
			t.Error("a line is earlier than the one before")
		}
		last = h.StartTimeMs()
		if sum := sums[h.Tag()]; sum != nil {
			sum.Merge(h)
		} else {
			sums[h.Tag()] = h
		}
	}
	for name, m := range r.Metrics {
		var count int64
		if up := sums[name]; up != nil {
			count += up.TotalCount()
			if m.Count > 0 && up.Max() != highestLike(m.Max) {
				t.Errorf("%s: max %d, want %d", name, up.Max(), highestLike(m.Max))
			}
			for q, ns := range m.Percentiles {
				if got := up.ValueAtPercentile(float(t, q)); m.Min >= 0 && got != highestLike(ns) {
					t.Errorf("%s: p%s %d, want %d", name, q, got, highestLike(ns))
				}
			}
		}
		if below := sums[name+hlogNegative]; below != nil {
			count += below.TotalCount()
			if below.Max() != highestLike(-m.Min) {
				t.Errorf("%s: min -%d, want %d", name, below.Max(), m.Min)
			}
		}
		if count != m.Count {
			t.Errorf("%s: %d values, want %d", name, count, m.Count)
		}
	}
}

func agreesHgrm(t *testing.T, text string, r *record.Run) {
	m := r.Metrics[record.RTT] // the run has no response
	var rows [][]float64
	foot := map[string]float64{}
	for line := range strings.Lines(text) {
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "#["):
			var a, b string
			var x, y float64
			if _, err := fmt.Sscanf(strings.NewReplacer("=", " ", ",", " ", "]", " ", "Total count", "Count").Replace(line[2:]), "%s %f %s %f", &a, &x, &b, &y); err != nil {
				t.Fatal(line, err)
			}
			foot[a], foot[b] = x, y
		case len(fields) >= 3 && fields[0] != "Value":
			rows = append(rows, []float64{float(t, fields[0]), float(t, fields[1]), float(t, fields[2])})
		}
	}
	if foot["Count"] != float64(m.Count) || int64(foot["Max"]) != highestLike(m.Max) ||
		math.Abs(foot["Mean"]-m.Mean) > 0.0005 || math.Abs(foot["StdDeviation"]-m.StdDev) > 0.0005 {
		t.Errorf("%v, want %+v", foot, figuresOf(m))
	}
	last := rows[len(rows)-1]
	if last[1] != 1 || last[2] != float64(m.Count) || rows[0][0] != float64(highestLike(m.Min)) {
		t.Errorf("from %v to %v", rows[0], last)
	}
	h, err := m.Histogram()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if got := int64(row[0]); got != highestLike(h.Percentile(math.Floor(row[1]*1e14)/1e12)) {
			t.Errorf("p%v is %d", row[1]*100, got)
		}
	}
	at := slices.IndexFunc(rows, func(row []float64) bool { return row[1] == 0.5 })
	if int64(rows[at][0]) != highestLike(m.Percentiles["50"]) {
		t.Errorf("p50 is %v, want %d", rows[at], m.Percentiles["50"])
	}
}

// strictly reads JSON in which nothing is that the reader does not know.
func strictly(t *testing.T, text string, into any) {
	t.Helper()
	in := json.NewDecoder(strings.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
}

// githubBenchmarks reads what github-action-benchmark would, by name: extractCustomBenchmarkResult
// in its src/extract.ts takes an array of BenchmarkResult, of which range and extra may be
// missing, and findAlerts in its src/write.ts looks one up by its name.
func githubBenchmarks(t *testing.T, text string) map[string]githubBenchmark {
	t.Helper()
	var entries []struct {
		Name, Unit   *string
		Value        *float64
		Range, Extra string
	}
	strictly(t, text, &entries)
	got := map[string]githubBenchmark{}
	for _, e := range entries {
		if e.Name == nil || e.Unit == nil || e.Value == nil {
			t.Fatalf("an entry lacks its name, unit or value:\n%s", text)
		}
		if _, twice := got[*e.Name]; twice {
			t.Errorf("%s is there twice", *e.Name)
		}
		got[*e.Name] = githubBenchmark{*e.Name, *e.Unit, *e.Value, e.Range, e.Extra}
	}
	return got
}

// seriesFigures are those figures of a metric that are kept from commit to commit.
func seriesFigures(name string, m record.Metric) map[string]float64 {
	out := map[string]float64{}
	for head, ns := range figuresOf(m) {
		if slices.Contains([]string{"mean", "p50", "p99", "p99.9"}, head) {
			out[name+" "+head+"/clients=64/rate=5000.5"] = ns
		}
	}
	return out
}

func agreesGitHubBenchmark(t *testing.T, text string, r *record.Run) {
	want := map[string]githubBenchmark{"errors/clients=64/rate=5000.5": {Unit: "errors", Value: 10, Extra: "20,010 messages in 1 run\ngenerator-limited"}}
	for name, m := range r.Metrics {
		if strings.HasSuffix(name, "_raw") {
			continue
		}
		for figure, ns := range seriesFigures(name, m) {
			want[figure] = githubBenchmark{Unit: "ns", Value: ns}
		}
	}
	got := githubBenchmarks(t, text)
	if extra := got["own_lag p50/clients=64/rate=5000.5"].Extra; extra != "30 samples in 1 run\ngenerator-limited\nfew samples: under 100 lie above that percentile" {
		t.Errorf("own_lag p50: %q", extra)
	}
	for name, e := range got {
		e.Name = ""
		if e.Unit == "ns" {
			e.Extra = ""
		}
		got[name] = e
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// bencherMetrics reads what Bencher would, by its schema: an object of objects of metrics,
// https://bencher.dev/docs/reference/bencher-metric-format, whose numbers are finite, and
// whose names have 1 to 1024 bytes (is_valid_benchmark_name in its lib/bencher_valid).
func bencherMetrics(t *testing.T, text string) map[string]map[string]bencherMetric {
	t.Helper()
	var read map[string]map[string]struct {
		Value *float64 `json:"value"`
		Lower *float64 `json:"lower_value"`
		Upper *float64 `json:"upper_value"`
	}
	strictly(t, text, &read)
	got := map[string]map[string]bencherMetric{}
	for name, measures := range read {
		if name == "" || len(name) > 1024 {
			t.Errorf("%q is no name of a benchmark", name)
		}
		got[name] = map[string]bencherMetric{}
		for slug, m := range measures {
			if m.Value == nil {
				t.Fatalf("%s has a %s without a value", name, slug)
			}
			got[name][slug] = bencherMetric{*m.Value, m.Lower, m.Upper}
		}
	}
	return got
}

func agreesBencher(t *testing.T, text string, r *record.Run) {
	want := map[string]map[string]bencherMetric{
		"throughput/clients=64/rate=5000.5": {"throughput": {Value: 4999.9996}},
		"errors/clients=64/rate=5000.5":     {"errors": {Value: 10}},
	}
	for name, m := range r.Metrics {
		for figure, ns := range seriesFigures(name, m) {
			want[figure] = map[string]bencherMetric{"latency": {Value: ns}}
		}
	}
	if diff := cmp.Diff(want, bencherMetrics(t, text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
