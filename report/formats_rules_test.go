package report

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/record"
)

// smallRun is an interrupted run of few samples.
func smallRun() *record.Run {
	r := &record.Run{
		Schema: record.Schema, Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Duration: 1_500_000_000, Interrupted: true,
		Config:   record.Config{Target: "host:12345", Proto: "text", Transport: "tcp", Clients: 2, Mode: record.Closed, Size: 64, Timestamps: record.KernelTime},
		Host:     record.Host{OS: "linux", Arch: "amd64"},
		Server:   record.Server{Address: "192.0.2.7:12345"},
		Totals:   record.Totals{Sent: 35, Received: 30, Failed: 3, Unanswered: 2, BytesSent: 2240, BytesReceived: 2500, Rate: 20, Errors: map[string]int64{"timeout": 2, "reset": 1}},
		Validity: record.Validity{Verdict: record.Invalid, Reasons: []string{"3 of 35 messages <failed>"}},
		Warnings: []string{"the clocks differ by 1 | 2 *seconds*"},
		Metrics: map[string]record.Metric{
			record.RTT: metricOf(spread(30, 50_000, 10_000)), record.Forward: metricOf(spread(30, -267_000_000, 5000)), record.Reverse: metricOf(nil),
		},
	}
	r.Intervals = []record.Interval{{Duration: 1_500_000_000, Sent: 35, Received: 30, Failed: 3, BytesSent: 2240, BytesReceived: 2500, Errors: map[string]int64{}, Metrics: map[string]record.Metric{
		record.RTT: r.Metrics[record.RTT], record.Forward: r.Metrics[record.Forward],
	}}}
	return r
}

