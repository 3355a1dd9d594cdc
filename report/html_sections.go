package report

import (
	"fmt"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// htmlDirections has both directions of a run beside each other.
type htmlDirections struct {
	Means string
	Heads []string
	Rows  []htmlRow
}

func htmlDirectionsOf(r *record.Run) *htmlDirections {
	d := &htmlDirections{Means: htmlMeans(r)}
	var columns [][]htmlCell
	for _, name := range []string{record.Forward, record.Reverse, record.ForwardExcess, record.ReverseExcess} {
		if m, ok := r.Metrics[name]; ok {
			d.Heads = append(d.Heads, name)
			columns = append(columns, htmlCells(m))
		}
	}
	if _, ok := r.Metrics[record.Forward]; !ok {
		return nil
	}
	for i, head := range heads() {
		row := htmlRow{Name: head}
		for _, c := range columns {
			row.Cells = append(row.Cells, c[i])
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

// htmlMeans says in a sentence or two what the directions are.
func htmlMeans(r *record.Run) string {
	c := r.Clock
	within := unit.Duration(float64(c.Bound))
	if c.Bound == 0 { // the run was killed before that was found out
		within = "an error that is not told"
	}
	const split = " Differences within a direction are facts: its spread, its tail, how it changed. How the smallest round trip divides between the two is not known: both smallest delays are equal by construction."
	switch c.Relation {
	case record.Same:
		return "Both ends read this host's clock, so forward and reverse are what they are."
	case record.Consistent:
		return "Nothing contradicts that the two clocks agree, which is no proof; so the directions are corrected for an offset known to ± " + within + "." + split
	case record.Corrected:
		return "The two clocks differ, and the directions are corrected for their offset, which is known to ± " + within + "." + split
	case record.Mixed:
		return "The clocks of the parts relate in various ways, which each part tells."
	case record.Asserted:
		if c.Vouched > 0 {
			return "The directions are by the two clocks as they stand, on your word that they differ by " + unit.Duration(float64(c.Vouched)) + " at most: each direction can be off by that."
		}
		return "The directions are by the two clocks as they stand, on your word that they do not differ."
	}
	return "Nothing is known of how the two clocks relate. The directions are by the clocks as they stand, so the clocks' difference is in both, with opposite signs. Only their sum means something."
}

// htmlClock tells what was estimated of the server's clock.
type htmlClock struct {
	Summary  string
	Segments []string
	Changes  []string
}

// htmlMost is how many segments and changes of a clock the page lists.
const htmlMost = 100

func htmlClockOf(r *record.Run) *htmlClock {
	facts := clock(r)
	if len(facts) == 0 || len(r.Clock.Segments) == 0 && len(r.Parts) == 0 {
		return nil
	}
	c := &htmlClock{Summary: facts[0].Text}
	if len(r.Clock.Segments) > 1 {
		c.Segments = list(r.Clock.Segments, htmlMost, segment)
	}
	c.Changes = list(r.Clock.Changes, htmlMost, change)
	return c
}

// htmlSetupRow is one thing that was asked or found, of each run.
type htmlSetupRow struct {
	Group   string // of which this is the first
	Name    string
	Values  []string
	Differs bool
}

// htmlSetting reads one thing from a run.
type htmlSetting struct {
	group, name string
	of          func(*record.Run) string
}

var htmlSettings = []htmlSetting{
	{"configuration", "target", func(r *record.Run) string { return r.Config.Target }},
	{"configuration", "protocol", func(r *record.Run) string { return htmlPair(r.Config.Proto, " over ", r.Config.Transport) }},
	{"configuration", "clients", func(r *record.Run) string { return htmlPositive(int64(r.Config.Clients), unit.Count) }},
	{"configuration", "mode", mode},
	{"configuration", "message size", func(r *record.Run) string { return htmlPositive(int64(r.Config.Size), htmlBytes) }},
	{"configuration", "duration asked", func(r *record.Run) string { return htmlPositive(r.Config.Duration, htmlNanos) }},
	{"configuration", "messages asked", func(r *record.Run) string { return htmlPositive(r.Config.Messages, unit.Count) }},
	{"configuration", "warm-up", htmlWarmup},
	{"configuration", "interval", func(r *record.Run) string { return htmlPositive(r.Config.Interval, htmlNanos) }},
	{"configuration", "timeout", func(r *record.Run) string { return htmlPositive(r.Config.Timeout, htmlNanos) }},
	{"configuration", "errors allowed", func(r *record.Run) string { return r.Config.MaxErrors }},
	{"configuration", "clock", func(r *record.Run) string { return r.Config.Clock }},
	{"configuration", "timestamps", func(r *record.Run) string { return r.Config.Timestamps }},
	{"configuration", "event loops", func(r *record.Run) string { return htmlPositive(int64(r.Config.Shards), unit.Count) }},
	{"configuration", "engine", func(r *record.Run) string { return r.Config.Engine }},
	{"configuration", "processors", func(r *record.Run) string { return strings.Trim(fmt.Sprint(r.Config.CPUs), "[]") }},
	{"configuration", "spin", func(r *record.Run) string { return htmlYes(r.Config.Spin) }},
	{"configuration", "sources", func(r *record.Run) string { return strings.Join(r.Config.Sources, ", ") }},
	{"host", "system", func(r *record.Run) string { return htmlPair(r.Host.OS, "/", r.Host.Arch) }},
	{"host", "kernel", func(r *record.Run) string { return r.Host.Kernel }},
	{"host", "processors", func(r *record.Run) string { return htmlPositive(int64(r.Host.CPUs), unit.Count) }},
	{"server", "address", func(r *record.Run) string { return r.Server.Address }},
	{"server", "own server", func(r *record.Run) string { return htmlYes(r.Server.Own) }},
	{"tool", "version", func(r *record.Run) string { return r.Tool.Version }},
	{"tool", "commit", func(r *record.Run) string { return r.Tool.Commit }},
	{"tool", "built with", func(r *record.Run) string { return r.Tool.Go }},
	{"tool", "command", func(r *record.Run) string { return strings.Join(r.Command, " ") }},
}

// htmlSetup compares what was asked of runs and what they ran on, where there is any.
func htmlSetup(runs []*record.Run) (out []htmlSetupRow) {
	group := ""
	for _, s := range htmlSettings {
		row := htmlSetupRow{Name: s.name}
		any := false
		for _, r := range runs {
			value := s.of(r)
			any = any || value != ""
			row.Values = append(row.Values, value)
			row.Differs = row.Differs || value != row.Values[0]
		}
		if !any {
			continue
		}
		if s.group != group {
			row.Group, group = s.group, s.group
		}
		out = append(out, row)
	}
	return out
}

func htmlWarmup(r *record.Run) string {
	text := htmlPositive(r.Config.Warmup, htmlNanos)
	if r.Config.WarmupAuto {
		text = strings.TrimSpace(text + " (auto)")
	}
	return text
}

func htmlNanos(ns int64) string { return unit.Duration(float64(ns)) }
func htmlBytes(n int64) string  { return unit.Plural(n, "byte") }

func htmlPositive(n int64, text func(int64) string) string {
	if n <= 0 {
		return ""
	}
	return text(n)
}

func htmlYes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func htmlPair(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}
