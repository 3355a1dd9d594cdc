package loadgen

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// result makes the record of a run that is over, and the error that says what
// kept it from doing what was asked.
func (s *supervisor) result() (*record.Run, error) {
	var counts counts
	total, down := newMetrics(s.cfg.Proto, s.stamps), 0
	for _, sh := range s.shards {
		counts.add(sh.counts)
		total.merge(sh.metrics)
		down += sh.down
	}
	r, err := s.record(counts, total)
	if err != nil || s.interrupted {
		return r, err
	}
	return r, s.failure(counts, down)
}

// impossible is the result of a run that could not begin.
func (s *supervisor) impossible(k kind, cause error) (*record.Run, error) {
	var c counts
	if !s.interrupted {
		c.errors[k] = 1
	}
	r, err := s.record(c, newMetrics(s.cfg.Proto, s.stamps))
	if err != nil || s.interrupted {
		return r, err
	}
	return r, cause
}

// record builds the record.
func (s *supervisor) record(c counts, m metrics) (*record.Run, error) {
	if s.started.IsZero() {
		s.started = time.Now()
	}
	r := &record.Run{
		Schema:      record.Schema,
		Started:     s.started,
		Duration:    s.measured(c),
		Interrupted: s.interrupted,
		Config: record.Config{
			Target: s.cfg.Target, Proto: string(s.cfg.Proto), Transport: "tcp", Clients: s.cfg.Clients,
			Mode: record.Closed, Duration: int64(s.cfg.Duration), Messages: s.cfg.Messages,
			Size: s.cfg.Size, Warmup: int64(s.cfg.Warmup), Timeout: int64(s.cfg.Timeout), Shards: s.cfg.Shards,
			Engine: string(evloop.Choose(s.cfg.Engine)), Timestamps: record.UserTime, CPUs: s.cfg.CPUs, Spin: s.cfg.Spin,
		},
		Host: record.ThisHost(),
		Totals: record.Totals{
			Sent: c.sent, Received: c.received, Failed: c.failed, Unanswered: c.unanswered, Late: c.late,
			BytesSent: c.bytesSent, BytesReceived: c.bytesReceived, Errors: c.errors.named(),
		},
		Validity: s.validity(c),
		Warnings: []string{},
		Metrics:  map[string]record.Metric{},
	}
	if r.Duration > 0 {
		r.Totals.Rate = float64(c.received-c.late) / float64(r.Duration) * 1e9
	}
	if s.target.IsValid() {
		r.Server.Address = s.target.String()
	}
	var err error
	for i, h := range m {
		if h == nil {
			continue
		}
		var e error
		r.Metrics[metricNames[i]], e = record.NewMetric(h)
		err = errors.Join(err, e)
	}
	if s.stamps {
		r.Config.Timestamps = record.KernelTime
		r.Totals.Unstamped = c.received - c.stamped
	}
	for _, a := range s.cfg.Sources {
		r.Config.Sources = append(r.Config.Sources, a.String())
	}
	if c.received > 0 && m[forward] != nil {
		s.judgeClock(r, c, m)
	}
	return r, err
}

// measured is how long was measured: as long as was asked, or until the last
// reply to a number of messages, or until the run was ended.
func (s *supervisor) measured(c counts) int64 {
	switch {
	case s.measureFrom == 0 || s.ended < s.measureFrom:
		return 0
	case s.interrupted || s.gaveUp || c.last == 0:
		return min(s.ended, s.until) - s.measureFrom
	case s.until != math.MaxInt64 && s.ended >= s.until:
		return s.until - s.measureFrom
	}
	return c.last - s.measureFrom
}

// isLocal reports whether an address is this host's own. A tunnel may still lead
// from there to another clock.
func isLocal(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, o := range own {
		if p, err := netip.ParsePrefix(o.String()); err == nil && p.Addr().Unmap() == a.WithZone("") {
			return true
		}
	}
	return false
}

// failure is what kept the run from doing what was asked, or nil.
func (s *supervisor) failure(c counts, down int) error {
	target := s.cfg.Target
	switch {
	case s.unconnected:
		return fmt.Errorf("none of %d clients could connect to %s%v", s.cfg.Clients, target, &c.errors)
	case s.gaveUp:
		return fmt.Errorf("gave up on %s: no reply for %v%v", target, s.cfg.GiveUp, &c.errors)
	case c.received == 0:
		return fmt.Errorf("no reply from %s was measured%v", target, &c.errors)
	case down > 0:
		return fmt.Errorf("%d of %d clients had no connection to %s at the end%v", down, s.cfg.Clients, target, &c.errors)
	}
	return nil
}

// validity judges whether the figures can be trusted.
func (s *supervisor) validity(c counts) record.Validity {
	v := record.Validity{Verdict: record.Valid, Reasons: []string{}}
	if c.received == 0 {
		v.Reasons = append(v.Reasons, "no reply was measured")
	}
	if s.gaveUp {
		v.Reasons = append(v.Reasons, "the server stopped answering")
	}
	if n := c.errors.total(); n > 0 {
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s, whose messages are not in the figures", unit.Plural(n, "error")))
	}
	if len(v.Reasons) > 0 {
		v.Verdict = record.Invalid
	}
	return v
}

// tolerated is how far below zero a direction may be by the rounding of a peer's
// timestamps alone, in nanoseconds.
const tolerated = 1000

// judgeClock tells whether both ends read the same clock, and warns of what a
// reader must know to read the directions right.
func (s *supervisor) judgeClock(r *record.Run, c counts, m metrics) {
	warn := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	local := isLocal(s.target.Addr())
	if c.received >= 10 && float64(c.resolution) > m[rtt].Mean()/10 {
		warn("the server's timestamps are in steps of %s: forward and reverse can be no finer, and their signs mean nothing",
			unit.Duration(float64(c.resolution)))
		if local {
			r.Clock.Relation = record.Same
		}
		return
	}
	differ := false
	for _, i := range []metric{forward, reverse} {
		if least := m[i].Min(); least < -tolerated {
			differ = true
			warn("%s is negative (down to %s): the clocks of client and server differ", metricNames[i], unit.Duration(float64(least)))
		}
	}
	switch {
	case !local:
		warn("the server's clock is another than this host's: forward and reverse contain the difference between the two")
	case !differ:
		r.Clock.Relation = record.Same
	}
}
