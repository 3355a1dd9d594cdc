package loadgen

import (
	"fmt"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// lately is what there was in the last second, or in as much of the first as there is.
type lately struct {
	all   record.Latencies // since then
	since int64
	later bool // the first second is over
	live  Live // its figures
}

// add takes the latencies up to a time, which are not kept.
func (l *lately) add(recent record.Latencies, now int64) {
	if l.since == 0 {
		l.since = now
	}
	l.all.Merge(recent)
	elapsed := now - l.since
	over := elapsed >= int64(time.Second)
	if elapsed == 0 || l.later && !over {
		return
	}
	measured, all := l.all.Measured, l.all.All()
	l.live = Live{
		Rate: float64(measured.Count()) / float64(elapsed) * 1e9,
		P50:  told(l.all, all, 50), P99: told(l.all, all, 99), Max: Delay{all.Max(), all.Count() > measured.Count()},
	}
	if over {
		l.since, l.later = now, true
		l.all.Reset()
	}
}

// told is a percentile if there are samples enough to tell it.
func told(l record.Latencies, all *hist.Histogram, q float64) Delay {
	if !record.Enough(all.Count(), q) {
		return Delay{}
	}
	value, known := l.Percentile(all, q)
	return Delay{value, !known}
}

// state is what there is to show.
func (s *supervisor) state(now int64) Live {
	l := s.lately.live
	l.Phase, l.Connected = s.phase, s.connected()
	for _, p := range s.pulses {
		l.Received += p.received
		l.Errors += p.errors
	}
	if s.phase == Measuring {
		l.Elapsed = time.Duration(max(0, now-s.window.from()))
		s.noteAwaited(&l, now)
	}
	s.watch(now)
	l.Notices = s.notices.take()
	return l
}

// noteAwaited tells of a run that does nothing but wait for replies: its time is over, or as
// many messages as were asked for have been sent. A reply takes no longer than Timeout.
func (s *supervisor) noteAwaited(l *Live, now int64) {
	var settled int64
	for _, p := range s.pulses {
		l.Awaited += p.underWay
		settled += p.settled
	}
	allSent := s.cfg.Messages > 0 && settled+int64(l.Awaited) >= s.cfg.Messages
	if s.awaitedSince == 0 && (allSent || now >= s.window.until()) {
		s.awaitedSince = min(now, s.window.until())
	}
	if l.Awaited == 0 || s.awaitedSince == 0 {
		l.Awaited = 0
		return
	}
	l.Phase, l.AtMost = Awaiting, time.Duration(max(0, s.awaitedSince+int64(s.cfg.Timeout)-now))
}

// notices are what went wrong, each kind told once.
type notices struct {
	told    map[string]bool
	fresh   []string
	changes int // of clocks, told
}

// when tells of something of a kind if it is so for the first time.
func (n *notices) when(is bool, kind, format string, args ...any) {
	if !is || n.told[kind] {
		return
	}
	if n.told == nil {
		n.told = map[string]bool{}
	}
	n.told[kind] = true
	n.fresh = append(n.fresh, fmt.Sprintf(format, args...))
}

// again has something be told again when it is so again.
func (n *notices) again(kind string) { delete(n.told, kind) }

func (n *notices) take() []string {
	fresh := n.fresh
	n.fresh = nil
	return fresh
}

const (
	silence  = "silence"
	quietFor = 2 * time.Second // is worth a notice
)

// watch looks for what is worth a notice.
func (s *supervisor) watch(now int64) {
	n := &s.notices
	for k := range kinds {
		n.when(s.errorsOf(k) > 0, kindNames[k], "the first error: %s%s", kindNames[k], s.said.hint(k, s.adviser()))
	}
	if s.phase == Connecting || s.drought.wanted < quietFor {
		n.again(silence)
	} else {
		n.when(true, silence, "no reply for %s", unit.Duration(float64(s.drought.length())))
	}
	steps := s.machine.steps
	n.when(steps.Count > 0, "host step", "this host's wall clock was stepped by %s", unit.Duration(float64(steps.Largest.By)))
	if i := s.series.latest; i != nil {
		late, typical := i.Metrics[record.OwnLag].Percentiles["99"], i.Metrics[record.Response].Percentiles["50"]
		n.when(float64(late) > maxOwnLag*float64(typical), "own lag", "the load generator is late: own_lag p99 %s is more than %.0f%% of response p50 %s",
			unit.Duration(float64(late)), maxOwnLag*100, unit.Duration(float64(typical)))
	}
	if s.directions != nil {
		s.watchClock(s.directions.estimator.Changes())
	}
}

// watchClock tells of the changes that are new.
func (s *supervisor) watchClock(changes []clock.Change) {
	n := &s.notices
	for ; n.changes < len(changes); n.changes++ {
		c := changes[n.changes]
		what := map[clock.ChangeKind]string{
			clock.Step: "the server's clock was stepped by %s", clock.Slew: "one of the clocks runs at another speed; the offset moved by %s",
			clock.ForwardFloor: "the path to the server got longer by %s", clock.ReverseFloor: "the path from the server got longer by %s",
		}[c.Kind]
		n.fresh = append(n.fresh, fmt.Sprintf(what, unit.Duration(float64(c.By))))
	}
}

// errorsOf is how many errors of a kind there were, as far as the shards have told.
func (s *supervisor) errorsOf(k kind) (n int64) {
	for _, c := range s.series.last {
		n += c.errors[k]
	}
	return n
}
