package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A property is what runs have in common, or differ in.
type property struct {
	name string
	of   func(*Run) string // empty is unknown, which is no difference
}

var (
	protocol = property{"protocol", func(r *Run) string {
		if r.Config.Proto == "" || r.Config.Transport == "" {
			return ""
		}
		return r.Config.Proto + " over " + r.Config.Transport
	}}
	loop = property{"mode", func(r *Run) string { return r.Config.Mode }}
)

// decisive are the properties on which the figures of runs depend.
var decisive = []property{
	{"system", func(r *Run) string { return r.Host.OS }},
	{"architecture", func(r *Run) string { return r.Host.Arch }},
	{"kernel", func(r *Run) string { return r.Host.Kernel }},
	{"processors", func(r *Run) string { return unlessZero(float64(r.Host.CPUs)) }},
	{"processor model", func(r *Run) string { return r.Host.CPU }},
	{"target", (*Run).Place},
	protocol,
	loop,
	{"rate", rate},
	{"arrivals", func(r *Run) string { return r.Config.Arrivals }},
	{"clients", func(r *Run) string { return unlessZero(float64(r.Config.Clients)) }},
	{"timestamps", func(r *Run) string { return r.Config.Timestamps }},
	{"clock", func(r *Run) string { return r.Config.Clock }},
	{"size", func(r *Run) string { return unlessZero(float64(r.Config.Size)) }},
}

// Differences says in what runs differ that decides on their figures, a sentence each, so
// that comparing them says something else than a reader thinks: the host, the target, and
// what was asked. A run that is there twice is told too.
func Differences(runs []*Run) []string {
	known := machinesOf(runs)
	machine := property{"machine, by a hash of its id", func(r *Run) string { return known.of(r.Host) }}
	return slices.Concat(differ(runs, []property{machine}), differ(runs, decisive), twice(inOrder(runs)))
}

// Place is what a run was of. A server of its own, or one that was started for it, listens
// on another port each time, which makes no difference.
func (r *Run) Place() string {
	switch {
	case r.Server.Own:
		return "own server"
	case r.Server.Command != "":
		return "a server started for the run"
	}
	return r.Config.Target
}

// rate is how many messages a second were due, or the stages of that.
func rate(r *Run) string {
	if len(r.Config.Stages) > 0 {
		return strings.Join(r.Config.Stages, " ")
	}
	if r.Config.Rate == 0 {
		return ""
	}
	return unlessZero(r.Config.Rate) + "/s"
}

func unlessZero(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// differ tells the properties that are not the same of all runs, and what they are.
func differ(runs []*Run, properties []property) (reasons []string) {
	for _, p := range properties {
		var values []string
		for _, r := range runs {
			if v := p.whole(r); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			reasons = append(reasons, fmt.Sprintf("they differ in %s: %s", p.name, strings.Join(values, ", ")))
		}
	}
	return reasons
}

// whole is the property of a run, and of one whose parts do not agree on it what all of
// them have.
func (p property) whole(r *Run) string {
	if v := p.of(r); v != "" {
		return v
	}
	var values []string
	for i := range r.Parts {
		if v := p.of(&r.Parts[i]); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return strings.Join(values, " and ")
}

// twice names the runs that are included more than once, of some in the order of compareRuns.
func twice(parts []part) (reasons []string) {
	for i := 0; i < len(parts); {
		first, times := parts[i].facts, 1
		for i+times < len(parts) && sameRun(first, parts[i+times].facts) {
			times++
		}
		switch i += times; {
		case times == 2:
			reasons = append(reasons, fmt.Sprintf("run started %s is included twice", first.Started.Format(time.RFC3339Nano)))
		case times > 2:
			reasons = append(reasons, fmt.Sprintf("run started %s is included %d times", first.Started.Format(time.RFC3339Nano), times))
		}
	}
	return reasons
}

// sameRun compares start times to the nanosecond. The rest may differ: one may be a stream
// that was cut.
func sameRun(a, b *Run) bool {
	return a.Started.Equal(b.Started) && slices.Equal(a.Command, b.Command) && a.Host == b.Host
}
