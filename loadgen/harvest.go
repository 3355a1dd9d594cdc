package loadgen

import (
	"slices"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
)

// harvest is what a shard gathers for its supervisor, all of it of one interval. It
// changes hands, so that the shard loses no time with it, and comes back empty.
type harvest struct {
	interval int64          // when the interval began, on the time line, or unmeasured
	metrics  metrics        // of replies; unmeasured, of the watched metric only
	samples  []clock.Sample // of the server's clock, if that is estimated
	counts   counts         // of the shard when it was handed over
	until    int64          // nothing of the shard is from before any more
}

// unmeasured is the interval of what comes before measuring begins.
const unmeasured = -1

// reset empties it.
func (h *harvest) reset() {
	h.metrics.reset()
	h.samples = h.samples[:0]
}

// newHarvest returns an empty one.
func (p *plan) newHarvest() *harvest {
	return &harvest{metrics: newMetrics(p.cfg, immediate)}
}

// sample is what a reply says of the server's clock. It is kept if that is estimated, unless
// the timestamp is so far away that differences would not be exact: then it counts as
// clock.MaxApart away, and nothing is estimated by it.
func (s *shard) sample(c *client, t2 int64, at evloop.Stamp, counted bool) clock.Sample {
	if s.answered <= resolutionSamples {
		s.counts.resolution = gcd(s.counts.resolution, t2)
	}
	sample := clock.Sample{Sent: c.sent, Arrived: c.arrived(at), Read: at.Read, Stamp: t2, Client: c.id, Counted: counted}
	if sample.Stamp = clock.Near(c.sent, t2); sample.Stamp != t2 {
		if counted {
			s.counts.far++
		}
		return sample
	}
	if s.samples {
		s.harvest.samples = append(s.harvest.samples, sample)
	}
	return sample
}

// turn goes over to the next interval when the one at hand is over.
func (s *shard) turn(now int64) {
	if now < s.cut || now < s.window.from() {
		return
	}
	if !s.handOver(now) {
		if s.harvest.interval != unmeasured {
			return
		}
		s.harvest.metrics.reset() // of the warm-up: nothing that is measured may be lost with it
	}
	s.harvest.interval, s.cut = s.window.interval(now, int64(s.cfg.Interval))
}

// handOver hands the harvest over, after which nothing will come from before a time, and
// goes on with another. While nobody takes them it goes on with the same, and reports
// false.
func (s *shard) handOver(until int64) bool {
	h := s.harvest
	h.until, h.counts = until, s.counts
	select {
	case s.harvests <- h:
	default:
		return false
	}
	select {
	case s.harvest = <-s.spares:
	default:
		s.harvest = s.newHarvest()
	}
	s.harvest.interval = h.interval
	return true
}

// reap takes what a shard has handed over.
func (s *supervisor) reap(sh *shard) {
	for len(sh.harvests) > 0 {
		h := <-sh.harvests
		s.take(sh.Index(), h)
		h.reset()
		select {
		case sh.spares <- h:
		default:
		}
	}
}

// take takes a harvest of a shard.
func (s *supervisor) take(shard int, h *harvest) {
	if (h.interval != unmeasured) == (s.phase == Measuring) {
		s.recent.Merge(h.metrics.of(s.watched))
	}
	s.series.take(shard, h)
	until := slices.Min(s.series.until)
	if s.directions != nil {
		s.directions.take(h, until)
	}
	s.series.advance(until)
}

// gather takes what the shards have not handed over when the loop has ended.
func (s *supervisor) gather() {
	usual := time.Duration(0)
	if slices.ContainsFunc(s.shards, func(sh *shard) bool { return sh.counts.heard > 0 }) {
		usual = time.Duration(s.series.total[rtt].Percentile(50)) // of the intervals that are over
	}
	for _, sh := range s.shards { // before any takes the tickets that are left
		sh.countServed(min(s.ended, s.window.until()), s.patience(), usual)
	}
	for _, sh := range s.shards {
		sh.turn(s.ended)
		s.reap(sh)
		sh.countBacklog(s.ended)
		sh.harvest.until, sh.harvest.counts = never, sh.counts
		s.take(sh.Index(), sh.harvest)
	}
}

// patience is for how long a client must have wanted a reply to count as one that got none.
// A run that was ended from outside took the replies away that were on their way.
func (s *supervisor) patience() time.Duration {
	if !s.interrupted {
		return 0
	}
	return time.Duration(max(0, s.ended-s.window.from()) / 2)
}
