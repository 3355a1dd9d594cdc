package report

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/stat"
)

// A series is a figure that a service keeps from one commit to the next, of all runs of the
// same name.
type series struct {
	name     string
	unit     string
	smaller  bool // is better
	values   []float64
	samples  int64
	low      bool // fewer than a hundred samples lie above a percentile of it
	atLeast  bool // a value is a lower bound, for want of replies
	verdicts []string
}

// The units of series.
const (
	seriesTime   = "ns"
	seriesRate   = "replies/s"
	seriesErrors = "errors"
)

// seriesPercentiles are those that are kept. More would be alerts of noise.
var seriesPercentiles = []string{"50", "99", "99.9"}

// allSeries are the series of runs, in the order of a report.
func allSeries(runs []*record.Run) (all []*series) {
	labels := seriesLabels(runs)
	for i, r := range runs {
		for _, s := range seriesOf(r) {
			// Clients and rate are part of the name as they are for benchstat.
			s.name = strings.TrimPrefix(benchName(s.name, r), "BenchmarkEchostamp/") + labels[i]
			at := slices.IndexFunc(all, func(have *series) bool { return have.name == s.name })
			if at < 0 {
				all = append(all, s)
			} else {
				all[at].add(s)
			}
		}
	}
	return all
}

// seriesLabels are, for each run, what else was asked of it and not of all others, so that
// no series is of runs that cannot be compared.
func seriesLabels(runs []*record.Run) []string {
	labels := make([]string, len(runs))
	first := benchConfig(runs[0])
	for k, key := range first {
		if key[0] == "verdict" || key[0] == "interrupted" { // was not asked
			continue
		}
		differs := slices.ContainsFunc(runs, func(r *record.Run) bool { return benchConfig(r)[k] != key })
		for i, r := range runs {
			if value := benchConfig(r)[k][1]; differs && value != "" {
				labels[i] += "/" + key[0] + "=" + value
			}
		}
	}
	return labels
}

// seriesOf are the series of one run.
func seriesOf(r *record.Run) (out []*series) {
	for _, name := range metricNames(r.Metrics) {
		if m := r.Metrics[name]; m.Samples() > 0 {
			out = append(out, metricSeries(name, m)...)
		}
	}
	out = append(out,
		&series{name: "throughput", unit: seriesRate, values: []float64{r.Totals.Rate}, samples: r.Totals.Received},
		&series{name: "errors", unit: seriesErrors, smaller: true, values: []float64{float64(r.Totals.ErrorCount())}, samples: r.Totals.Sent})
	for _, s := range out {
		s.verdicts = []string{r.Validity.Verdict}
	}
	return out
}

// metricSeries are the series of a metric: its mean, and those of its percentiles that it has.
func metricSeries(name string, m record.Metric) []*series {
	// By clocks as they stand their difference is in it, of which less is not better.
	smaller := name != record.ForwardRaw && name != record.ReverseRaw
	samples := m.Samples()
	out := []*series{{name: word(name) + " mean", unit: seriesTime, smaller: smaller, values: []float64{m.Mean}, samples: samples, atLeast: m.IsAtLeast("mean")}}
	for _, q := range seriesPercentiles {
		if ns, ok := m.Percentiles[q]; ok {
			out = append(out, &series{
				name: word(name) + " p" + q, unit: seriesTime, smaller: smaller, values: []float64{float64(ns)},
				samples: samples, low: slices.Contains(m.Low, q), atLeast: m.IsAtLeast(q),
			})
		}
	}
	return out
}

// add adds another run's part of a series.
func (s *series) add(o *series) {
	s.values = append(s.values, o.values...)
	s.samples += o.samples
	s.low = s.low || o.low
	s.atLeast = s.atLeast || o.atLeast
	if !slices.Contains(s.verdicts, o.verdicts[0]) {
		s.verdicts = append(s.verdicts, o.verdicts[0])
	}
}

// median is the one of the runs: no single one that went astray moves it far.
func (s *series) median() float64 { return stat.Median(s.values) }

// writeJSON writes JSON for other programs that a person can read too.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(record.EscapeJSON(b.Bytes()))
	return err
}
