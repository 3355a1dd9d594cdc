package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// GoBench writes runs in the format of Go's benchmarks, which benchstat reads: a line for
// each metric of each run that has any samples, whose iterations are the samples, and one
// for what the run achieved.
//
// Before them are configuration lines. benchstat does not compare results of different
// ones, so that a valid run is not compared with an invalid one by accident.
//
// The package benchfmt is not used: it writes a million as 1e+06, which not all that reads
// this format understands.
func GoBench(w io.Writer, runs []*record.Run) error {
	var before [][2]string
	for _, r := range runs {
		config := benchConfig(r)
		if !slices.Equal(before, config) {
			benchConfigLines(w, before, config)
		}
		before = config
		for _, name := range metricNames(r.Metrics) {
			if m := r.Metrics[name]; m.Samples() > 0 {
				fmt.Fprintf(w, "%s %d %s\n", benchName("metric="+word(name), r), m.Samples(), benchFigures(m))
			}
		}
		_, err := fmt.Fprintf(w, "%s %d %s replies/s %d errors\n",
			benchName("throughput", r), r.Totals.Received, number(r.Totals.Rate), r.Totals.ErrorCount())
		if err != nil {
			return err
		}
	}
	return nil
}

// benchName is the name of a benchmark. What merged runs differ in is not part of it.
func benchName(part string, r *record.Run) string {
	name := "BenchmarkEchostamp/" + part
	if r.Config.Clients > 0 {
		name += "/clients=" + number(r.Config.Clients)
	}
	if r.Config.Rate > 0 {
		name += "/rate=" + number(r.Config.Rate)
	}
	return name
}

// benchFigures are those of a metric, each before its unit. A lower bound has a unit of its
// own, so that benchstat does not compare it with a figure.
func benchFigures(m record.Metric) string {
	bounded := func(name, value, unit string) string {
		if m.IsAtLeast(name) {
			return value + " at-least-" + unit
		}
		return value + " " + unit
	}
	figures := []string{bounded("mean", number(m.Mean), "ns/op")}
	if m.Count > 0 {
		figures = append(figures, number(m.Min)+" min-ns")
	}
	for _, q := range record.Percentiles {
		q := record.PercentileName(q)
		if ns, ok := m.Percentiles[q]; ok {
			figures = append(figures, bounded(q, number(ns), "p"+q+"-ns"))
		}
	}
	figures = append(figures, bounded("max", number(m.Max), "max-ns"))
	if m.Count > 0 {
		figures = append(figures, number(m.StdDev)+" stddev-ns")
	}
	return strings.Join(figures, " ")
}

// benchConfig is the configuration of a run, keys and values.
func benchConfig(r *record.Run) [][2]string {
	c := r.Config
	interrupted := ""
	if r.Interrupted {
		interrupted = "true"
	}
	config := [][2]string{
		{"goos", r.Host.OS}, {"goarch", r.Host.Arch}, {"target", r.Place()}, {"proto", c.Proto}, {"transport", c.Transport},
		{"mode", c.Mode}, {"size", unlessZero(c.Size)}, {"timestamps", c.Timestamps},
		{"verdict", r.Validity.Verdict}, {"interrupted", interrupted},
	}
	for i := range config {
		config[i][1] = oneLine(config[i][1])
	}
	return config
}

// benchConfigLines writes a configuration that follows another, or none. A key without a
// value takes back the one that it had.
func benchConfigLines(w io.Writer, before, config [][2]string) {
	if before != nil {
		fmt.Fprintln(w)
	}
	for i, c := range config {
		if c[1] != "" {
			fmt.Fprintf(w, "%s: %s\n", c[0], c[1])
		} else if before != nil && before[i][1] != "" {
			fmt.Fprintf(w, "%s:\n", c[0])
		}
	}
	fmt.Fprintln(w)
}
