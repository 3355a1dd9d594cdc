package report

import (
	"io"
	"slices"

	"github.com/echostamp/echostamp/internal/record"
)

// A bencherMetric is JsonNewMetric of Bencher's lib/bencher_json: numbers, and the bounds
// may be missing.
type bencherMetric struct {
	Value float64  `json:"value"`
	Lower *float64 `json:"lower_value,omitempty"`
	Upper *float64 `json:"upper_value,omitempty"`
}

// bencherMeasures are the slugs of the measures for units. Every project of Bencher has
// latency, in nanoseconds, and throughput, in operations a second, from the start; others
// are made when they first come.
var bencherMeasures = map[string]string{seriesTime: "latency", seriesRate: "throughput", seriesErrors: "errors"}

// Bencher writes runs in the Bencher Metric Format, for its adapter json: see
// https://bencher.dev/docs/reference/bencher-metric-format. The mean and each percentile of
// a metric are benchmarks of their own, so that each is a latency.
//
// Runs of which the same was asked share a benchmark. Its value is then the median, and its
// bounds the smallest and the largest. A value that is a lower bound, for want of replies,
// has a lower bound and no upper one.
func Bencher(w io.Writer, runs []*record.Run) error {
	benchmarks := map[string]map[string]bencherMetric{}
	for _, s := range allSeries(runs) {
		m := bencherMetric{Value: s.median()}
		lower, upper := slices.Min(s.values), slices.Max(s.values)
		if len(s.values) > 1 || s.atLeast {
			m.Lower = &lower
		}
		if len(s.values) > 1 && !s.atLeast {
			m.Upper = &upper
		}
		benchmarks[s.name] = map[string]bencherMetric{bencherMeasures[s.unit]: m}
	}
	return writeJSON(w, benchmarks)
}
