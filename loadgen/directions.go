package loadgen

import (
	"slices"

	"github.com/echostamp/echostamp/internal/clock"
)

// directions are what the two directions took, on one time line. They belong to the
// supervisor, which is handed the shards' samples a few times a second, and records
// them when the estimator of the server's clock has made up its mind.
type directions struct {
	estimator  *clock.Estimator
	metrics    metrics
	until      []int64 // of each shard: it has handed on all samples from before
	resolution int64   // of the server's timestamps
}

// corrected are the metrics that need the server's clock.
var corrected = []metric{forward, reverse, forwardExcess, reverseExcess}

// maxHeld is how many samples may be held for the sake of precision: 32 MB of them.
const maxHeld = 1 << 20

func newDirections(cfg Config) *directions {
	d := &directions{metrics: newMetrics(cfg, corrected), until: make([]int64, cfg.Shards), resolution: coarsest}
	d.estimator = clock.NewEstimator(maxHeld, d.record)
	return d
}

// take takes what a shard has gathered.
func (d *directions) take(shard int, h *harvest) {
	if len(h.samples) > 0 {
		d.resolution = gcd(d.resolution, h.resolution)
		d.estimator.SetResolution(d.resolution)
		d.estimator.Add(h.samples)
	}
	d.until[shard] = h.until
	d.estimator.Advance(slices.Min(d.until))
}

// record records the samples of which the offset is known now.
func (d *directions) record(samples []clock.Sample, c clock.Correction) {
	m := &d.metrics
	for _, s := range samples {
		if !s.Counted {
			continue
		}
		delays := c.Of(s)
		m[forward].Record(delays.Forward)
		m[reverse].Record(delays.Reverse)
		m[forwardExcess].Record(delays.ForwardExcess)
		m[reverseExcess].Record(delays.ReverseExcess)
	}
}

// finish records the rest, and completes the metrics of a run with what was recorded.
func (d *directions) finish(m *metrics) clock.Summary {
	sum := d.estimator.Finish()
	for _, i := range corrected {
		m[i] = d.metrics[i]
	}
	return sum
}
