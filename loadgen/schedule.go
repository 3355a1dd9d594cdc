package loadgen

import (
	"math"
	"sync/atomic"

	"github.com/echostamp/echostamp/internal/pace"
)

// never is later than all times.
const never = math.MaxInt64

// window is when a run measures, on the time line. The supervisor sets it, always
// to times that are still to come, and the shards see it at once.
type window struct{ begin, end atomic.Int64 }

func (w *window) init() {
	w.begin.Store(never)
	w.end.Store(never)
}

// from is when measuring begins; never while that is not known.
func (w *window) from() int64 { return w.begin.Load() }

// until is when it ends; never while that is not known.
func (w *window) until() int64 { return w.end.Load() }

// paces are the plans of an open loop.
type paces struct {
	warm, main *pace.Plan // before measuring begins, and from then on
	warmFrom   int64      // on the time line
}

// schedule is when the messages of one client are due. The warm-up has a stream of
// its own, so that the messages of the measured time are the same whenever that
// begins. What was due in the warm-up is sent even if it is late.
type schedule struct {
	*plan
	id      int
	stream  pace.Stream
	origin  int64 // of the stream, on the time line
	next    int64 // when the next message is due, on the time line; never is that none is
	started bool
	warm    bool // the stream is the warm-up's
}

func (p *plan) newSchedule(id int) *schedule { return &schedule{plan: p, id: id} }

// overhang is how many messages of the warm-up are still to be sent when measuring
// begins.
func (s *schedule) overhang(w *window) int64 {
	from := w.from()
	if s.due(w); !s.warm {
		return 0
	}
	return 1 + s.stream.Before(from-s.origin)
}

// due returns when the next message is due.
func (s *schedule) due(w *window) int64 {
	if !s.started {
		s.started = true
		s.begin(s.paces.warm, s.paces.warmFrom)
		s.warm = true
	}
	if from := w.from(); s.warm && from != never && s.next >= from {
		s.warm = false
		s.begin(s.paces.main, from)
	}
	return s.next
}

// begin goes over to the stream of a plan.
func (s *schedule) begin(p *pace.Plan, origin int64) {
	s.stream = p.Stream(s.cfg.Arrivals, s.cfg.Seed, s.id, s.cfg.Clients)
	s.origin = origin
	s.advance()
}

// advance goes on to the next message.
func (s *schedule) advance() {
	ns, ok := s.stream.Next()
	s.next = never
	if ok {
		s.next = s.origin + ns
	}
}

// backlog is how many messages of the measured time were due by end, which is no
// later than that, and have not been sent.
func (s *schedule) backlog(w *window, end int64) int64 {
	if w.from() >= end {
		return 0 // nothing is measured yet
	}
	if s.due(w); s.warm { // the warm-up's have not been sent either
		s.warm = false
		s.begin(s.paces.main, w.from())
	}
	if s.next >= end {
		return 0
	}
	return 1 + s.stream.Before(end-s.origin)
}
