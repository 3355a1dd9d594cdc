package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// A fact is something to be told of a run: what it is about, what is known of it, and
// perhaps a list of that.
type fact struct {
	Name  string
	Text  string
	Items []string
}

type facts []fact

func (f *facts) add(name, format string, args ...any) {
	*f = append(*f, fact{Name: name, Text: fmt.Sprintf(format, args...)})
}

// title says what a report is of.
func title(r *record.Run) string { return "echostamp " + kind(r) + " of " + target(r) }

// kind says what made a run.
func kind(r *record.Run) string {
	if n := len(r.Parts); n > 0 {
		return "merge of " + unit.Plural(int64(n), "run")
	}
	return "load"
}

// target says what server a run was of.
func target(r *record.Run) string {
	target := r.Config.Target
	switch {
	case target == "":
		return "several targets"
	case r.Server.Own:
		return target + " (own server, in the same process)"
	case r.Server.Address != "" && r.Server.Address != target:
		return target + " (" + r.Server.Address + ")"
	}
	return target
}

const interrupted = "INTERRUPTED"

// about says what was asked of a run.
func about(r *record.Run) []string {
	facts := []string{
		orVarious(r.Config.Proto != "", r.Config.Proto+" over "+r.Config.Transport, "protocols"),
		orVarious(r.Config.Clients > 0, unit.Plural(int64(r.Config.Clients), "client"), "clients"),
		mode(r),
		orVarious(r.Config.Size > 0, unit.Plural(int64(r.Config.Size), "byte")+" a message", "sizes"),
		unit.Duration(float64(r.Duration)) + " measured",
	}
	if r.Config.Warmup > 0 && r.Duration > 0 {
		facts = append(facts, unit.Duration(float64(r.Config.Warmup))+" warm-up before")
	}
	if r.Interrupted {
		facts = append(facts, cutShort(r))
	}
	return facts
}

// cutShort says that a run was interrupted, and of a merged one which parts were.
func cutShort(r *record.Run) string {
	var parts []string
	for i := range r.Parts {
		if r.Parts[i].Interrupted {
			parts = append(parts, strconv.Itoa(i+1))
		}
	}
	switch len(parts) {
	case 0:
		return interrupted
	case 1:
		return "part " + parts[0] + " " + interrupted
	}
	return "parts " + strings.Join(parts, ", ") + " " + interrupted
}

// orVarious is a fact, or that merged runs do not agree on it.
func orVarious(agreed bool, fact, what string) string {
	if agreed {
		return fact
	}
	return "various " + what
}

// mode says what has the clients send.
func mode(r *record.Run) string {
	c := r.Config
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
		if len(r.Parts) > 1 {
			rate += " of each part"
		}
	case r.Overlap != nil && r.Overlap.Kind == record.Staggered:
		rate = unit.Rate(c.Rate) + " on average"
	case c.Seed != 0:
		rate = unit.Rate(c.Rate)
	}
	if c.Seed != 0 {
		rate = fmt.Sprintf("%s (seed %d) %s", c.Arrivals, c.Seed, rate)
	}
	return "open loop, " + rate
}

// totals tell what came of a run besides its metrics.
func totals(r *record.Run) (f facts) {
	t := r.Totals
	throughput := fmt.Sprintf("%s: %s in %s", unit.Rate(t.Rate), unit.Plural(t.Received-t.Late, "reply"), unit.Duration(float64(r.Duration)))
	if s := float64(r.Duration) / 1e9; s > 0 {
		throughput += fmt.Sprintf(", %s/s out, %s/s in", unit.Bytes(float64(t.BytesSent)/s), unit.Bytes(float64(t.BytesReceived)/s))
	}
	f.add("throughput", "%s", throughput)
	if len(r.Parts) > 0 {
		f = append(f, parts(r))
	}
	if t.Late > 0 {
		f.add("late", "%s more, to messages sent in that time", unit.Plural(t.Late, "reply"))
	}
	if t.Backlog > 0 {
		f.add("backlog", "%s", backlog(t))
	}
	f.add("errors", "%s", errorsByKind(t))
	if t.Unserved > 0 {
		f.add("unserved", "%s of %s got no reply", unit.Count(t.Unserved), unit.Plural(int64(r.Config.Clients), "client"))
	}
	if t.Unanswered > 0 {
		f.add("unanswered", "%s when the run was ended", unit.Plural(t.Unanswered, "message"))
	}
	f = append(f, clock(r)...)
	f = append(f, generator(r)...)
	return append(f, precision(r)...)
}

// backlog tells what was due and not sent in time.
func backlog(t record.Totals) string {
	text := fmt.Sprintf("%s of %s due were still unsent at the end", unit.Plural(t.Backlog, "message"), unit.Count(t.Due))
	switch t.NeverSent() {
	case 0:
		return text + "; they were sent afterwards"
	case t.Backlog:
		return text + " and were never sent"
	}
	return fmt.Sprintf("%s; %s of them were never sent", text, unit.Count(t.NeverSent()))
}

