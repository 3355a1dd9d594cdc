package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/record"
)

// seriesRun is a run whose round trips are all of one length.
func seriesRun(rtt int64) *record.Run {
	r := smallRun()
	r.Totals.Errors = nil
	r.Validity.Verdict = record.Valid
	r.Metrics = map[string]record.Metric{record.RTT: metricOf(slices.Repeat([]int64{rtt}, 200))}
	return r
}

// TestRunsOfASeries holds what becomes of several runs, which both formats tell.
func TestRunsOfASeries(t *testing.T) {
	for _, tc := range []struct {
		name         string
		rtts         []int64
		value        float64
		lower, upper float64
		spread       string
	}{
		{"two", []int64{1000, 1011}, 1005.5, 1000, 1011, "± 5.5"},
		{"three, in no order", []int64{1020, 1000, 1010}, 1010, 1000, 1020, "± 10"},
		{"one that went astray", []int64{1000, 1000, 1000, 1000, 2000}, 1000, 1000, 2000, "± 500"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var runs []*record.Run
			for _, rtt := range tc.rtts {
				runs = append(runs, seriesRun(rtt))
			}
			e := githubBenchmarks(t, rendered(t, "github-benchmark", "", runs...))["rtt p50/clients=2"]
			if e.Value != tc.value || e.Range != tc.spread {
				t.Errorf("github-benchmark: %+v", e)
			}
			m := bencherMetrics(t, rendered(t, "bencher", "", runs...))["rtt p50/clients=2"]["latency"]
			if diff := cmp.Diff(bencherMetric{tc.value, &tc.lower, &tc.upper}, m); diff != "" {
				t.Errorf("bencher (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSeriesTellWhatTheyAreOf holds that doubt about one run is not lost among others.
func TestSeriesTellWhatTheyAreOf(t *testing.T) {
	runs := []*record.Run{seriesRun(1000), seriesRun(1000), seriesRun(1000)}
	runs[1].Validity.Verdict, runs[1].Interrupted = record.Invalid, true
	e := githubBenchmarks(t, rendered(t, "github-benchmark", "", runs...))["rtt mean/clients=2"]
	if want := "600 samples in 3 runs\nvalid, invalid"; e.Extra != want {
		t.Errorf("%q, want %q", e.Extra, want)
	}
}

// TestSeriesOfOneNameAreComparable holds that runs of which something else was asked do not
// become one figure.
func TestSeriesOfOneNameAreComparable(t *testing.T) {
	for _, tc := range []struct {
		name  string
		other func(*record.Run)
		want  string // names of the round trip's median
	}{
		{"nothing", func(*record.Run) {}, "rtt p50/clients=2"},
		{"clients", func(r *record.Run) { r.Config.Clients = 3 }, "rtt p50/clients=2 rtt p50/clients=3"},
		{"rate", func(r *record.Run) { r.Config.Rate = 1e6 }, "rtt p50/clients=2 rtt p50/clients=2/rate=1000000"},
		{"size", func(r *record.Run) { r.Config.Size = 100 }, "rtt p50/clients=2/size=64 rtt p50/clients=2/size=100"},
		{"target", func(r *record.Run) { r.Config.Target = "there:1" }, "rtt p50/clients=2/target=host:12345 rtt p50/clients=2/target=there:1"},
		{"merged, of several sizes", func(r *record.Run) { r.Config.Size = 0 }, "rtt p50/clients=2/size=64 rtt p50/clients=2"},
		{"verdict", func(r *record.Run) { r.Validity.Verdict = record.Invalid }, "rtt p50/clients=2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := seriesRun(1000), seriesRun(1000)
			tc.other(b)
			var names []string
			for _, s := range allSeries([]*record.Run{a, b}) {
				if strings.HasPrefix(s.name, "rtt p50") {
					names = append(names, s.name)
				}
			}
			if got := strings.Join(names, " "); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestOnlyWhereSmallerIsBetter holds that the action, which divides a figure by the one
// before it, gets none that it would misjudge.
func TestOnlyWhereSmallerIsBetter(t *testing.T) {
	r := seriesRun(1000)
	r.Metrics[record.Forward] = metricOf([]int64{-5})
	r.Metrics[record.ForwardRaw], r.Metrics[record.ReverseRaw] = metricOf([]int64{5}), metricOf([]int64{5})
	for name := range githubBenchmarks(t, rendered(t, "github-benchmark", "", r)) {
		if !strings.HasPrefix(name, "rtt ") && !strings.HasPrefix(name, "errors") {
			t.Errorf("%s is there", name)
		}
	}
}
