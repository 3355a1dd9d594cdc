package clock

import "math"

// track is what is kept of the segment at hand, whatever its length.
type track struct {
	begun    bool
	first    line    // that its first samples were corrected with
	from, to float64 // when its samples were that were handed on
	bound    float64
	counted  int64
	shortest int64 // round trip of those that count, if there are any
	long     bool  // its first epochs have been let go
}

// UnknownDrift is from where on a DriftBound says no more than that clocks are not so far
// apart.
const UnknownDrift = 100e-6

// note takes an epoch that is handed on, which is within a band. Should a clock have
// changed without being found out, then not within the seconds around: so the bound is
// at least what those alone leave. However the limits lie, it is never below half the
// smallest round trip: how that divides cannot be known. Slack is left out: it is added
// in the end, when it is known best.
func (k *track) note(o *epoch, b band, around *corridor) {
	if !k.begun {
		k.begun, k.shortest = true, math.MaxInt64
		k.first, k.from = b.line, o.from()
	}
	k.to = o.to()
	for _, t := range [...]float64{o.first(), o.to()} {
		lowest, highest := b.at(t)
		lowest, highest = min(lowest, around.ceiling(b.slope, t)), max(highest, around.floor(b.slope, t))
		k.bound = max(k.bound, highest-b.line.at(t)-b.slack, b.line.at(t)-lowest-b.slack)
	}
	for i := range o.samples {
		if s := &o.samples[i]; s.Counted {
			k.counted++
			k.shortest = min(k.shortest, s.Read-s.Sent)
		}
	}
	o.used = b.line.at(o.middle())
}

// segment is the record of the segment, whose last epochs left a corridor with the
// middle l. Its drift is off by as much as it can be while the least delays do not
// change by more than noise, slack left out.
func (k *track) segment(f frame, c *corridor, l line, noise float64) Segment {
	least, greatest := c.slopes(l, min(noise, max(Tolerance, l.width-2*c.slack)))
	drift := l.slope
	if greatest-least > 2*UnknownDrift {
		drift = (least + greatest) / 2
	}
	offset := func(l line, t float64) int64 { return f.offset + int64(math.Round(l.at(t))) }
	s := Segment{
		From: f.time + int64(k.from), To: f.time + int64(k.to), Counted: k.counted,
		FromOffset: offset(l, k.from), ToOffset: offset(l, k.to),
		Bound: int64(math.Ceil(k.bound)),
		Drift: drift, DriftBound: max(greatest-drift, drift-least),
	}
	if k.counted > 0 {
		s.Bound = max(s.Bound, (k.shortest+1)/2)
	}
	if k.long {
		s.FromOffset = offset(k.first, k.from)
		length := float64(s.To - s.From)
		s.Drift, s.DriftBound = float64(s.ToOffset-s.FromOffset)/length, min(2*k.bound, noise)/length
	}
	return s
}
