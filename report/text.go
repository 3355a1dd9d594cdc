// Package report renders saved runs for people: [Text] for a terminal.
package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// rows are the metrics of a report in their order, where a run has them.
var rows = []string{record.RTT, record.Forward, record.Reverse, record.Wakeup}

// marks stand for percentiles with too few samples.
const (
	markLow  = "~" // before the figure
	markNone = "-" // instead of it
)

// Text writes r the way a person reads it.
func Text(w io.Writer, r *record.Run) error {
	b := bufio.NewWriter(w)
	header(b, r)
	fmt.Fprintln(b)
	table(b, r)
	fmt.Fprintln(b)
	totals(b, r)
	notes(b, r)
	return b.Flush()
}

func header(b io.Writer, r *record.Run) {
	target := r.Config.Target
	switch {
	case r.Server.Own:
		target += " (own server, in the same process)"
	case r.Server.Address != "" && r.Server.Address != target:
		target += " (" + r.Server.Address + ")"
	}
	fmt.Fprintf(b, "echostamp load of %s\n", target)
	facts := []string{
		r.Config.Proto + " over " + r.Config.Transport,
		unit.Plural(int64(r.Config.Clients), "client"),
		r.Config.Mode + " loop",
		unit.Plural(int64(r.Config.Size), "byte") + " a message",
		unit.Duration(float64(r.Duration)) + " measured",
	}
	if r.Config.Warmup > 0 {
		facts = append(facts, unit.Duration(float64(r.Config.Warmup))+" warm-up before")
	}
	if r.Interrupted {
		facts = append(facts, "INTERRUPTED")
	}
	fmt.Fprintln(b, strings.Join(facts, " · "))
}

func table(b io.Writer, r *record.Run) {
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"", "count", "min"}
	for _, q := range record.Percentiles {
		head = append(head, "p"+record.PercentileName(q))
	}
	line(tw, append(head, "max", "mean", "stddev"))
	for _, name := range rows {
		if m, ok := r.Metrics[name]; ok {
			line(tw, append([]string{name}, cells(m)...))
		}
	}
	_ = tw.Flush()
}

func line(w io.Writer, cells []string) {
	fmt.Fprint(w, strings.Join(cells, "\t"), "\t\n")
}

// cells are the figures of a metric, under the table's head.
func cells(m record.Metric) []string {
	out := []string{unit.Count(m.Count)}
	figure := func(ns float64) {
		text := markNone
		if m.Count > 0 {
			text = unit.Duration(ns)
		}
		out = append(out, text)
	}
	figure(float64(m.Min))
	for _, q := range record.Percentiles {
		out = append(out, percentile(m, record.PercentileName(q)))
	}
	figure(float64(m.Max))
	figure(m.Mean)
	figure(m.StdDev)
	return out
}

func percentile(m record.Metric, name string) string {
	ns, ok := m.Percentiles[name]
	switch {
	case !ok:
		return markNone
	case slices.Contains(m.Low, name):
		return markLow + unit.Duration(float64(ns))
	}
	return unit.Duration(float64(ns))
}

func totals(b io.Writer, r *record.Run) {
	t := r.Totals
	fmt.Fprintf(b, "throughput  %s: %s in %s",
		unit.Rate(t.Rate), replies(t.Received-t.Late), unit.Duration(float64(r.Duration)))
	if s := float64(r.Duration) / 1e9; s > 0 {
		fmt.Fprintf(b, ", %s/s out, %s/s in", unit.Bytes(float64(t.BytesSent)/s), unit.Bytes(float64(t.BytesReceived)/s))
	}
	fmt.Fprintln(b)
	if t.Late > 0 {
		fmt.Fprintf(b, "late        %s more, to messages sent in that time\n", replies(t.Late))
	}
	fmt.Fprintf(b, "errors      %s\n", errorsByKind(t))
	if t.Unanswered > 0 {
		fmt.Fprintf(b, "unanswered  %s when the run was ended\n", unit.Plural(t.Unanswered, "message"))
	}
	fmt.Fprintf(b, "verdict     %s\n", verdict(r.Validity))
}

func verdict(v record.Validity) string {
	if len(v.Reasons) == 0 {
		return v.Verdict
	}
	return v.Verdict + ": " + strings.Join(v.Reasons, "; ")
}

func errorsByKind(t record.Totals) string {
	if len(t.Errors) == 0 {
		return "none"
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(t.Errors)) {
		parts = append(parts, kind+" "+unit.Count(t.Errors[kind]))
	}
	return fmt.Sprintf("%s: %s", unit.Count(t.ErrorCount()), strings.Join(parts, ", "))
}

// notes say how the figures are to be read.
func notes(b io.Writer, r *record.Run) {
	if r.Totals.Received == 0 {
		return // there are no figures to read
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(b, "warning     %s\n", w)
	}
	for _, n := range rowNotes(r) {
		fmt.Fprintf(b, "note        %s\n", n)
	}
	if r.Config.Mode == record.Closed {
		fmt.Fprintln(b, "note        closed loop: while a client waits for a reply it sends nothing, so a stall shows in one")
		fmt.Fprintln(b, "            message for each client, however long it is (coordinated omission)")
	}
	if low, none := marked(r); low || none {
		fmt.Fprintf(b, "note        %s few samples: under 100 lie above that percentile; %s too few: under 10\n", markLow, markNone)
	}
}

// rowNotes say what the rows are.
func rowNotes(r *record.Run) (out []string) {
	_, directions := r.Metrics[record.Forward]
	_, wakeup := r.Metrics[record.Wakeup]
	sum := "rtt = forward + reverse"
	if directions && wakeup {
		sum += " + wakeup"
	}
	if directions {
		out = append(out, "forward is client → server, reverse is server → client; "+sum+" for each message")
	}
	if wakeup {
		out = append(out, "wakeup is how long a reply waited in this host's kernel for the load generator to read it")
	}
	if n := r.Totals.Unstamped; n > 0 {
		out = append(out, "the kernel gave no timestamp for "+replies(n)+", whose wakeup is part of reverse")
	}
	return out
}

// marked reports which marks the table has.
func marked(r *record.Run) (low, none bool) {
	for _, name := range rows {
		for _, q := range r.Metrics[name].Low {
			if _, ok := r.Metrics[name].Percentiles[q]; ok {
				low = true
			} else {
				none = true
			}
		}
	}
	return low, none
}

func replies(n int64) string {
	if n == 1 {
		return "1 reply"
	}
	return unit.Count(n) + " replies"
}
