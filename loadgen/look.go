package loadgen

import "time"

// notePhase goes over to measuring when its time has come.
func (s *supervisor) notePhase(now int64) {
	if s.phase == WarmingUp && now+int64(time.Millisecond) >= s.window.from() {
		s.phase = Measuring
		s.machine.begin(s.line)
	}
}

// notePulse keeps account of progress.
func (s *supervisor) notePulse(r report) {
	now := s.now()
	s.notePhase(now)
	var n need
	for _, p := range s.pulses {
		n.add(p.need)
	}
	s.drought.note(now, n)
	s.reap(r.shard)
	if s.pulsed++; s.pulsed == len(s.shards) {
		s.look(now)
		s.pulsed = 0
		s.recent.Reset()
	}
}

// look acts on what was measured since the last look, and shows it.
func (s *supervisor) look(now int64) {
	switch {
	case s.phase == WarmingUp && s.cfg.WarmupAuto && s.window.from() == never:
		s.warmth.add(s.recent.Measured, now-s.sending)
		if s.settled = s.warmth.settled; s.settled || now-s.sending >= int64(MaxWarmup) {
			s.measureFrom(now + lead)
		}
	case s.phase == Measuring:
		s.machine.steps.Look(s.line.Now)
		if now >= s.window.until() {
			s.machine.end(s.line) // what is still awaited is not measured time
		}
		if s.cfg.Until != nil && !s.precise && now < s.window.until() && s.sections.add(s.recent, time.Duration(now-s.window.from())) {
			s.endIfPrecise(now)
		}
	}
	if s.cfg.Live != nil {
		s.lately.add(s.recent, now)
		s.cfg.Live(s.state(now))
	}
}

// endIfPrecise has the run end when the figure is as precise as was asked.
func (s *supervisor) endIfPrecise(now int64) {
	i, ok := s.sections.interval(s.cfg.Until.Percentile, s.sections.whole())
	if !ok || !i.within(s.cfg.Until.Within) {
		return
	}
	s.precise = true
	s.window.end.Store(min(now+lead, s.window.until()))
	s.each((*shard).schedule)
}
