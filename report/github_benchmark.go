package report

import (
	"io"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// A githubBenchmark is an entry of github-action-benchmark, BenchmarkResult in its
// src/extract.ts.
type githubBenchmark struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"`
	Extra string  `json:"extra"`
}

// GitHubBenchmark writes runs for github-action-benchmark, as its tool
// customSmallerIsBetter: the mean and the percentiles of each metric in nanoseconds, and the
// errors. Throughput, of which more is better, and what is by clocks as they stand are not
// there, nor any figure below zero: the action divides a figure by the one before it.
//
// Runs of which the same was asked share an entry. Its value is then the median, and its
// range half of what lies between the smallest and the largest.
func GitHubBenchmark(w io.Writer, runs []*record.Run) error {
	var entries []githubBenchmark
	for _, s := range allSeries(runs) {
		if s.smaller && s.median() >= 0 {
			entries = append(entries, githubBenchmark{Name: s.name, Unit: s.unit, Value: s.median(), Range: githubRange(s), Extra: githubExtra(s)})
		}
	}
	return writeJSON(w, entries)
}

func githubRange(s *series) string {
	switch {
	case s.atLeast:
		return "or more"
	case len(s.values) == 1:
		return ""
	}
	return "± " + number((slices.Max(s.values)-slices.Min(s.values))/2)
}

// githubExtra is shown with an entry: what it is of, and whether to trust that.
func githubExtra(s *series) string {
	what := "sample"
	if s.unit == seriesErrors {
		what = "message"
	}
	lines := []string{
		unit.Plural(s.samples, what) + " in " + unit.Plural(int64(len(s.values)), "run"),
		strings.Join(s.verdicts, ", "),
	}
	if s.atLeast {
		lines = append(lines, "a lower bound: messages without a reply may make it any higher")
	}
	if s.low {
		lines = append(lines, "few samples: under 100 lie above that percentile")
	}
	return strings.Join(lines, "\n")
}
