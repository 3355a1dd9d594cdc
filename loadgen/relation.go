package loadgen

import (
	"cmp"
	"slices"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// relate finds out how the clocks relate, and completes the metrics by that: forward
// and reverse are the raw ones or the corrected.
func (s *supervisor) relate(r *record.Run, c counts, m *metrics) {
	r.Clock.Segments, r.Clock.Changes = []record.Segment{}, []record.Change{}
	if s.cfg.Proto == Text && c.received > 0 {
		r.Clock.Resolution = c.resolution
	}
	switch {
	case s.cfg.Proto != Text:
		return
	case s.directions != nil:
		sum := s.directions.estimator.Finish()
		s.describeClock(&r.Clock, sum)
		r.Clock.Excluded += c.far
		s.cfg.Clocks.judge(&r.Clock, s.local, sum, c.far)
	case s.local && m[forwardRaw].Count() > 0 && min(m[forwardRaw].Min(), m[reverseRaw].Min()) >= -clock.Tolerance-c.resolution:
		r.Clock.Relation = record.Same
	}
	if r.Clock.IsRaw() {
		m[forward], m[reverse] = m[forwardRaw], m[reverseRaw]
	}
}

// judge says how the clocks relate: with one clock, every reply leaves room for an offset
// of 0. Where nothing could be estimated, only what is vouched for can be judged: by the
// replies that there are, and those that are too far away to estimate anything by.
func (c Clocks) judge(r *record.Clock, local bool, sum clock.Summary, far int64) {
	beyond := func(limit int64) (by int64) {
		if sum.Seen() {
			slack := clock.Tolerance + sum.Slack
			by = max(0, -limit-slack-sum.Lowest, sum.Highest-limit-slack)
		}
		if far > 0 {
			by = max(by, clock.MaxApart-limit)
		}
		return by
	}
	switch {
	case c.Use == SyncedClocks:
		r.Relation = record.Asserted
		r.Vouched, r.Contradiction = int64(c.Error), beyond(int64(c.Error))
	case len(sum.Segments) == 0:
	case c.Use == CorrectedClocks || beyond(0) > 0:
		r.Relation = record.Corrected
	case local:
		r.Relation = record.Same
	default:
		r.Relation = record.Consistent
	}
}

const ppm = 1e6 // in the whole

// describeClock puts what the estimator found into the record.
func (s *supervisor) describeClock(r *record.Clock, sum clock.Summary) {
	began := min(s.window.from(), s.ended) // it may never have begun
	since := func(at int64) int64 { return at - began }
	var longest clock.Segment
	for _, g := range sum.Segments {
		r.Segments = append(r.Segments, record.Segment{
			From: since(g.From), To: since(g.To), FromOffset: g.FromOffset, ToOffset: g.ToOffset, Bound: g.Bound,
			Drift: g.Drift * ppm, DriftBound: g.DriftBound * ppm, Count: g.Counted,
		})
		if g.To-g.From >= longest.To-longest.From {
			longest = g
		}
		r.Offset = g.ToOffset
	}
	r.Bound, r.More = sum.Bound, sum.More
	r.Resolution = max(r.Resolution, sum.Resolution)
	for _, g := range sum.Groups {
		r.Groups = append(r.Groups, record.ClockGroup{Clients: int64(g.Clients), Ahead: g.Ahead})
	}
	r.Drift, r.DriftBound = longest.Drift*ppm, longest.DriftBound*ppm
	for _, c := range sum.Changes {
		r.Changes = append(r.Changes, record.Change{Kind: changeNames[c.Kind], From: since(c.From), To: since(c.To), By: c.By, Rate: c.Rate * ppm})
	}
	if c := s.machine.steps.Largest; s.machine.steps.Count > 0 {
		r.Changes = append(r.Changes, record.Change{Kind: record.HostStep, From: since(c.From), To: since(c.To), By: c.By})
		slices.SortStableFunc(r.Changes, func(a, b record.Change) int { return cmp.Compare(a.From, b.From) })
	}
	if r.Excluded, r.Violations = sum.Excluded, sum.Violations; r.Violations > 0 {
		r.ViolationsFrom, r.ViolationsTo = since(sum.FirstViolation), since(sum.LastViolation)
	}
}

var changeNames = map[clock.ChangeKind]string{
	clock.Step: record.ClockStep, clock.Slew: record.ClockSlew,
	clock.ForwardFloor: record.ForwardFloor, clock.ReverseFloor: record.ReverseFloor,
}

// warnOfClocks tells what a reader must know to read the directions right.
func (s *supervisor) warnOfClocks(r *record.Run, c counts, m metrics, warn func(string, ...any)) {
	coarse := c.received >= 10 && float64(r.Clock.Resolution) > m[rtt].Mean()/10
	if coarse {
		warn("the server's timestamps are in steps of %s: forward and reverse can be no finer, and their signs mean nothing",
			unit.Duration(float64(r.Clock.Resolution)))
	}
	for _, i := range []metric{forward, reverse} {
		if least := m[i].Min(); least < -clock.Tolerance && !coarse {
			warn("%s is negative (down to %s): the clocks of client and server differ", metricNames[i], unit.Duration(float64(least)))
		}
	}
	switch {
	case s.directions == nil && !s.local:
		warn("nothing was estimated of the server's clock: forward and reverse contain its difference from this host's")
	case r.Clock.Relation == record.Corrected && s.local && max(r.Clock.Offset, -r.Clock.Offset) > r.Clock.Bound:
		warn("the server has an address of this host, and yet not its clock: forward and reverse are corrected")
	}
	if n := r.Clock.Violations; n > 0 {
		where := "forward and reverse"
		if r.Clock.IsRaw() {
			where = "forward_excess and reverse_excess"
		}
		warn("by the server's timestamp %s had reached it before they were sent, or after the reply arrived: they are not in %s",
			unit.Plural(n, "message"), where)
	}
	if c.far > 0 {
		warn("%s more than 100 years from this host's clock: clamped to 100 years and excluded from the offset estimate",
			unit.Plural(c.far, "timestamp"))
	}
	if part := share(r.Clock.Excluded, r); part > 0.1 {
		warn("%s of the replies are not in corrected directions and excess, because no offset is known for them", percent(part))
	}
	if steps := s.machine.steps.Count; steps > 0 && !r.Clock.NeedsWall() {
		warn("this host's wall clock was stepped %s; measuring does not use it", times(steps))
	}
}
