package report

import (
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// A promFamily is what Prometheus calls a metric family: series of one name, which a run
// has or has not.
type promFamily struct {
	name, kind, help string
	of               func(*record.Run) []promSample
}

// A promSample is one series of a family, without the labels of its run.
type promSample struct {
	suffix string // after the family's name
	labels []promLabel
	value  string // a decimal
}

type promLabel struct{ name, value string }

// promFamilies are all of them. Times are seconds, exact to the nanosecond.
var promFamilies = []promFamily{
	{"echostamp_latency_seconds", "summary", "Percentiles of a metric of the run; those of too few samples, and lower bounds, are missing.", promSummaries},
	{"echostamp_latency_at_least_seconds", "gauge", "Lower bound of a percentile, the mean or the maximum of a metric, which messages without a reply may make any higher.", promAtLeast},
	{"echostamp_latency_unanswered", "gauge", "Messages of a metric without a reply.", promUnanswered},
	{"echostamp_latency_few_samples", "gauge", "1 for a quantile above which fewer than a hundred samples lie.", promLow},
	{"echostamp_latency_min_seconds", "gauge", "Smallest value of a metric.",
		promEach("min", func(m record.Metric) string { return promSeconds(number(m.Min)) })},
	{"echostamp_latency_max_seconds", "gauge", "Largest value of a metric.",
		promEach("max", func(m record.Metric) string { return promSeconds(number(m.Max)) })},
	{"echostamp_latency_mean_seconds", "gauge", "Mean of a metric.",
		promEach("mean", func(m record.Metric) string { return promSeconds(number(m.Mean)) })},
	{"echostamp_latency_stddev_seconds", "gauge", "Standard deviation of a metric, of the messages that were answered.",
		promEach("stddev", func(m record.Metric) string { return promSeconds(number(m.StdDev)) })},
	{"echostamp_messages_sent_total", "counter", "Messages that were sent while measuring.",
		promOne(func(r *record.Run) string { return number(r.Totals.Sent) })},
	{"echostamp_replies_received_total", "counter", "Replies that were received.",
		promOne(func(r *record.Run) string { return number(r.Totals.Received) })},
	{"echostamp_messages_failed_total", "counter", "Messages whose reply deviated or never came.",
		promOne(func(r *record.Run) string { return number(r.Totals.Failed) })},
	{"echostamp_errors_total", "counter", "Errors by kind.", promErrors},
	{"echostamp_replies_per_second", "gauge", "Replies a second.",
		promOne(func(r *record.Run) string { return number(r.Totals.Rate) })},
	{"echostamp_duration_seconds", "gauge", "For how long was measured.",
		promOne(func(r *record.Run) string { return promSeconds(number(r.Duration)) })},
	{"echostamp_started_timestamp_seconds", "gauge", "When measuring began, since 1970.", promStarted},
	{"echostamp_interrupted", "gauge", "1 if the run was interrupted.", promOne(promInterrupted)},
	{"echostamp_verdict", "gauge", "1 for what is to be thought of the run: valid, generator-limited or invalid.", promVerdict},
	{"echostamp_clock_offset_seconds", "gauge", "Estimated clock of the server minus that of the client, at the end.",
		promClock(func(c record.Clock) string { return promSeconds(number(c.Offset)) })},
	{"echostamp_clock_bound_seconds", "gauge", "How far the offset can be off.",
		promClock(func(c record.Clock) string { return promSeconds(number(c.Bound)) })},
	{"echostamp_clock_drift_ppm", "gauge", "How fast the clock of the server runs away from that of the client.", promDrift},
	{"echostamp_clock_drift_bound_ppm", "gauge", "How far the drift can be off.", promDriftBound},
}

// Prometheus writes runs in the text format of Prometheus's expositions. Several are told
// apart by the label run, which counts from 1. A label on which the parts of a merged run
// differ is missing.
func Prometheus(w io.Writer, runs []*record.Run) error {
	for _, f := range promFamilies {
		head := fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for i, r := range runs {
			labels := promLabels(r)
			if len(runs) > 1 {
				labels = append([]promLabel{{"run", strconv.Itoa(i + 1)}}, labels...)
			}
			for _, s := range f.of(r) {
				_, err := fmt.Fprintf(w, "%s%s%s%s %s\n", head, f.name, s.suffix, promJoin(slices.Concat(s.labels, labels)), s.value)
				if err != nil {
					return err
				}
				head = ""
			}
		}
	}
	return nil
}

// promLabels tell what a run is of.
func promLabels(r *record.Run) []promLabel {
	c := r.Config
	return []promLabel{
		{"target", c.Target}, {"proto", c.Proto}, {"transport", c.Transport}, {"mode", c.Mode},
		{"clients", unlessZero(c.Clients)}, {"rate", unlessZero(c.Rate)}, {"size", unlessZero(c.Size)},
	}
}

var promEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// promJoin writes labels. One without a value is as good as none.
func promJoin(labels []promLabel) string {
	var parts []string
	for _, l := range labels {
		if l.value != "" {
			parts = append(parts, l.name+`="`+promEscape.Replace(strings.ToValidUTF8(l.value, "\uFFFD"))+`"`)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// promSeconds makes seconds of the decimal of some nanoseconds.
func promSeconds(ns string) string { return pointLeft(ns, 9) }

// promQuantile makes a quantile of a percentile's name.
func promQuantile(percentile string) promLabel {
	return promLabel{"quantile", pointLeft(percentile, 2)}
}

func promSummaries(r *record.Run) (out []promSample) {
	for _, name := range metricNames(r.Metrics) {
		m, metric := r.Metrics[name], promLabel{"metric", name}
		for _, q := range record.Percentiles {
			q := record.PercentileName(q)
			if ns, ok := m.Percentiles[q]; ok && !m.IsAtLeast(q) {
				out = append(out, promSample{"", []promLabel{metric, promQuantile(q)}, promSeconds(number(ns))})
			}
		}
		out = append(out,
			promSample{"_sum", []promLabel{metric}, promSum(m)},
			promSample{"_count", []promLabel{metric}, number(m.Samples())})
	}
	return out
}

// promAtLeast are the lower bounds of a run's figures.
func promAtLeast(r *record.Run) (out []promSample) {
	for _, name := range metricNames(r.Metrics) {
		m := r.Metrics[name]
		for _, figure := range m.AtLeast {
			label, ns := promLabel{"figure", figure}, number(m.Max)
			switch q, ok := m.Percentiles[figure]; {
			case ok:
				label, ns = promQuantile(figure), number(q)
			case figure == "mean":
				ns = number(m.Mean)
			case figure != "max":
				continue // wholly unknown
			}
			out = append(out, promSample{"", []promLabel{{"metric", name}, label}, promSeconds(ns)})
		}
	}
	return out
}

func promUnanswered(r *record.Run) (out []promSample) {
	for _, name := range metricNames(r.Metrics) {
		if n := r.Metrics[name].Unanswered(); n > 0 {
			out = append(out, promSample{"", []promLabel{{"metric", name}}, number(n)})
		}
	}
	return out
}

// promSum is the sum of all values, of messages without a reply as long as was waited.
// Those of clocks that differ may be more than an integer holds.
func promSum(m record.Metric) string {
	sum := new(big.Float).SetPrec(128).SetFloat64(m.Mean)
	sum.Mul(sum, new(big.Float).SetInt64(m.Samples()))
	return promSeconds(sum.Text('f', 0))
}

func promLow(r *record.Run) (out []promSample) {
	for _, name := range metricNames(r.Metrics) {
		for _, q := range r.Metrics[name].Low {
			if _, ok := r.Metrics[name].Percentiles[q]; ok && !r.Metrics[name].IsAtLeast(q) {
				out = append(out, promSample{"", []promLabel{{"metric", name}, promQuantile(q)}, "1"})
			}
		}
	}
	return out
}

// promEach is a family of a figure of each metric that has any samples, unless it is a
// lower bound.
func promEach(stat string, figure func(record.Metric) string) func(*record.Run) []promSample {
	return func(r *record.Run) (out []promSample) {
		for _, name := range metricNames(r.Metrics) {
			if m := r.Metrics[name]; m.Count > 0 && !m.IsAtLeast(stat) {
				out = append(out, promSample{"", []promLabel{{"metric", name}}, figure(m)})
			}
		}
		return out
	}
}

// promOne is a family of a figure of each run.
func promOne(figure func(*record.Run) string) func(*record.Run) []promSample {
	return func(r *record.Run) []promSample { return []promSample{{value: figure(r)}} }
}

func promErrors(r *record.Run) (out []promSample) {
	for _, kind := range slices.Sorted(maps.Keys(r.Totals.Errors)) {
		out = append(out, promSample{"", []promLabel{{"kind", kind}}, number(r.Totals.Errors[kind])})
	}
	return out
}

func promStarted(r *record.Run) []promSample {
	if r.Started.IsZero() {
		return nil
	}
	return []promSample{{value: promSeconds(number(r.Started.UnixNano()))}}
}

func promInterrupted(r *record.Run) string {
	if r.Interrupted {
		return "1"
	}
	return "0"
}

func promVerdict(r *record.Run) []promSample {
	return []promSample{{"", []promLabel{{"verdict", r.Validity.Verdict}}, "1"}}
}

// promClock is a family of a figure of a clock that was estimated.
func promClock(figure func(record.Clock) string) func(*record.Run) []promSample {
	return func(r *record.Run) []promSample {
		if len(r.Clock.Segments) == 0 {
			return nil
		}
		return []promSample{{value: figure(r.Clock)}}
	}
}

func promDrift(r *record.Run) []promSample {
	if r.Clock.DriftBound > record.UnknownDrift {
		return nil
	}
	return promClock(func(c record.Clock) string { return number(c.Drift) })(r)
}

func promDriftBound(r *record.Run) []promSample {
	if r.Clock.DriftBound > record.UnknownDrift {
		return nil
	}
	return promClock(func(c record.Clock) string { return number(c.DriftBound) })(r)
}
