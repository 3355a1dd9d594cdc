package loadgen

import (
	"fmt"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// result makes the record of a run that is over, and the error that says what
// kept it from doing what was asked.
func (s *supervisor) result() (*record.Run, error) {
	var counts counts
	down := 0
	for _, sh := range s.shards {
		counts.add(sh.counts)
		down += sh.down
	}
	r := s.record(counts)
	if s.interrupted {
		return r, nil
	}
	return r, s.failure(counts, down)
}

// impossible is the result of a run that could not begin.
func (s *supervisor) impossible(k kind, cause error) (*record.Run, error) {
	var c counts
	if !s.interrupted {
		c.errors[k] = 1
		s.impeded = cause
	}
	r := s.record(c)
	if s.interrupted {
		return r, nil
	}
	return r, cause
}

// describe makes the record of what is known before anything is measured.
func (s *supervisor) describe() *record.Run {
	if s.started.IsZero() {
		s.started = time.Now()
	}
	r := &record.Run{
		Schema:  record.Schema,
		Started: s.started,
		Config: record.Config{
			Target: s.cfg.Target, Proto: string(s.cfg.Proto), Transport: "tcp", Clients: s.cfg.Clients,
			Mode: record.Closed, Duration: int64(s.cfg.Duration), Messages: s.cfg.Messages,
			Size: s.cfg.Size, Warmup: s.warmedUp(), WarmupAuto: s.cfg.WarmupAuto, MaxErrors: s.cfg.MaxErrors.String(), Timeout: int64(s.cfg.Timeout), Shards: s.cfg.Shards,
			Interval: int64(s.cfg.Interval),
			Clock:    s.cfg.Clocks.String(), Engine: string(evloop.Choose(s.cfg.Engine)), Timestamps: record.UserTime, CPUs: s.cfg.CPUs, Spin: s.cfg.Spin,
		},
		Host:     record.ThisHost(),
		Totals:   record.Totals{Errors: map[string]int64{}},
		Clock:    record.Clock{Segments: []record.Segment{}, Changes: []record.Change{}},
		Validity: record.Validity{Reasons: []string{}},
		Warnings: []string{},
	}
	if s.paces != nil {
		s.describePace(r)
	}
	if s.target.IsValid() {
		r.Server.Address = s.target.String()
	}
	if s.stamps {
		r.Config.Timestamps = record.KernelTime
	}
	for _, a := range s.cfg.Sources {
		r.Config.Sources = append(r.Config.Sources, a.String())
	}
	return r
}

// record builds the record of a run that is over.
func (s *supervisor) record(c counts) *record.Run {
	r := s.describe()
	r.Duration, r.Interrupted = s.measured(c), s.interrupted
	r.Totals = record.Totals{
		Sent: c.sent, Received: c.received, Failed: c.failed, Unanswered: c.unanswered, Late: c.late,
		Unserved: c.unserved, Starved: c.starved,
		BytesSent: c.bytesSent, BytesReceived: c.bytesReceived, Errors: c.errors.named(),
	}
	r.Generator = s.machine.generator(s.shards)
	if s.paces != nil {
		s.countDue(r, c)
	}
	if r.Duration > 0 {
		r.Totals.Rate = float64(c.received-c.late) / float64(r.Duration) * 1e9
	}
	s.series.closeAll(r.Duration, s.ended)
	m := s.series.total
	s.relate(r, c, &m)
	s.series.completeAll()
	r.Metrics = m.all(m.unanswered())
	if c.stamped == 0 { // as a stream has it: the kernel begins to stamp a little late
		delete(r.Metrics, record.Wakeup)
	}
	r.Intervals = s.series.done.Intervals()
	r.Settle()
	if s.stamps {
		r.Totals.Unstamped = c.received - c.stamped
	}
	if s.cfg.Until != nil {
		r.Precision = s.sections.precision(s.cfg.Until, metricNames[s.watched], m.of(s.watched), s.precise)
	}
	r.Validity = judge(r, m, s.cfg.MaxErrors, ending{s.impeded, s.gaveUp, s.answered() > 0, s.silence(c)})
	s.warn(r, c, m)
	if s.series.emit != nil {
		facts := r.Facts()
		s.series.emit(record.Line{End: &facts})
	}
	return r
}

// describePace says how an open loop is to go.
func (s *supervisor) describePace(r *record.Run) {
	r.Config.Mode = record.Open
	r.Config.Arrivals, r.Config.Seed = string(s.cfg.Arrivals), s.cfg.Seed
	r.Config.Rate = s.cfg.Rate
	for _, stage := range s.cfg.Stages {
		r.Config.Stages = append(r.Config.Stages, stage.String())
	}
	if len(s.cfg.Stages) > 0 {
		length := s.cfg.Length()
		r.Config.Rate = s.paces.main.Count(int64(length)) / length.Seconds()
	}
}

// countDue says how it went.
func (s *supervisor) countDue(r *record.Run, c counts) {
	r.Totals.Backlog = c.backlog()
	r.Totals.Due = c.sent + c.neverSent
	if r.Totals.Backlog > 0 && c.overdue > 0 {
		r.Totals.OwnBacklog = float64(c.ownOverdue) / float64(c.overdue)
	}
}

// warmedUp is how long messages were sent before measuring began.
func (s *supervisor) warmedUp() int64 {
	switch {
	case s.sending == 0:
		return int64(s.cfg.Warmup)
	case s.window.from() == never:
		return s.ended - s.sending
	}
	return s.window.from() - s.sending
}

// warn tells what a reader must know to read the figures right.
func (s *supervisor) warn(r *record.Run, c counts, m metrics) {
	warn := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	if s.cfg.WarmupAuto && !s.settled && c.received > 0 {
		warn("the latencies had not settled after %v of warm-up: the medians of two successive seconds differed by more than %.0f%%",
			MaxWarmup, warmAgreement*100)
	}
	longest := m[rtt].Max()
	if m[response] != nil {
		longest = m[response].Max()
	}
	if c.crossed > longest {
		warn("a message of the warm-up, which is not measured, waited %s, until measuring went on: longer than any that was measured",
			unit.Duration(float64(c.crossed)))
	}
	if c.overhang > 0 {
		warn("%s of the warm-up had not been sent when measuring began, and went first", unit.Plural(c.overhang, "message"))
	}
	if c.starved > 0 {
		warn("%s of %s got no reply for more than half of the run", unit.Count(c.starved), unit.Plural(int64(s.cfg.Clients), "client"))
	}
	if n := c.errors.total(); n > 0 && s.cfg.MaxErrors.covers(n, c.sent) {
		warn("%s, which --max-errors %v allows", unit.Plural(n, "error"), s.cfg.MaxErrors)
	}
	r.Warnings = append(r.Warnings, s.said.tell(s.adviser())...)
	if c.received > 0 && s.cfg.Proto == Text {
		s.warnOfClocks(r, c, m, warn)
	}
}

// measured is how long was measured: as long as was asked, or until the last
// reply to a number of messages, or until the run was ended.
func (s *supervisor) measured(c counts) int64 {
	from, until := s.window.from(), s.window.until()
	switch {
	case s.ended < from:
		return 0
	case s.interrupted || s.gaveUp || c.last == 0:
		return min(s.ended, until) - from
	case until != never && s.ended >= until:
		return until - from
	case s.paces != nil:
		// The time of the last message's slot too, though its reply came at once.
		slots, _ := s.paces.main.Due(float64(c.sent))
		return max(c.last-from, slots)
	}
	return c.last - from
}

// adviser knows what has come so far.
func (s *supervisor) adviser() adviser { return adviser{s.cfg.Proto, s.answered() > 0} }

// answered is how many replies were whole so far, measured or not.
func (s *supervisor) answered() (n int64) {
	for _, p := range s.pulses {
		n += p.need.replies
	}
	return n
}

// failure is what kept the run from doing what was asked, or nil.
func (s *supervisor) failure(c counts, down int) error {
	target, errors := s.cfg.Target, s.said.list(&c.errors, s.adviser())
	switch {
	case s.unconnected:
		return fmt.Errorf("none of %d clients could connect to %s%s", s.cfg.Clients, target, errors)
	case s.gaveUp && c.errors.total() == 0:
		return fmt.Errorf("gave up on %s: no reply for %v", target, s.drought.patience(s.cfg.GiveUp))
	case s.gaveUp:
		return fmt.Errorf("gave up on %s: no whole reply for %v%s", target, s.drought.patience(s.cfg.GiveUp), errors)
	case c.received == 0 && c.overhang > 0:
		return unserved{fmt.Errorf("no reply from %s was measured: it was behind with the messages of the warm-up%s", target, errors)}
	case c.received == 0:
		return fmt.Errorf("no reply from %s was measured%s", target, errors)
	case c.unserved > 0:
		return unserved{fmt.Errorf("%d of %d clients got no reply from %s%s", c.unserved, s.cfg.Clients, target, errors)}
	case down > 0:
		return unserved{fmt.Errorf("%d of %d clients had no connection to %s at the end%s", down, s.cfg.Clients, target, errors)}
	}
	return nil
}

// unserved is the failure of a run whose server did answer, but was asked for more
// than it could do.
type unserved struct{ error }

func (u unserved) Unwrap() error { return u.error }
