package clock

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

const (
	us = 1e3 // in nanoseconds
	ms = 1e6
)

// origin is when a simulated run begins: any time will do.
const origin = int64(1_700_000_000_123_456_789)

// A world is two hosts whose clocks and delays are known: nanoseconds, as functions
// of the seconds since the beginning.
type world struct {
	rate, length     float64 // messages a second; seconds
	offset           func(t float64) float64
	forward, reverse delay
	lies             func(i int) float64 // added to the server's timestamp of a reply; nil is none

	clients    int                      // 100 if it is 0
	pauses     []pause                  // in which the program neither sends nor reads
	unaided    bool                     // the kernel does not tell when replies arrive
	loss       float64                  // the share of the messages that get no reply
	resolution int64                    // that is told of the server's timestamps
	ahead      func(client int) float64 // of offset, the clock that a client talks to; nil is that all talk to one
	shown      func(int64) int64        // what the server's clock shows at a time of its own; nil is that time
}

func worldOf(rate, length float64, offset func(t float64) float64, forward, reverse delay) world {
	return world{rate: rate, length: length, offset: offset, forward: forward, reverse: reverse}
}

func (w world) lying(lies func(i int) float64) world {
	w.lies = lies
	return w
}

// A pause is in seconds since the beginning.
type pause struct{ from, length float64 }

// awake is the first time that is not in a pause.
func (w world) awake(at int64) int64 {
	for _, p := range w.pauses {
		if from := origin + int64(p.from*1e9); at >= from {
			at = max(at, from+int64(p.length*1e9))
		}
	}
	return at
}

type delay func(r *rand.Rand, t float64) float64

func exponential(floor, mean float64) delay { return gamma(floor, mean, 1) }

// gamma is a floor and the sum of some exponential delays, of a mean all together:
// with several, hardly any message meets the floor.
func gamma(floor, mean float64, shape int) delay {
	return func(r *rand.Rand, _ float64) float64 {
		d := floor
		for range shape {
			d += mean / float64(shape) * r.ExpFloat64()
		}
		return d
	}
}

// pareto has a tail that is as long as those of wide area networks.
func pareto(floor, scale, alpha float64) delay {
	return func(r *rand.Rand, _ float64) float64 {
		return floor + scale*(math.Pow(1-r.Float64(), -1/alpha)-1)
	}
}

// after is a delay to which something is added from a time on.
func (d delay) after(at, by float64) delay {
	return func(r *rand.Rand, t float64) float64 {
		if t < at {
			return d(r, t)
		}
		return d(r, t) + by
	}
}

// even is the offset of a clock that runs evenly.
func even(ppm float64) func(t float64) float64 {
	return func(t float64) float64 { return 3.2e9 + ppm*1e3*t }
}

func stepped(offset func(float64) float64, at, by float64) func(float64) float64 {
	return func(t float64) float64 {
		if t < at {
			return offset(t)
		}
		return offset(t) + by
	}
}

func slewed(offset func(float64) float64, at, length, ppm float64) func(float64) float64 {
	return func(t float64) float64 { return offset(t) + ppm*1e3*max(0, min(length, t-at)) }
}

// outcome is what an estimator made of a world.
type outcome struct {
	Summary
	samples  int
	errors   []float64 // of the offset, at each sample handed on
	at       []int64   // and when it was
	delays   []Delays
	mostHeld int // samples that the estimator held at once
	mostKept int // epochs, and what is kept to make others
}

// live has an estimator watch a world, that holds no sample for longer than it must.
func (w world) live(seed uint64) *outcome { return w.watched(seed, 0) }

