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

// interval is the one of a width that a time is in: from when until when. The last one
// has what comes after the end of the window too, and is until never.
func (w *window) interval(at, width int64) (from, until int64) {
	begin, end := w.from(), w.until()
	from = begin + (max(begin, min(at, end-1))-begin)/width*width
	if from+width >= end {
		return from, never
	}
	return from, from + width
}

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
	ended   int64 // when the time was over, or the client left before; 0 is neither
	started bool
	warm    bool // the stream is the warm-up's
}

func (p *plan) newSchedule(id int) *schedule { return &schedule{plan: p, id: id} }

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

// first returns the message of the measured time that would have been the next when
// the time was over: when it was due, and how late it was by then, if at all.
func (s *schedule) first(w *window) (due, late int64) {
	from := w.from()
	if from >= s.ended {
		return 0, 0 // nothing was measured
	}
	if due = s.due(w); s.warm {
		due = from // the warm-up's were still to be sent, and all of these
	}
	return due, s.ended - due
}

// most is how many messages of a client unsent goes through one by one. Of more it takes
// so many, evenly spaced, for several each.
func (s *schedule) most() int64 { return max(1000, 1_000_000/int64(s.cfg.Clients)) }

// unsent goes through the messages that were due when the time was over, or when the client
// left before, and were never sent: those of the measured time until take has enough, which
// is told of so many that were due at a time. It returns how many of the warm-up came before
// them.
func (s *schedule) unsent(w *window, take func(due, n int64) bool) (warm int64) {
	from := w.from()
	if from >= s.ended {
		return 0 // nothing was measured
	}
	if s.due(w); s.warm {
		warm = 1 + s.stream.Before(from-s.origin)
		s.warm = false
		s.begin(s.paces.main, from)
	}
	if s.next >= s.ended {
		return warm
	}
	left := 1 + s.stream.Before(s.ended-s.origin)
	step := left/s.most() + 1
	for left > 0 && s.next < s.ended && take(s.next, min(step, left)) {
		left -= step
		s.stream.Skip(step - 1)
		s.advance()
	}
	return warm
}