func TestFormats(t *testing.T) {
	for _, format := range []string{"csv", "markdown", "hgrm", "prometheus", "gobench", "github-benchmark", "bencher"} {
		t.Run(format, func(t *testing.T) {
			got := rendered(t, format, "", smallRun())
			golden := filepath.Join("testdata", "small."+format)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// mergedRun is of two that differ in nearly all that was asked.
func mergedRun(t *testing.T) *record.Run {
	t.Helper()
	a, b := smallRun(), smallRun()
	b.Started = b.Started.Add(20 * time.Millisecond)
	b.Config = record.Config{Target: "other:12345", Proto: "text", Transport: "tcp", Clients: 3, Mode: record.Open, Rate: 10, Size: 100}
	r, err := record.Merge([]*record.Run{a, b})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMergedRunsTellNothingThatIsNotSo(t *testing.T) {
	r := mergedRun(t)
	table, err := csv.NewReader(strings.NewReader(rendered(t, "csv", "", r))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(table[1][2:8], ","), ",,text,5,,"; got != want {
		t.Errorf("csv: target to size are %q, want %q", got, want)
	}
	for format, has := range map[string]string{
		"prometheus": `echostamp_latency_seconds_count{metric="rtt",proto="text",transport="tcp",clients="5"} 60`,
		"gobench":    "BenchmarkEchostamp/metric=rtt/clients=5 60 ",
		"markdown":   "5 clients · various modes · various sizes",
		"bencher":    `"rtt mean/clients=5": {`,
	} {
		got := rendered(t, format, "", r)
		if !strings.Contains(got, has) {
			t.Errorf("%s lacks %q:\n%s", format, has, got)
		}
	}
	if got := rendered(t, "prometheus", "", r); strings.Contains(got, "clock") {
		t.Error("prometheus has the clock of a run that has none")
	}
}

func TestLogOfMergedRunsIsInOrder(t *testing.T) {
	r := mergedRun(t)
	r.Intervals[0], r.Intervals[1] = r.Intervals[1], r.Intervals[0]
	if got, want := logTags(rendered(t, "hlog", "", r)), "rtt,0.000,1.500 forward.negative,0.000,1.500 rtt,0.020,1.500 forward.negative,0.020,1.500"; !strings.HasPrefix(got, "reverse,0.000,1.520 "+want) {
		t.Errorf("%s", got)
	}
}

// logTags are the tag, the start and the length of each line of a log.
func logTags(log string) string {
	var out []string
	for line := range strings.Lines(log) {
		if rest, ok := strings.CutPrefix(line, "Tag="); ok {
			out = append(out, strings.Join(strings.Split(rest, ",")[:3], ","))
		}
	}
	return strings.Join(out, " ")
}

// TestLogHasEveryValue holds that values that are in no interval are in the log all the
// same: a part that was merged may have been saved without intervals.
func TestLogHasEveryValue(t *testing.T) {
	r := smallRun()
	r.Metrics[record.RTT] = metricOf(spread(31, 50_000, 10_000))
	r.Intervals[0].Start, r.Intervals[0].Duration = 1_000_000_007, 499_999_993
	if got, want := logTags(rendered(t, "hlog", "", r)), "rtt,0.000,1.500 reverse,0.000,1.500 forward.negative,1.000000007,0.499999993"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	log := rendered(t, "hlog", "", r)
	for _, line := range []string{
		"#[Histogram log format version 1.3]\n", "#[StartTime: 1772600767.000 (seconds since epoch), Wed Mar 04 05:06:07 UTC 2026]\n",
		"#[BaseTime: 1772600767.000 (seconds since epoch)]\n", "INTERRUPTED\n", "#verdict: invalid; 3 of 35 messages <failed>\n", "without their sign\n",
	} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q:\n%s", line, log)
		}
	}
}

func TestSeveralRuns(t *testing.T) {
	runs := []*record.Run{smallRun(), formatRun(), smallRun()}
	text := rendered(t, "text", "", runs...)
	if !strings.HasPrefix(text, "run 1 of 3, started 2026-03-04 05:06:07 UTC\nechostamp load of") || strings.Count(text, "\n\nrun ") != 2 {
		t.Errorf("text:\n%s", text)
	}
	if back, err := record.Read("it", strings.NewReader(rendered(t, "json", "", runs...))); err != nil || len(back) != 3 {
		t.Errorf("json: %d runs, %v", len(back), err)
	}
	if got := strings.Count(rendered(t, "markdown", "", runs...), "## echostamp load"); got != 3 {
		t.Errorf("markdown: %d headings", got)
	}
	results := benchmarks(t, rendered(t, "gobench", "", runs...))
	if first, last := results[0], results[len(results)-1]; len(results) != 3+7+3 || first.GetConfig("interrupted") != "true" || results[3].GetConfig("interrupted") != "" || last.GetConfig("verdict") != record.Invalid {
		t.Errorf("gobench: %d results", len(results))
	}
	exposition := rendered(t, "prometheus", "", runs...)
	for name, f := range families(t, exposition) {
		if got := strings.Count(exposition, "# HELP "+name+" ") + strings.Count(exposition, "# TYPE "+name+" "); got != 2 {
			t.Errorf("%s is described %d times", name, got)
		}
		for _, m := range f.Metric {
			if labelOf(m, "run") == "" {
				t.Errorf("%s is of no run", name)
			}
		}
	}
}

// TestRunsOfOwnServersAreComparable holds that the port of such a server, which is any that is
// free, does not keep benchstat from comparing two of them.
func TestRunsOfOwnServersAreComparable(t *testing.T) {
	a, b := smallRun(), smallRun()
	a.Server.Own, b.Server.Own, b.Config.Target = true, true, "host:54321"
	if got := rendered(t, "gobench", "", a, b); strings.Count(got, "target: own server\n") != 1 || strings.Count(got, "target") != 1 {
		t.Errorf("%s", got)
	}
}

// TestOddNames holds that no name that a record can have breaks a format.
func TestOddNames(t *testing.T) {
	r := smallRun()
	r.Config.Target = "a|b\"c\\d\ne,f <img> \xff"
	r.Metrics["odd name, really|\n"] = metricOf([]int64{5})
	table, err := csv.NewReader(strings.NewReader(rendered(t, "csv", "", r))).ReadAll()
	if err != nil || table[1][2] != r.Config.Target || table[4][len(csvRun)] != "odd name, really|\n" {
		t.Errorf("csv: %v, %q", err, table)
	}
	for _, m := range families(t, rendered(t, "prometheus", "", r))["echostamp_latency_max_seconds"].Metric {
		if got, want := labelOf(m, "target"), strings.ToValidUTF8(r.Config.Target, "\uFFFD"); got != want {
			t.Errorf("prometheus: %q, want %q", got, want)
		}
	}
	if got := benchmarks(t, rendered(t, "gobench", "", r))[2]; string(got.Name) != "Echostamp/metric=odd_name__really|_/clients=2" {
		t.Errorf("gobench: %s", got.Name)
	}
	if got := githubBenchmarks(t, rendered(t, "github-benchmark", "", r)); got["odd_name__really|_ mean/clients=2"].Value != 5 {
		t.Errorf("github-benchmark: %v", got)
	}
	if got := bencherMetrics(t, rendered(t, "bencher", "", r)); got["odd_name__really|_ mean/clients=2"]["latency"].Value != 5 {
		t.Errorf("bencher: %v", got)
	}
	if got := logTags(rendered(t, "hlog", "", r)); !strings.Contains(got, "odd_name__really|_,0.000,1.500") {
		t.Errorf("hlog: %s", got)
	}
	heading, _, _ := strings.Cut(rendered(t, "markdown", "", r), "\n")
	if want := `## echostamp load of a\|b"c\\d`; !strings.HasPrefix(heading, want) {
		t.Errorf("markdown: %s", heading)
	}
}

func TestRunWithoutMetricsIsInTheTable(t *testing.T) {
	table, err := csv.NewReader(strings.NewReader(rendered(t, "csv", "", &record.Run{Duration: 7}))).ReadAll()
	if err != nil || len(table) != 2 || table[1][8] != "7" || table[1][1] != "" {
		t.Errorf("%v, %v", table, err)
	}
}

func TestPointLeft(t *testing.T) {
	for _, tc := range []struct {
		decimal string
		places  int
		want    string
	}{
		{"0", 9, "0"}, {"1", 9, "0.000000001"}, {"-1", 9, "-0.000000001"}, {"1000000000", 9, "1"}, {"1500000000", 9, "1.5"},
		{"-1000000001", 9, "-1.000000001"}, {"12.25", 9, "0.00000001225"}, {"99.99", 2, "0.9999"}, {"50", 2, "0.5"},
		{"-9223372036854775807", 9, "-9223372036.854775807"}, {"123456", 0, "123456"},
	} {
		if got := pointLeft(tc.decimal, tc.places); got != tc.want {
			t.Errorf("%s by %d is %s, want %s", tc.decimal, tc.places, got, tc.want)
		}
	}
}

func TestJavaFixed(t *testing.T) {
	for _, tc := range []struct {
		v      float64
		places int
		want   string
	}{
		{0, 3, "0.000"}, {0.0005, 3, "0.001"}, {2.5, 0, "3."}, {0.9998779296875, 12, "0.999877929688"}, {1.005, 2, "1.01"},
		{0.125, 2, "0.13"}, {0.99999, 3, "1.000"}, {1e20, 2, "100000000000000000000.00"},
	} {
		if got := javaFixed(tc.v, tc.places); got != tc.want {
			t.Errorf("%v in %d places is %s, want %s", tc.v, tc.places, got, tc.want)
		}
	}
}

// TestMergedRunsTellHowTheyOverlap holds that a rate which nobody saw is never the head line of a report,
// and that the part that was cut short is named.
func TestMergedRunsTellHowTheyOverlap(t *testing.T) {
	at := func(ms, length int64) *record.Run {
		r := smallRun()
		r.Started, r.Duration = time.UnixMilli(1732310000000+ms).UTC(), length*1e6
		r.Config.Mode, r.Config.Rate, r.Config.Clients = record.Open, 1000, 4
		r.Interrupted, r.Intervals = false, nil
		return r
	}
	for name, tc := range map[string]struct {
		runs        []*record.Run
		head, parts string
	}{
		"staggered":  {[]*record.Run{at(0, 3000), at(1300, 3000), at(2600, 3000)}, "1,607/s on average", "in the order in which they began, all at once for 400ms of 5.60s"},
		"together":   {[]*record.Run{at(0, 3000), at(10, 3000)}, "2,000/s", "all at once for 2.99s of 3.01s"},
		"sequential": {[]*record.Run{at(0, 3000), at(3000, 3000)}, "1,000/s", "one after another"},
		"chained":    {[]*record.Run{at(0, 3000), at(2000, 3000), at(4000, 3000)}, "1,286/s on average", "2 of 3 at once at most"},
	} {
		cut := tc.runs[1]
		cut.Interrupted = true
		r, err := record.Merge(tc.runs)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"text", "markdown", "html"} {
			text := rendered(t, format, "", r)
			for _, want := range []string{tc.head, tc.parts, "INTERRUPTED", "part 2: it was interrupted after 3s"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s as %s lacks %q", name, format, want)
				}
			}
			if n := len(tc.runs); n == 3 && strings.Contains(text, "3,000/s") {
				t.Errorf("%s as %s tells the sum of the rates", name, format)
			}
			if format == "text" && !strings.Contains(text, "· part 2 INTERRUPTED") {
				t.Errorf("%s: which part was interrupted is not said:\n%s", name, text)
			}
		}
	}
}
