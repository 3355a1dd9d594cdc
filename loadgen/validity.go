package loadgen

import (
	"errors"
	"fmt"
	"time"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// Bounds of a valid run. docs/measuring.md says what they are for.
const (
	maxOwnLag      = 0.10  // own_lag p99, as a share of response p50
	maxBusy        = 0.90  // of the time of an event loop
	maxWaited      = 0.10  // ready and without a processor: of the time of an event loop, or for each reply, of rtt p50
	maxWakeup      = 0.50  // wakeup, of rtt, on average
	maxInvoluntary = 0.10  // involuntary switches for each reply
	maxPause       = 0.001 // of the time
	maxSteal       = 0.05  // of the time of all processors
	maxThrottled   = 0.001 // stopped by a quota: of the time
	maxBacklog     = 0.001 // of the messages that were due
	fewestReplies  = 20    // for ten to lie above the median

	maxSilence      = time.Second // before the end, or a tenth of a shorter run
	fewestPerSecond = 50          // replies, to tell what each of them costs
)

// An ending is how a run ended, as far as its verdict depends on it.
type ending struct {
	impeded  error         // the run did not begin; nil is that it did
	gaveUp   bool          // on the server
	answered bool          // a reply was whole, measured or not
	silence  time.Duration // before the end, without a reply though one was wanted
}

// judge says whether the figures of a run can be trusted, and if not, why not: it
// is invalid, or limited by the load generator.
func judge(r *record.Run, m metrics, allowed Allowance, end ending) record.Validity {
	if end.impeded != nil {
		return record.Validity{
			Verdict: record.Invalid, Reasons: []string{"no reply was measured", end.impeded.Error()},
			Limited: errors.As(end.impeded, new(*lack)),
		}
	}
	short := shortages(r.Totals)
	limits := append(short, generatorLimits(r, m)...)
	faults := faults(r, allowed, end)
	tooMany := !allowed.covers(r.Totals.ErrorCount(), r.Totals.Sent)
	byErrors := len(faults) == 1 && tooMany
	behind := backlog(r.Totals, r.Config.Clients)
	switch {
	case isOwn(r.Totals) || len(short) > 0:
		limits.when(behind != "", "%s", behind)
	case end.gaveUp: // said, and why it is behind
	case end.isSilent(r, m) && (behind != "" || tooMany):
		faults = append(reasons{fmt.Sprintf("no reply for the last %s of the run", unit.Duration(float64(end.silence)))}, faults...)
		byErrors = byErrors && behind == ""
	case behind != "":
		faults.when(true, "the server did not keep up with %s: %s", unit.Plural(int64(r.Config.Clients), "client"), behind)
		byErrors = false
	}
	v := record.Validity{
		Verdict: record.Valid, Reasons: append(faults, limits...), Limited: len(limits) > 0,
		ByErrors: byErrors && len(limits) == 0,
	}
	switch {
	case len(faults) > 0:
		v.Verdict = record.Invalid
	case len(limits) > 0:
		v.Verdict = record.GeneratorLimited
	}
	return v
}

// isSilent reports whether a run that had replies ended without, for longer than they usually
// took: on a slow path the last are under way.
func (e ending) isSilent(r *record.Run, m metrics) bool {
	if r.Totals.Received == 0 {
		return false
	}
	usual := m[rtt].Percentile(tail(m[rtt].Count()))
	return e.silence > min(maxSilence, time.Duration(r.Duration)/10) && e.silence > 2*time.Duration(usual)
}

// reasons grows by one if there is one.
type reasons []string

func (r *reasons) when(is bool, format string, args ...any) {
	if is {
		*r = append(*r, fmt.Sprintf(format, args...))
	}
}

// faults are the reasons for which the figures mean nothing, or lack something.
func faults(r *record.Run, allowed Allowance, end ending) reasons {
	out := reasons{}
	t, n := r.Totals, r.Totals.ErrorCount()
	out.when(t.Received == 0, "no reply was measured")
	out.when(0 < t.Received && t.Received < fewestReplies, "%s: a median needs %d", unit.Plural(t.Received, "reply"), fewestReplies)
	out.when(end.gaveUp && end.answered, "the server stopped answering")
	out.when(end.gaveUp && !end.answered, "the server never sent a valid reply")
	out.when(t.Unserved > 0 && t.Received > 0, "%s", unservedClients(t, r.Config.Clients))
	lost := ""
	if t.Failed > 0 {
		lost = "; " + unit.Plural(t.Failed, "message") + " got no reply"
	}
	out.when(!allowed.covers(n, t.Sent), "%s, %s allowed%s", unit.Plural(n, "error"), allowed, lost)
	steps, which := r.Generator.ClockSteps, "rtt is not affected"
	if r.Config.Mode == record.Open {
		which = "response, rtt and lag are not affected"
	}
	out.when(steps > 0 && r.Config.Proto != string(Echo) && r.Clock.NeedsWall(), "this host's wall clock was stepped %s, at most by %s: forward and reverse are wrong by it; %s",
		times(steps), unit.Duration(float64(r.Generator.ClockStep)), which)
	return append(out, clockFaults(r)...)
}

// shortages are what this host had too little of to connect, which no server is to
// blame for.
func shortages(t record.Totals) reasons {
	out := reasons{}
	failed := func(k kind) string { return unit.Plural(t.Errors[kindNames[k]], "attempt") + " to connect failed" }
	out.when(t.Errors[kindNames[ports]] > 0, "this host ran out of local ports: %s; closed connections hold theirs for a minute (TIME_WAIT)", failed(ports))
	out.when(t.Errors[kindNames[descriptors]] > 0, "this host ran out of file descriptors: %s", failed(descriptors))
	return out
}

// generatorLimits are the reasons for which the figures are the load generator's
// as much as the server's.
func generatorLimits(r *record.Run, m metrics) reasons {
	out := reasons{}
	if r.Totals.Received == 0 {
		return out
	}
	g, elapsed, received := r.Generator, float64(max(r.Duration, 1)), float64(r.Totals.Received)
	if own := m[ownLag]; own != nil {
		q := tail(own.Count())
		late, typical := float64(own.Percentile(q)), m.median(response)
		out.when(late > maxOwnLag*typical, "own_lag p%s %s is more than %.0f%% of response p50 %s",
			record.PercentileName(q), unit.Duration(late), maxOwnLag*100, unit.Duration(typical))
	}
	out.when(g.Busy > maxBusy, "the event loop was busy for %.0f%% of the time", g.Busy*100)
	if w := m[wakeup]; w != nil {
		share := w.Mean() * float64(w.Count()) / (m[rtt].Mean() * float64(m[rtt].Count()))
		out.when(share > maxWakeup, "wakeup is %.0f%% of rtt on average: replies waited for the load generator to read them", share*100)
	}
	// What an involuntary switch costs is the time without a processor; where
	// that is not known, their number has to do.
	waited, typical := float64(g.Waited), m.median(rtt)
	share, each := waited/elapsed/float64(r.Config.Shards), waited/received
	switches := unit.Plural(g.InvoluntarySwitches, "involuntary switch")
	switch {
	case share > maxWaited:
		out.when(true, "the event loop was ready and had no processor for %.0f%% of the time (%s)", share*100, switches)
	case received/elapsed*1e9 > fewestPerSecond: // below, other wake-ups than for replies count too
		out.when(each > maxWaited*typical, "the event loop was ready and had no processor for %s a reply, more than %.0f%% of rtt p50 %s (%s)",
			unit.Duration(each), maxWaited*100, unit.Duration(typical), switches)
	}
	out.when(g.Waited == 0 && float64(g.InvoluntarySwitches) > maxInvoluntary*received,
		"the system took the processor away %s, more than once for %.0f replies", times(g.InvoluntarySwitches), 1/maxInvoluntary)
	out.when(float64(g.GCPause) > maxPause*elapsed, "garbage collection stopped the load generator for %s", unit.Duration(float64(g.GCPause)))
	if q := g.Quota; q != nil {
		out.when(float64(q.Stopped) > maxThrottled*elapsed, "CPU quota (cgroup, %.3g CPUs) throttled the load generator in %s of %s, %s in all; raise it or use fewer event loops",
			q.CPUs, unit.Count(q.Throttled), unit.Plural(q.Periods, "period"), unit.Duration(float64(q.Stopped)))
	}
	out.when(g.Steal > maxSteal, "the hypervisor gave %.0f%% of this machine's processor time to others", g.Steal*100)
	return out
}

// unservedClients says how many clients the load was not of.
func unservedClients(t record.Totals, clients int) string {
	return fmt.Sprintf("%s of %s got no reply", unit.Count(t.Unserved), unit.Plural(int64(clients), "client"))
}

// backlog says what was not sent in time, if it is more than what happens to be due at
// the end of a run; else it is empty.
func backlog(t record.Totals, clients int) string {
	happens := min(float64(clients), 0.01*float64(t.Due))
	if float64(t.Backlog) <= max(happens, maxBacklog*float64(t.Due)) {
		return ""
	}
	then := "response keeps growing as the run goes on"
	if t.NeverSent() == 0 {
		then = "they were sent then, but in a longer run response may grow"
	}
	return fmt.Sprintf("%s of %s due messages (%s) were still unsent at the end; %s",
		unit.Count(t.Backlog), unit.Count(t.Due), percent(float64(t.Backlog)/float64(t.Due)), then)
}

// isOwn reports whether the load generator has a part in the backlog, so that the
// server cannot be blamed for it.
func isOwn(t record.Totals) bool { return t.OwnBacklog > maxOwnLag }

// percent writes a share, of less than a tenth with a digit behind the point.
func percent(share float64) string {
	if share < 0.1 {
		return fmt.Sprintf("%.1f%%", share*100)
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// tail is the highest percentile, p99 at most, that so many samples are enough for.
func tail(count int64) float64 {
	for _, q := range []float64{99, 90} {
		if record.Enough(count, q) {
			return q
		}
	}
	return 50
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return unit.Count(n) + " times"
}
