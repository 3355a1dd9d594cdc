package clock

import (
	"math"
	"math/rand/v2"
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
	rate, length     float64 // samples a second; seconds
	offset           func(t float64) float64
	forward, reverse delay
	lies             func(i int) float64 // added to the server's timestamp of a reply; nil is none
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
	r := rand.New(rand.NewPCG(seed, 2))
	o := &outcome{samples: int(w.rate * w.length)}
	e := NewEstimator(hold, func(samples []Sample, c Correction) {
		for _, s := range samples {
			err := float64(c.Offset(s.At)) - w.offset(float64(s.At-origin)/1e9)
			o.errors, o.at, o.delays = append(o.errors, err), append(o.at, s.At), append(o.delays, c.Of(s))
		}
	})
	var batch []Sample
	for i := range o.samples {
		t := float64(i) / w.rate
		at := origin + int64(t*1e9)
		offset := w.offset(float64(at-origin) / 1e9)
		if w.lies != nil {
			offset += w.lies(i)
		}
		batch = append(batch, Sample{
			At: at, Counted: true,
			Upper: int64(math.Round(offset + w.forward(r, t))), Lower: int64(math.Round(offset - w.reverse(r, t))),
		})
		if len(batch) >= int(w.rate/4) || i == o.samples-1 {
			e.Add(batch)
			e.Advance(at)
			batch = batch[:0]
			o.mostHeld, o.mostKept = max(o.mostHeld, held(e)), max(o.mostKept, len(e.segment)+len(e.open)+len(e.spare))
		}
	}
	o.Summary = e.Finish()
	return o
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
	segment, broken, negative := 0, 0, 0
	for i, err := range o.errors {
		for segment < len(o.Segments)-1 && o.at[i] > o.Segments[segment].To {
			segment++
		}
		if math.Abs(err) > float64(o.Segments[segment].Bound) {
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
