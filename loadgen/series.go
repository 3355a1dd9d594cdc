package loadgen

import (
	"maps"
	"slices"

	"github.com/echostamp/echostamp/internal/record"
)

// series puts the figures of a run together, interval by interval, from what the shards
// hand over. It belongs to the supervisor.
type series struct {
	window    *window
	width     int64
	immediate pool
	corrected pool
	total     metrics       // of the intervals that are over
	open      []*piece      // those that something may still come for, without a gap, the oldest first
	last      []counts      // of each shard, as of its last harvest
	until     []int64       // of each shard: it has handed on everything from before
	done      record.Series // the intervals that nothing comes for any more
	latest    *record.Interval
	// settled is from when on something corrected may still come; nil is that none does.
	settled func() int64
	emit    func(record.Line) // nil if nobody wants to hear of intervals
	sent    int64             // messages of the intervals that are over
	// pending is how many messages nothing had become of at a time, when so many had been
	// settled; nil is that nobody knows.
	pending func(at, settled int64) int64
}

// piece is an interval that something may still come for.
type piece struct {
	from      int64
	metrics   metrics // those that shards record
	corrected metrics // nil before the first value
	settled   settled
	interval  *record.Interval // once the metrics are complete
}

func newSeries(cfg Config, w *window) *series {
	s := &series{
		window: w, width: int64(cfg.Interval),
		immediate: pool{cfg: cfg, some: immediate},
		corrected: pool{cfg: cfg, some: corrected},
		total:     newMetrics(cfg, immediate),
		last:      make([]counts, cfg.Shards),
		until:     make([]int64, cfg.Shards),
	}
	if cfg.estimated() {
		for _, m := range corrected {
			s.total[m] = newMetrics(cfg, corrected)[m]
		}
	}
	return s
}

// take takes a harvest of a shard.
func (s *series) take(shard int, h *harvest) {
	if h.interval != unmeasured {
		p := s.at(h.interval)
		p.metrics.merge(h.metrics)
		p.settled.add(h.counts.settled)
		p.settled.subtract(s.last[shard].settled)
	}
	s.last[shard], s.until[shard] = h.counts, h.until
}

// at returns the piece that a time is in; for one from before all of them the oldest.
func (s *series) at(t int64) *piece {
	if len(s.open) == 0 {
		s.add(s.window.from())
	}
	for end := s.end(s.newest()); t >= end && end != never; end = s.end(s.newest()) {
		s.add(end)
	}
	for _, p := range slices.Backward(s.open) {
		if p.from <= t {
			return p
		}
	}
	return s.open[0]
}

func (s *series) newest() *piece { return s.open[len(s.open)-1] }

func (s *series) add(from int64) {
	s.open = append(s.open, &piece{from: from, metrics: s.immediate.get()})
}

// end is when a piece ends: the window may have been given another end meanwhile.
func (s *series) end(p *piece) int64 {
	_, end := s.window.interval(p.from, s.width)
	return end
}

// advance ends the intervals that nothing comes for any more, as from before a time. When
// that is never the run is over, and closeAll knows when it was.
func (s *series) advance(until int64) {
	if until == never {
		return
	}
	for _, p := range s.open {
		end := s.end(p)
		if end == never || end > until {
			break
		}
		s.close(p, end)
	}
	// The newest stays, so that there is no gap.
	for len(s.open) > 1 && s.open[0].interval != nil && (s.settled == nil || s.settled() >= s.end(s.open[0])) {
		s.complete()
	}
}

// close makes the interval of a piece, unless there is one.
func (s *series) close(p *piece, end int64) {
	if p.interval != nil {
		return
	}
	s.total.merge(p.metrics)
	c := &p.settled
	p.interval = &record.Interval{
		Start: p.from - s.window.from(), Duration: end - p.from,
		Sent: c.sent, Received: c.received, Failed: c.failed, Late: c.late,
		BytesSent: c.bytesSent, BytesReceived: c.bytesReceived,
		Errors: c.errors.named(), Metrics: p.metrics.named(p.metrics.unanswered()),
	}
	p.interval.SetRate()
	if s.sent += c.sent; s.pending != nil {
		p.interval.Pending = s.pending(end, s.sent)
	}
	s.latest = p.interval
	s.immediate.put(p.metrics)
	p.metrics = metrics{}
	if s.emit != nil {
		s.emit(record.Line{Interval: p.interval})
	}
}

// complete lets go of the oldest piece.
func (s *series) complete() {
	p := s.open[0]
	s.open = slices.Delete(s.open, 0, 1)
	if p.corrected[forward] != nil {
		s.total.merge(p.corrected)
		named := p.corrected.named(p.interval.Metrics[record.RTT].Unanswered())
		s.corrected.put(p.corrected)
		if s.emit != nil {
			s.emit(record.Line{Corrected: &record.Correction{Start: p.interval.Start, Metrics: named}})
		}
		maps.Copy(p.interval.Metrics, named)
	}
	_ = s.done.Add(*p.interval) // its histograms are our own
}

// closeAll closes the pieces of a run of which so much was measured, and which was over
// at a time. What is behind that, and empty, is no interval.
func (s *series) closeAll(measured, ended int64) {
	end := s.window.from() + measured
	for i, p := range s.open {
		until := min(s.end(p), end)
		if until <= p.from {
			until = max(p.from, min(s.end(p), ended))
			if p.settled == (settled{}) && p.metrics.isEmpty() && p.interval == nil {
				s.open = s.open[:i]
				return
			}
		}
		s.close(p, until)
	}
}

// completeAll lets go of all pieces. Nothing will come any more.
func (s *series) completeAll() {
	for len(s.open) > 0 {
		p := s.open[0]
		s.close(p, p.from) // of something corrected only
		s.complete()
	}
}

// corrections returns where what is corrected of a piece is to be recorded.
func (s *series) corrections(p *piece) *metrics {
	if p.corrected[forward] == nil {
		p.corrected = s.corrected.get()
	}
	return &p.corrected
}

// pool keeps metrics of a kind that are empty.
type pool struct {
	cfg  Config
	some []metric
	free []metrics
}

func (p *pool) get() metrics {
	n := len(p.free)
	if n == 0 {
		return newMetrics(p.cfg, p.some)
	}
	m := p.free[n-1]
	p.free = p.free[:n-1]
	return m
}

func (p *pool) put(m metrics) {
	m.reset()
	p.free = append(p.free, m)
}
