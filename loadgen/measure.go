package loadgen

import "github.com/echostamp/echostamp/internal/evloop"

// measure records the reply to a client's message. Without the kernel's word the
// time of reading stands for that of arriving.
func (s *shard) measure(c *client, t2 int64, at evloop.Stamp, bytes int) {
	s.counts.received++
	s.counts.bytesReceived += int64(bytes)
	s.counts.last = at.Read
	if at.Read > s.window.until() {
		s.counts.late++
	}
	m := &s.harvest.metrics
	m[rtt].Record(at.Read - c.sent)
	if c.schedule != nil {
		m[response].Record(at.Read - c.due)
		s.recordLag(c)
	}
	if c.isStamped(at) {
		s.counts.stamped++
		m[wakeup].Record(at.Read - at.Arrived)
	}
	if s.cfg.Proto == Text {
		sample := s.sample(c, t2, at, true)
		m[forwardRaw].Record(sample.Upper())
		m[reverseRaw].Record(-sample.Lower())
	}
}

func (s *shard) recordLag(c *client) {
	s.harvest.metrics[lag].Record(c.sent - c.due)
	s.harvest.metrics[ownLag].Record(c.sent - c.ideal)
}

// censor records that a client's message, which is measured, was not answered until now.
func (s *shard) censor(c *client, now int64) {
	m := &s.harvest.metrics
	m[rttCensored].Record(now - c.sent)
	if c.schedule != nil {
		m[responseCensored].Record(now - c.due)
		s.recordLag(c)
	}
}

// warm notes the reply to a message of the warm-up, which is not measured.
func (s *shard) warm(c *client, t2 int64, at evloop.Stamp) {
	if s.cfg.Proto == Text {
		s.sample(c, t2, at, false)
	}
	if at.Read >= s.window.from() {
		s.counts.crossed = max(s.counts.crossed, at.Read-c.due)
		return
	}
	since := c.sent
	if s.watched == response {
		since = c.due
	}
	s.harvest.metrics[s.watched].Record(at.Read - since)
}
