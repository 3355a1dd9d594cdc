package loadgen

import (
	"math"
	"time"
)

// A client is served when it gets a reply in the run (see serves). It wants one from when a
// message is due, in closed loop always, until one comes.

// tick is a time in milliseconds, counted from 1 when connecting begins, or how long
// something took: every client has two.
type tick uint32

func (s *shard) tick(at int64) tick {
	return tick(max(1, min((at-s.began)/int64(time.Millisecond)+1, math.MaxUint32)))
}

// noteServed notes that a reply came, and for how long the client had gone without.
func (c *client) noteServed(at int64, measured bool) {
	until := c.shard.window.until()
	c.served = c.served || c.serves(at, until, measured)
	if at > until {
		return
	}
	c.inTime = c.inTime || measured
	now := c.shard.tick(at)
	c.shard.counts.heard = now
	c.starved = max(c.starved, c.hunger(now))
	c.wanting = 0
	if c.schedule == nil && c.left != 0 {
		c.wanting = now
	}
}

// serves reports whether a reply serves the client. One that comes after the end does only if
// its message would have been sent before, but for delays of this program's own: what a server
// has room for when other clients have left is not the load that was asked for. A message of
// the warm-up that was under way all the time kept the others from being sent before.
func (c *client) serves(at, until int64, measured bool) bool {
	if c.schedule == nil {
		return measured
	}
	return c.ideal < until && (measured || at > until)
}

// manyRoundTrips is how many usual ones no single round trip takes on the same path.
const manyRoundTrips = 10

// hunger is for how long the client has wanted a reply at a time, as far as measuring
// went on.
func (c *client) hunger(now tick) tick {
	since := max(c.wanting, c.shard.tick(c.shard.window.from()))
	if c.wanting == 0 || now < since {
		return 0
	}
	return now - since
}

// countServed counts the clients that got no reply until the end, of which a client
// must have wanted one for so long at least, and those that went without one for more
// than half of the time. Those that were answered after the end only got none either, if
// they had waited for more than half of the time and for many usual round trips: their turn
// came when others had left. Usual is 0 if nobody was answered in time. The shard is done.
func (s *shard) countServed(end int64, patience, usual time.Duration) {
	from := s.window.from()
	if end <= from {
		return // nothing was measured
	}
	now, half := s.tick(end), (s.tick(end)-s.tick(from))/2
	for i := range s.clients {
		c := &s.clients[i]
		if due := c.overdue(); c.wanting == 0 && due != 0 {
			c.wanting = s.tick(due)
		}
		hunger := c.hunger(now)
		s.counts.hunger = max(s.counts.hunger, hunger)
		switch {
		case c.served && !c.inTime && usual > 0 && hunger > max(half, tick(manyRoundTrips*usual/time.Millisecond)):
			s.counts.unserved++
		case c.served && max(c.starved, hunger) > half:
			s.counts.starved++
		case !c.served && c.wanting != 0 && int64(hunger) >= patience.Milliseconds():
			s.counts.unserved++
		}
	}
}

// silence is for how long until the end no reply came though one was wanted. The shards are
// done.
func (s *supervisor) silence(c counts) time.Duration {
	if c.hunger == 0 {
		return 0
	}
	end := s.shards[0].tick(min(s.ended, s.window.until()))
	return time.Duration(min(c.hunger, end-min(end, c.heard))) * time.Millisecond
}

// overdue is when the first message of the client was due that was never sent; 0 is that
// all were.
func (c *client) overdue() int64 {
	s := c.shard
	if c.schedule == nil || s.cfg.Messages > 0 && s.tickets.Load() <= 0 {
		return 0 // no more were asked for
	}
	if due, late := c.schedule.first(&s.window); late > 0 {
		return due
	}
	return 0
}
