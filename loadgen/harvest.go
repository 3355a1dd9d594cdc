package loadgen

import (
	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/hist"
)

// harvest is what a shard gathers for its supervisor. It changes hands, so that the
// shard loses no time with it, and comes back empty.
type harvest struct {
	recent     *hist.Histogram // of the watched metric; nil if nobody watches
	samples    []clock.Sample  // of the server's clock, if that is estimated
	resolution int64           // of the server's timestamps, as far as they tell
	until      int64           // no further samples of the shard are from before
}

// reset empties it.
func (h *harvest) reset() {
	if h.recent != nil {
		h.recent.Reset()
	}
	h.samples = h.samples[:0]
}

// newHarvest returns an empty one.
func (p *plan) newHarvest() *harvest {
	h := &harvest{}
	if p.watch {
		h.recent = hist.New()
	}
	if p.samples {
		h.samples = make([]clock.Sample, 0, 1<<12)
	}
	return h
}

// sample is what a reply says of the server's clock. It is kept if that is estimated.
func (s *shard) sample(c *client, t2 int64, at evloop.Stamp, counted bool) clock.Sample {
	if s.answered <= resolutionSamples {
		s.counts.resolution = gcd(s.counts.resolution, t2)
	}
	sample := clock.Sample{At: at.Read, Upper: t2 - c.sent, Lower: t2 - c.arrived(at), Counted: counted}
	if s.samples {
		s.harvest.samples = append(s.harvest.samples, sample)
	}
	return sample
}

// handOver returns the harvest, after which no samples will come from before a time, and
// goes on with the next.
func (s *shard) handOver(until int64, next *harvest) *harvest {
	h := s.harvest
	s.harvest = next
	h.until, h.resolution = until, s.counts.resolution
	return h
}

// reap takes the samples that came with a report.
func (s *supervisor) reap(r report) {
	if h := r.pulse.harvest; h != nil && s.directions != nil {
		s.directions.take(r.shard.Index(), h)
	}
}

// gather takes what the shards have not handed over when the loop has ended.
func (s *supervisor) gather() {
	for len(s.reports) > 0 {
		s.reap(<-s.reports)
	}
	for _, sh := range s.shards {
		s.reap(report{shard: sh, pulse: pulse{harvest: sh.handOver(never, nil)}})
	}
}