// parts tell what was merged.
func parts(r *record.Run) fact {
	f := fact{Name: "parts", Text: "in the order in which they began" + overlap(r)}
	for i := range r.Parts {
		p := &r.Parts[i]
		f.Items = append(f.Items, fmt.Sprintf("part %d: %s, %s, from %s, %s in %s, %s", i+1, target(p), strings.Join(about(p)[1:3], ", "),
			p.Started.Format("2006-01-02 15:04:05"), unit.Plural(p.Totals.Received, "reply"), unit.Duration(float64(p.Duration)), ended(p)))
	}
	return f
}

// ended says how much a part is worth.
func ended(part *record.Run) string {
	if part.Interrupted {
		return interrupted + ", " + part.Validity.Verdict
	}
	return part.Validity.Verdict
}

// overlap says whether the parts of a run measured at the same time.
func overlap(r *record.Run) string {
	o := r.Overlap
	switch {
	case o == nil:
		return ""
	case o.Kind == record.Sequential:
		return ", one after another"
	case o.Common == 0:
		return fmt.Sprintf(", %d of %d at once at most", o.Most, len(r.Parts))
	}
	return fmt.Sprintf(", all at once for %s of %s", unit.Duration(float64(o.Common)), unit.Duration(float64(r.Duration)))
}

// generator tells what the load generator took.
func generator(r *record.Run) (f facts) {
	g := r.Generator
	if g.CPU == 0 || r.Duration == 0 {
		return nil // unknown
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
	if q := g.Quota; q != nil {
		parts = append(parts, fmt.Sprintf("a quota of %.3g processors, used up in %s of %s", q.CPUs, unit.Count(q.Throttled), unit.Plural(q.Periods, "period")))
		if q.Stopped > 0 {
			parts[len(parts)-1] += " for " + unit.Duration(float64(q.Stopped))
		}
	}
	f.add("generator", "%s", strings.Join(parts, ", "))
	return f
}

// precision tells what became of the precision that was asked for.
func precision(r *record.Run) (f facts) {
	p := r.Precision
	if p == nil {
		return nil
	}
	name := fmt.Sprintf("%s p%s", p.Metric, p.Percentile)
	if p.Figure == 0 {
		why := "too few independent samples"
		if n := r.Metrics[p.Metric].Unanswered(); n > 0 {
			why += fmt.Sprintf(", or the %s without a reply leave it open", unit.Plural(n, "message"))
		}
		f.add("precision", "%s: unknown: %s", name, why)
		return f
	}
	ended := "not reached before the run ended"
	if p.Reached {
		ended = "reached, which ended the run"
	}
	f.add("precision", "%s %s, %s to %s (95%%, within this run only); ± %.3g%% was %s", name,
		unit.Duration(p.Figure), unit.Duration(p.Low), unit.Duration(p.High), p.Asked*100, ended)
	return f
}

// conclusion is the last word: how the assertions went, and whether to trust the figures.
func conclusion(r *record.Run) facts {
	return append(assertions(r), fact{Name: "verdict", Text: r.Validity.Verdict, Items: r.Validity.Reasons})
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
func notes(r *record.Run) (f facts) {
	if r.Totals.Received == 0 && unanswered(r) == 0 {
		return nil // there are no figures to read
	}
	for _, w := range r.Warnings {
		f.add("warning", "%s", w)
	}
	if r.Config.Mode == record.Open {
		f.add("note", "response counts from when a message was due, rtt from when it was sent; response = lag + rtt for each message")
		f.add("note", "own_lag is the part of lag for which the generator, not the wait for the reply before, is to blame")
	}
	for _, n := range rowNotes(r) {
		f.add("note", "%s", n)
	}
	if r.Config.Mode == record.Closed {
		f.add("note", "closed loop: while a client waits for a reply it sends nothing, so a stall shows in one message for each client, however long it is (coordinated omission)")
	}
	if n := unanswered(r); n > 0 {
		f.add("note", "%slower bound: %s got no reply. count, min and stddev cover answered messages only%s", markAtLeast, unit.Plural(n, "message"), unknownNote(r))
	}
	if low, none := marked(r); low || none {
		f.add("note", "%s few samples: under 100 lie above that percentile; %s too few: under 10", markLow, markNone)
	}
	return f
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

// unanswered is the number of messages without a reply among the figures of a run.
func unanswered(r *record.Run) (n int64) {
	for _, name := range shown(r) {
		n = max(n, r.Metrics[name].Unanswered())
	}
	return n
}

// unknownNote explains the mark of figures that are wholly open, if there is one.
func unknownNote(r *record.Run) string {
	for _, name := range shown(r) {
		for _, q := range record.Percentiles {
			if percentile(r.Metrics[name], record.PercentileName(q)) == markUnknown {
				return "; " + markUnknown + " unknown"
			}
		}
	}
	return ""
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
