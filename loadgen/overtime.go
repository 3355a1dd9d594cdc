package loadgen

import "github.com/echostamp/echostamp/internal/evloop"

// timeUp is called when the measured time is over. In open loop what was due and is not
// sent yet is still sent, and awaited for as long as a reply may take: left out, the
// slowest messages of all would be missing from the percentiles.
func (s *shard) timeUp() {
	if s.stopping || s.overtime {
		return
	}
	if s.paces == nil || !s.canCatchUp() {
		s.stop()
		return
	}
	s.overtime = true
	s.effort.end(s.Shard)
	for i := range s.clients {
		c := &s.clients[i]
		c.noteBacklog()
		switch {
		case c.waiting():
		case c.isDone():
			c.leave()
		default:
			c.next()
		}
	}
	s.Schedule(evloop.NewTimer(func(int64) { s.interrupt() }), s.window.until()+int64(s.cfg.Timeout))
	s.tellFinished()
}

// canCatchUp reports whether what is overdue when the time is over can be sent in the time
// that a reply may take, at the pace of the replies so far. Where it cannot, a run would
// only take longer and be no less behind.
func (s *shard) canCatchUp() bool {
	length := s.window.until() - s.window.from()
	due := s.paces.main.Count(length) * float64(len(s.clients)) / float64(s.cfg.Clients)
	overdue := due - float64(s.counts.sent+int64(s.underWay))
	if s.cfg.Messages > 0 {
		overdue = min(overdue, float64(max(0, s.tickets.Load())))
	}
	return overdue*float64(length) <= float64(s.counts.received)*float64(s.cfg.Timeout)
}

// countBacklog counts and records what was due and never sent, when the run has ended at
// a time and the shard is done.
func (s *shard) countBacklog(ended int64) {
	m := &s.harvest.metrics
	take := func(due, n int64) bool {
		if s.cfg.Messages > 0 { // more were not asked for
			n = min(n, max(0, s.tickets.Load()))
			s.tickets.Add(-n)
		}
		s.counts.neverSent += n
		m[responseCensored].RecordN(ended-due, n)
		m[lagCensored].RecordN(ended-due, n)
		return n > 0
	}
	for i := range s.clients {
		if c := &s.clients[i]; c.schedule != nil {
			s.counts.overhang += c.schedule.unsent(&s.window, take)
		}
	}
}
