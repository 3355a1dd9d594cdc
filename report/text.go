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
var rows = []string{
	record.Response, record.RTT, record.Lag, record.OwnLag, record.Forward, record.Reverse, record.Wakeup,
	record.ForwardExcess, record.ReverseExcess, record.ForwardRaw, record.ReverseRaw,
}

// shown are the rows that a run has, and that say something new: where forward is
// forward_raw it is not there twice.
func shown(r *record.Run) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(name string) bool {
		_, ok := r.Metrics[name]
		return !ok || r.Clock.IsRaw() && (name == record.ForwardRaw || name == record.ReverseRaw)
	})
}

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
	if r.Search != nil {
		search(b, r.Search)
		fmt.Fprintf(b, "\nthe last run at that rate\n\n")
	}
	table(b, r)
	fmt.Fprintln(b)
	totals(b, r)
	notes(b, r)
	conclusion(b, r)
	return b.Flush()
}

func header(b io.Writer, r *record.Run) {
	target := r.Config.Target
	switch {
	case target == "":
		target = "several targets"
	case r.Server.Own:
		target += " (own server, in the same process)"
	case r.Server.Address != "" && r.Server.Address != target:
		target += " (" + r.Server.Address + ")"
	}
	what := "load"
	if n := len(r.Parts); n > 0 {
		what = "merge of " + unit.Plural(int64(n), "run")
	}
	fmt.Fprintf(b, "echostamp %s of %s\n", what, target)
	facts := []string{
		r.Config.Proto + " over " + r.Config.Transport,
		orVarious(r.Config.Clients > 0, unit.Plural(int64(r.Config.Clients), "client"), "clients"),
		mode(r.Config),
		orVarious(r.Config.Size > 0, unit.Plural(int64(r.Config.Size), "byte")+" a message", "sizes"),
		unit.Duration(float64(r.Duration)) + " measured",
	}
	if r.Config.Warmup > 0 && r.Duration > 0 {
		facts = append(facts, unit.Duration(float64(r.Config.Warmup))+" warm-up before")
	}
	if r.Interrupted {
		facts = append(facts, "INTERRUPTED")
	}
	fmt.Fprintln(b, strings.Join(facts, " · "))
}

// orVarious is a fact, or that merged runs do not agree on it.
func orVarious(agreed bool, fact, what string) string {
	if agreed {
		return fact
	}
	return "various " + what
}

// mode says what has the clients send.
func mode(c record.Config) string {
	switch {
	case c.Mode == record.Closed:
		return "closed loop"
	case c.Mode == "":
		return "various modes"
	case c.Rate == 0:
		return "open loop, various rates"
	}
	rate := "constant " + unit.Rate(c.Rate)
	switch {
	case len(c.Stages) > 0:
		rate = strings.Join(c.Stages, ", ")
	case c.Seed != 0:
		rate = unit.Rate(c.Rate)
	}
	if c.Seed != 0 {
		rate = fmt.Sprintf("%s (seed %d) %s", c.Arrivals, c.Seed, rate)
	}
	return "open loop, " + rate
}

func table(b io.Writer, r *record.Run) {
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"", "count", "min"}
	for _, q := range record.Percentiles {
		head = append(head, "p"+record.PercentileName(q))
	}
	line(tw, append(head, "max", "mean", "stddev"))
	for _, name := range shown(r) {
		line(tw, append([]string{name}, cells(r.Metrics[name])...))
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
		unit.Rate(t.Rate), unit.Plural(t.Received-t.Late, "reply"), unit.Duration(float64(r.Duration)))
	if s := float64(r.Duration) / 1e9; s > 0 {
		fmt.Fprintf(b, ", %s/s out, %s/s in", unit.Bytes(float64(t.BytesSent)/s), unit.Bytes(float64(t.BytesReceived)/s))
	}
	fmt.Fprintln(b)
	if t.Late > 0 {
		fmt.Fprintf(b, "late        %s more, to messages sent in that time\n", unit.Plural(t.Late, "reply"))
	}
	if t.Backlog > 0 {
		fmt.Fprintf(b, "backlog     %s of %s due were never sent\n", unit.Plural(t.Backlog, "message"), unit.Count(t.Due))
	}
	fmt.Fprintf(b, "errors      %s\n", errorsByKind(t))
	if t.Unanswered > 0 {
		fmt.Fprintf(b, "unanswered  %s when the run was ended\n", unit.Plural(t.Unanswered, "message"))
	}
	clock(b, r)
	generator(b, r)
	precision(b, r)
}

// generator tells what the load generator took.
func generator(b io.Writer, r *record.Run) {
	g := r.Generator
	if g.CPU == 0 || r.Duration == 0 {
		return // unknown
	}
	parts := []string{
		fmt.Sprintf("busy %.0f%%", g.Busy*100),
		unit.Duration(float64(g.CPU)) + " of CPU",
		unit.Count(g.InvoluntarySwitches) + " involuntary switches",
	}
	if g.Waited > 0 {
		parts = append(parts, unit.Duration(float64(g.Waited))+" without a processor")
	}
	if g.GCs > 0 {
		parts = append(parts, "stopped "+unit.Duration(float64(g.GCPause))+" for garbage collection")
	}
	if g.Steal > 0 {
		parts = append(parts, fmt.Sprintf("%.1f%% of the machine stolen", g.Steal*100))
	}
	fmt.Fprintf(b, "generator   %s\n", strings.Join(parts, ", "))
}

// precision tells what became of the precision that was asked for.
func precision(b io.Writer, r *record.Run) {
	p := r.Precision
	if p == nil {
		return
	}
	name := fmt.Sprintf("%s p%s", p.Metric, p.Percentile)
	if p.Figure == 0 {
		fmt.Fprintf(b, "precision   %s: not known; a tenth of the run has too few samples for it\n", name)
		return
	}
	ended := "not reached before the run ended"
	if p.Reached {
		ended = "reached, which ended the run"
	}
	fmt.Fprintf(b, "precision   %s %s ± %.2g%% (%s to %s, 95%%, by ten sections, within this run only); ± %.3g%% was %s\n", name,
		unit.Duration(p.Figure), (p.High-p.Low)/2/p.Figure*100, unit.Duration(p.Low), unit.Duration(p.High), p.Asked*100, ended)
}

// conclusion is the last word: whether to trust the figures.
func conclusion(b io.Writer, r *record.Run) {
	fmt.Fprintf(b, "verdict     %s\n", r.Validity.Verdict)
	for _, reason := range r.Validity.Reasons {
		fmt.Fprintf(b, "            - %s\n", reason)
	}
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
	if r.Config.Mode == record.Open {
		fmt.Fprintln(b, "note        response counts from when a message was due, rtt from when it was sent; response = lag + rtt for each message")
		fmt.Fprintln(b, "note        own_lag is the part of lag for which the generator, not the wait for the reply before, is to blame")
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
	out = append(out, clockNotes(r)...)
	if wakeup {
		out = append(out, "wakeup is how long a reply waited in this host's kernel for the load generator to read it")
	}
	if n := r.Totals.Unstamped; n > 0 {
		out = append(out, "the kernel gave no timestamp for "+unit.Plural(n, "reply")+", whose wakeup is part of reverse")
	}
	return out
}

// marked reports which marks the table has.
func marked(r *record.Run) (low, none bool) {
	for _, name := range shown(r) {
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
