package loadgen

import (
	"github.com/echostamp/echostamp/internal/clock"
)

// directions have what the two directions took, on one time line, recorded when the
// estimator of the server's clock has made up its mind. They belong to the supervisor,
// which is handed the shards' samples a few times a second.
type directions struct {
	estimator  *clock.Estimator
	series     *series // where they are recorded
	resolution int64   // of the server's timestamps
}

// corrected are the metrics that need the server's clock.
var corrected = []metric{forward, reverse, forwardExcess, reverseExcess}

// maxHeld is how many samples may be held for the sake of precision: 40 MB of them.
const maxHeld = 1 << 20

func newDirections(to *series) *directions {
	d := &directions{series: to, resolution: coarsest}
	d.estimator = clock.NewEstimator(maxHeld, d.record)
	to.settled = d.estimator.Settled
	return d
}

// take takes what a shard has gathered. None of them has any more from before a time.
func (d *directions) take(h *harvest, until int64) {
	if len(h.samples) > 0 {
		d.resolution = gcd(d.resolution, h.counts.resolution)
		d.estimator.SetResolution(d.resolution)
		d.estimator.Add(h.samples)
	}
	d.estimator.Advance(until)
}

// record records the samples of which the offset is known now.
func (d *directions) record(samples []clock.Sample, c clock.Correction) {
	var m *metrics
	var from, until int64 // what m is of
	for i := range samples {
		s := &samples[i]
		if !s.Counted {
			continue
		}
		if m == nil || s.Read < from || s.Read >= until {
			p := d.series.at(s.Read)
			m, from, until = d.series.corrections(p), p.from, d.series.end(p)
		}
		delays := c.Of(s)
		m[forward].Record(delays.Forward)
		m[reverse].Record(delays.Reverse)
		m[forwardExcess].Record(delays.ForwardExcess)
		m[reverseExcess].Record(delays.ReverseExcess)
	}
}