func (w world) watched(seed uint64, hold int) *outcome {
	o := &outcome{}
	e := NewEstimator(hold, func(samples []Sample, c Correction) {
		for i := range samples {
			s := &samples[i]
			err := float64(c.Offset(s.Arrived)) - w.offset(since(s.Arrived))
			if w.ahead != nil {
				err -= w.ahead(int(s.Client))
			}
			o.errors, o.at, o.delays = append(o.errors, err), append(o.at, s.Arrived), append(o.delays, c.Of(s))
		}
	})
	e.SetResolution(w.resolution)
	const beat = epochLength // how often samples are handed over
	var batch []Sample
	next := origin + beat
	hand := func() {
		e.Add(batch)
		e.Advance(next)
		batch = batch[:0]
		o.mostHeld, o.mostKept = max(o.mostHeld, held(e)), max(o.mostKept, len(e.segment)+len(e.open)+len(e.spare))
	}
	for _, s := range w.samples(seed) {
		for ; s.Read >= next; next += beat {
			hand()
		}
		o.samples++
		batch = append(batch, s)
	}
	hand()
	o.Summary = e.Finish()
	for i := range o.errors {
		o.errors[i] += float64(o.Behind)
	}
	return o
}

func since(at int64) float64 { return float64(at-origin) / 1e9 }

// samples are those of all replies, in the order in which they were read.
func (w world) samples(seed uint64) []Sample {
	r := rand.New(rand.NewPCG(seed, 2))
	free := make([]int64, cmp.Or(w.clients, 100)) // when each client has its reply
	out := make([]Sample, 0, int(w.rate*w.length))
	for i := range cap(out) {
		client := i % len(free)
		due := origin + int64(float64(i)/w.rate*1e9)
		s := Sample{Sent: w.awake(max(due, free[client])), Client: uint32(client), Counted: true}
		t := since(s.Sent)
		there := s.Sent + int64(math.Round(w.forward(r, t)))
		s.Arrived = there + int64(math.Round(w.reverse(r, t)))
		s.Stamp = there + int64(math.Round(w.offset(since(there))))
		if w.lies != nil {
			s.Stamp += int64(w.lies(i))
		}
		if w.ahead != nil {
			s.Stamp += int64(w.ahead(client))
		}
		if w.shown != nil {
			s.Stamp = w.shown(s.Stamp)
		}
		if s.Read = w.awake(s.Arrived); w.unaided {
			s.Arrived = s.Read
		}
		free[client] = s.Read
		if r.Float64() >= w.loss {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Sample) int { return cmp.Compare(a.Read, b.Read) })
	return out
}

func held(e *Estimator) (n int) {
	for _, epochs := range [][]*epoch{e.open, e.segment} {
		for _, o := range epochs {
			n += len(o.samples) + len(o.odd)
		}
	}
	return n
}

// deviation is the root mean square of the errors, and the greatest, around what no
// method can know: half the difference of the least delays.
func (o *outcome) deviation(unknowable float64) (rms, greatest float64) {
	for _, err := range o.errors {
		rms += (err - unknowable) * (err - unknowable)
		greatest = max(greatest, math.Abs(err-unknowable))
	}
	return math.Sqrt(rms / float64(len(o.errors))), greatest
}

// holds checks what must be true of every world: that each sample is accounted for,
// that no offset is further off than the bound says, and that no delay is negative.
func (o *outcome) holds(t *testing.T) {
	t.Helper()
	if n := len(o.errors) + int(o.Excluded+o.Violations); n != o.samples {
		t.Errorf("%d of %d samples are accounted for", n, o.samples)
	}
	broken, negative := 0, 0
	for i, err := range o.errors {
		segment := o.segmentAt(o.at[i])
		if math.Abs(err) > float64(segment.Bound) {
			broken++
		}
		if d := o.delays[i]; min(d.Forward, d.Reverse, d.ForwardExcess, d.ReverseExcess) < 0 {
			negative++
		}
	}
	if broken > 0 || negative > 0 {
		t.Errorf("of %d offsets %d are outside their bound; %d messages have negative delays", len(o.errors), broken, negative)
	}
}

// segmentAt is the segment that a time is in, or the last before it.
func (o *outcome) segmentAt(at int64) Segment {
	i := sort.Search(len(o.Segments)-1, func(i int) bool { return at <= o.Segments[i].To })
	return o.Segments[i]
}
