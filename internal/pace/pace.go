// Package pace says when the messages of an open loop are due. It is arithmetic:
// nothing in it reads a clock or waits.
//
// A [Plan] is how the rate of all clients together goes over time; [NewPlan]
// makes it from stages. [Plan.Stream] is one client's share of it. A stream
// depends on the plan, the seed and the client's number alone, so a run has the
// same schedule on any number of shards. Times are nanoseconds since the
// schedule began.
package pace

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// MaxRate is the highest rate of a stage, in messages a second.
const MaxRate = 1e7

// A Stage is a part of a plan, in which the rate goes in a straight line.
type Stage struct {
	From, To float64       // messages a second, 0 to MaxRate
	Length   time.Duration // 0 is without end, for a single stage of one rate
}

// A Plan is the rate of all clients together over time.
type Plan struct{ stages []stage }

// stage has the rates in messages a nanosecond.
type stage struct {
	from, to       float64
	start, length  float64 // nanoseconds
	before, within float64 // messages due before it, and in it
}

// NewPlan returns the plan of one stage after the other. The error says which of
// them makes no sense.
func NewPlan(stages ...Stage) (*Plan, error) {
	p := &Plan{}
	var start, before float64
	for i, s := range stages {
		switch {
		case !isRate(s.From) || !isRate(s.To):
			return nil, fmt.Errorf("stage %d: a rate is from 0 to %.0f/s", i+1, MaxRate)
		case s.Length < 0 || s.Length == 0 && (len(stages) > 1 || s.From != s.To):
			return nil, fmt.Errorf("stage %d: has no length", i+1)
		}
		g := stage{from: s.From / 1e9, to: s.To / 1e9, start: start, length: float64(s.Length), before: before}
		if s.Length == 0 {
			g.length = math.Inf(1)
		}
		if g.from+g.to > 0 {
			g.within = (g.from + g.to) / 2 * g.length
		}
		start += g.length
		before += g.within
		p.stages = append(p.stages, g)
	}
	if before == 0 {
		return nil, errors.New("no message is ever due")
	}
	return p, nil
}

// isRate also refuses what is no number.
func isRate(r float64) bool { return r >= 0 && r <= MaxRate }

// Initial is the plan without end that has the rate with which p begins.
func (p *Plan) Initial() *Plan {
	first := p.stages[0]
	q, err := NewPlan(Stage{From: first.from * 1e9, To: first.from * 1e9})
	if err != nil { // it begins at rest: so does this, for ever
		return &Plan{}
	}
	return q
}

// latest is later than any run, and far from overflow.
const latest = 1 << 61

// Due returns when the point n of the plan is reached, at which n messages have
// become due; false if that is never.
func (p *Plan) Due(n float64) (ns int64, ok bool) {
	for _, s := range p.stages {
		if n -= s.before; n < s.within {
			ns := math.Round(s.start + s.reach(n))
			return int64(ns), ns < latest
		}
		n += s.before
	}
	return 0, false
}

// reach is how long after its start a stage has made n messages due: the root of
// from·t + (to−from)/2L·t² = n, in the form that loses no digits.
func (s stage) reach(n float64) float64 {
	if n <= 0 {
		return 0
	}
	slope := 0.0
	if s.from != s.to {
		slope = (s.to - s.from) / s.length
	}
	return 2 * n / (s.from + math.Sqrt(max(0, s.from*s.from+2*slope*n)))
}

// Count returns how many messages have become due by a time: the inverse of Due.
func (p *Plan) Count(ns int64) float64 {
	var n float64
	for _, s := range p.stages {
		t := float64(ns) - s.start
		if t <= 0 {
			break
		}
		if t >= s.length {
			n = s.before + s.within
			continue
		}
		n = s.before + s.from*t
		if s.from != s.to {
			n += (s.to - s.from) / s.length * t * t / 2
		}
	}
	return n
}

// Arrivals is how messages follow each other.
type Arrivals string

// How messages follow each other.
const (
	// Constant spaces them evenly; the clients take turns.
	Constant Arrivals = "constant"
	// Poisson has the gaps of independent users: exponential, at the plan's
	// rate. Each client is a Poisson process of its own with its share of the
	// rate, and so they are one together.
	Poisson Arrivals = "poisson"
)

// A Stream is the due times of one client. It is not safe for concurrent use.
type Stream struct {
	plan   *Plan
	point  float64   // of the plan, that the next message is due at
	step   float64   // clients: the share of the plan between two messages, on average
	random *rand.PCG // nil is constant
}

// Stream returns the due times of client number id of all clients.
func (p *Plan) Stream(a Arrivals, seed uint64, id, clients int) Stream {
	s := Stream{plan: p, point: float64(id), step: float64(clients)}
	if a == Poisson {
		s.random = rand.NewPCG(seed, uint64(id))
		s.point = s.gap()
	}
	return s
}

// gap is from one message to the next, in messages of all clients.
func (s *Stream) gap() float64 {
	if s.random == nil {
		return s.step
	}
	// 53 random bits make a uniform value in (0, 1]; its logarithm is finite.
	uniform := float64(s.random.Uint64()>>11+1) / (1 << 53)
	return -math.Log(uniform) * s.step
}

// Next returns when the next message is due; false if none is any more. Times
// never go back.
func (s *Stream) Next() (ns int64, ok bool) {
	ns, ok = s.plan.Due(s.point)
	if ok {
		s.point += s.gap()
	}
	return ns, ok
}

// Skip leaves out the next n messages; of random ones, as many as are to be expected in
// the time of n.
func (s *Stream) Skip(n int64) { s.point += float64(n) * s.step }

// many is how many random messages Before counts one by one.
const many = 1_000_000

// Before returns how many of the messages to come are due before a time. Of more
// than a million random ones it is the number to be expected, whose error is far
// below a percent.
func (s Stream) Before(ns int64) int64 {
	expected := int64(math.Ceil((s.plan.Count(ns) - s.point) / s.step))
	if s.random == nil {
		return s.adjust(max(0, expected), ns)
	}
	if expected > many {
		return expected
	}
	fork := *s.random // not to draw from the stream itself
	s.random = &fork
	var n int64
	for {
		if due, ok := s.Next(); !ok || due >= ns {
			return n
		}
		n++
	}
}

// adjust corrects a number of messages, evenly spaced, that rounding may have made
// one too many or too few.
func (s *Stream) adjust(n, before int64) int64 {
	isBefore := func(i int64) bool {
		due, ok := s.plan.Due(s.point + float64(i)*s.step)
		return ok && due < before
	}
	for n > 0 && !isBefore(n-1) {
		n--
	}
	for isBefore(n) {
		n++
	}
	return n
}
