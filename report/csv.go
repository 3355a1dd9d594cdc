package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/echostamp/echostamp/internal/record"
)

// csvRun are the columns that tell of a run, the same in each of its rows. Those of a
// merged run in which its parts differ are empty.
//
//	run          1 for the first, and so on
//	started      when measuring began, RFC 3339
//	target       as it was given
//	mode         closed or open loop
//	proto        protocol
//	clients      how many
//	rate_asked   messages a second in open loop, of all clients together
//	size         of a message, in bytes
//	duration_ns  for how long was measured
//	interrupted  true or false
//	verdict      valid, generator-limited or invalid
//	rate         replies a second
//	sent         messages
//	received     replies
//	failed       messages whose reply deviated or never came
//	errors       of all kinds
var csvRun = []string{
	"run", "started", "target", "mode", "proto", "clients", "rate_asked", "size", "duration_ns", "interrupted", "verdict",
	"rate", "sent", "received", "failed", "errors",
}

// csvHead are all columns. Those after csvRun tell of a metric, all of them in nanoseconds
// but for metric, which is its name, count, which is how many values it has, low, which
// names the percentiles above which fewer than a hundred of them lie, unanswered, which is
// how many messages got no reply, and at_least, which names the figures that are lower bounds
// because of these. A figure that is not known is empty: a percentile above which fewer than
// ten lie, and all of no values.
var csvHead = slices.Concat(csvRun, []string{"metric"}, heads(), []string{"low", "unanswered", "at_least"})

// CSV writes runs as one table, a row for each metric of each run.
func CSV(w io.Writer, runs []*record.Run) error {
	out := csv.NewWriter(w)
	_ = out.Write(csvHead) // it is asked for its error below
	for i, r := range runs {
		facts := csvFacts(r, i)
		for _, name := range metricNames(r.Metrics) {
			_ = out.Write(slices.Concat(facts, []string{csvText(name)}, csvMetric(r.Metrics[name])))
		}
		if len(r.Metrics) == 0 { // so that the run is there
			_ = out.Write(append(facts, make([]string, len(csvHead)-len(csvRun))...))
		}
	}
	out.Flush()
	return out.Error()
}

// csvFacts are the cells of csvRun.
func csvFacts(r *record.Run, at int) []string {
	started := ""
	if !r.Started.IsZero() {
		started = r.Started.Format(time.RFC3339Nano)
	}
	c, t := r.Config, r.Totals
	return []string{
		strconv.Itoa(at + 1), started, csvText(c.Target), csvText(c.Mode), csvText(c.Proto),
		unlessZero(c.Clients), unlessZero(c.Rate), unlessZero(c.Size),
		number(r.Duration), strconv.FormatBool(r.Interrupted), csvText(r.Validity.Verdict),
		number(t.Rate), number(t.Sent), number(t.Received), number(t.Failed), number(t.ErrorCount()),
	}
}

// csvText is a text that no spreadsheet takes for a formula, whoever wrote the record.
func csvText(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

// csvMetric are the cells after a metric's name.
func csvMetric(m record.Metric) []string {
	unless := func(unknown bool, cell string) string {
		if unknown {
			return ""
		}
		return cell
	}
	none := m.Samples() == 0
	cells := []string{number(m.Count), unless(m.Count == 0, number(m.Min))}
	for _, q := range record.Percentiles {
		ns, ok := m.Percentiles[record.PercentileName(q)]
		cells = append(cells, unless(!ok, number(ns)))
	}
	return append(cells, unless(none, number(m.Max)), unless(none, number(m.Mean)), unless(m.Count == 0, number(m.StdDev)),
		strings.Join(m.Low, " "), number(m.Unanswered()), strings.Join(m.AtLeast, " "))
}

// number writes a number whole, without an exponent, and so that reading it gives it back.
func number[N int | int64 | float64](n N) string {
	if f, ok := any(n).(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatInt(int64(n), 10)
}

// unlessZero leaves out what is not known, or what merged runs do not agree on.
func unlessZero[N int | int64 | float64](n N) string {
	if n == 0 {
		return ""
	}
	return number(n)
}
