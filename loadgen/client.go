package loadgen

import (
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/wire"
)

// client is one connection of the load generator, and those that replace it.
// It implements evloop.Handler, and evloop.Waker.
type client struct {
	shard     *shard
	schedule  *schedule    // nil in closed loop
	conn      evloop.Conn  // nil without one
	timer     evloop.Timer // without a connection, to connect; with one, to send
	due       int64        // when the message under way was due, on the time line
	sent      int64        // when it was sent; 0 is that there is none
	ideal     int64        // when it would have been sent without delays of this program's own
	ready     int64        // when the next could be sent without them: the client was free
	left      int64        // messages that it may still send in closed loop; -1 is any number
	id        uint32
	seq       uint32
	wanting   tick  // since when no reply has come though one was wanted; 0 is that none is
	starved   tick  // the longest time of that
	failures  uint8 // since the last whole reply
	served    bool  // a reply was measured
	inTime    bool  // one came before the end
	open      bool  // conn is established
	down      bool  // the last attempt to connect failed
	attempted bool
	booked    bool // the timer is for an attempt to connect that may be then
	gone      bool // will do nothing more
}

// init makes c the client number id of the run.
func (c *client) init(s *shard, id int) {
	*c = client{shard: s, id: uint32(id), left: -1}
	if m := s.cfg.Messages; m > 0 && s.paces == nil {
		n := int64(s.cfg.Clients)
		c.left = m / n
		if int64(id) < m%n {
			c.left++
		}
	}
	if s.paces != nil {
		c.schedule = s.newSchedule(id)
	}
	c.timer.Init(c)
}

func (c *client) connectAt(due int64) { c.shard.Schedule(&c.timer, due) }

// Wake connects, or sends what is due. It implements evloop.Waker.
func (c *client) Wake(int64) {
	if c.conn != nil {
		c.next()
		return
	}
	if s := c.shard; !c.booked {
		c.booked = true
		now := s.Now()
		if at := s.attempts.book(now); at > now {
			c.connectAt(at)
			return
		}
	}
	c.booked = false
	c.connect()
}

func (c *client) connect() {
	c.shard.conns++
	c.conn = c.shard.Dial(c.shard.target, c)
	c.conn.SetDeadline(c.shard.Now() + int64(c.shard.cfg.Timeout))
}

func (c *client) waiting() bool { return c.sent != 0 }

// account counts the message under way, for which nothing is to come any more, and
// reports whether it is measured: whether it was due while measuring went on.
func (c *client) account() bool {
	s := c.shard
	if !c.waiting() || c.due < s.window.from() {
		return false
	}
	s.counts.sent++
	s.counts.bytesSent += int64(s.cfg.Size)
	if c.left > 0 {
		c.left--
	}
	return true
}

// next sends the next message, or sees to it that it is sent when it is due, if there
// is one to send and a connection to send it on.
func (c *client) next() {
	s := c.shard
	switch {
	case !s.started, !c.open, c.waiting():
	case c.isDone():
		c.leave()
	case c.schedule != nil:
		c.sendWhenDue(s.Now())
	default:
		c.sendAtOnce(s.Now())
	}
}

// isDone reports whether there is nothing more for the client to send.
func (c *client) isDone() bool {
	s := c.shard
	return s.stopping || c.left == 0 || s.overtime && c.schedule.due(&s.window) >= s.window.until()
}

// sendAtOnce is what a client of a closed loop does. However short the run, and
// however late the shard heard of it, it sends a message.
func (c *client) sendAtOnce(now int64) {
	if now >= c.shard.window.until() && c.seq > 0 {
		c.leave()
		return
	}
	c.send(now, now)
}

// sendWhenDue is what a client of an open loop does.
func (c *client) sendWhenDue(now int64) {
	s := c.shard
	due := c.schedule.due(&s.window)
	switch {
	case due >= s.window.until():
		// None is due in this run any more: timeUp will come.
	case due > now:
		s.Schedule(&c.timer, due)
	case due >= s.window.from() && !s.takeTicket():
		// As many are sent as were asked for: stop will come.
	default:
		c.send(due, now)
	}
}

// send sends a message that was due.
func (c *client) send(due, now int64) {
	c.seq++
	c.due, c.sent = due, now
	c.ideal = max(due, c.ready)
	if c.wanting == 0 {
		c.wanting = c.shard.tick(due)
	}
	if c.shard.overtime && due >= c.shard.window.from() {
		c.shard.counts.overtime++
	}
	if c.schedule != nil {
		if c.schedule.warm && now >= c.shard.window.from() {
			c.shard.counts.overhang++
		}
		c.schedule.advance()
	}
	c.shard.underWay++
	c.conn.Write(c.message())
	c.conn.SetDeadline(now + int64(c.shard.cfg.Timeout))
}

// message is the one under way, valid until another is asked for.
func (c *client) message() []byte {
	c.shard.message = appendMessage(c.shard.message[:0], c.sent, c.id, c.seq, c.shard.cfg.Size)
	return c.shard.message
}

// Opened implements evloop.Handler.
func (c *client) Opened(conn evloop.Conn) {
	c.open = true
	c.setDown(false)
	c.shard.connected++
	conn.SetDeadline(0)
	c.ready = c.shard.Now()
	c.tried()
	c.next()
}

// Data implements evloop.Handler.
func (c *client) Data(_ evloop.Conn, b []byte, at evloop.Stamp) {
	if !c.waiting() {
		c.fail(unasked(b))
		return
	}
	if part := c.shard.part(c); part != nil {
		b = append(part, b...)
	}
	t2, verdict := c.check(b)
	switch verdict {
	case wire.Whole:
		c.shard.answered++
		c.shard.turn(at.Read)
		measured := c.account()
		if measured {
			c.shard.measure(c, t2, at, len(b))
		} else {
			c.shard.warm(c, t2, at)
		}
		c.noteServed(at.Read, measured)
		c.ready = c.ideal + c.arrived(at) - c.sent
		c.settle()
		c.conn.SetDeadline(0)
		c.failures = 0
		c.next()
	case wire.Partial:
		c.shard.parts[c] = append([]byte(nil), b...)
	default:
		k := replyKind(verdict)
		c.shard.said.note(k, func() first { return c.deviation(k, b) })
		c.fail(k)
	}
}

func (c *client) check(got []byte) (t2 int64, v wire.Verdict) {
	if c.shard.cfg.Proto == Echo {
		return 0, wire.CheckEcho(got, c.message())
	}
	return wire.CheckReply(got, c.message())
}

// settle ends the message under way.
func (c *client) settle() {
	if c.waiting() {
		c.sent = 0
		c.shard.underWay--
	}
	if len(c.shard.parts) > 0 {
		delete(c.shard.parts, c)
	}
}

// unasked is the kind of data that comes with no message under way.
func unasked(b []byte) kind {
	if wire.IsGoodbye(b) {
		return goodbye
	}
	return coalesced
}

// Closed implements evloop.Handler.
func (c *client) Closed(conn evloop.Conn, err error) {
	c.shard.conns--
	if conn == c.conn && !c.gone {
		c.fail(c.closedKind(err))
	}
	c.shard.tellFinished()
}

// closedKind is the kind of what closed the connection, or kept it from being made.
func (c *client) closedKind(err error) kind {
	if !c.open {
		c.setDown(true)
		return c.shard.connectKind(err)
	}
	k := streamKind(err, c.shard.part(c) != nil)
	if k == ioOther {
		c.shard.said.note(k, func() first { return first{text: inWords(err)} })
	}
	return k
}

// fail counts an error, gives the connection up and begins another after a while.
func (c *client) fail(k kind) {
	s := c.shard
	s.turn(s.Now())
	s.counts.errors[k]++
	if c.waiting() {
		s.missed++
	}
	if now := s.Now(); c.account() {
		s.counts.failed++
		s.censor(c, now)
	} else if c.waiting() && now >= s.window.from() {
		s.counts.crossed = max(s.counts.crossed, now-c.due)
	}
	c.disconnect()
	c.tried()
	if c.isDone() {
		c.leave()
		return
	}
	c.connectAt(s.Now() + backoff(c.failures, s.random))
	c.failures = min(c.failures+1, 10)
}

// tried notes that the client has connected, or failed to, for the first time.
func (c *client) tried() {
	if c.attempted {
		return
	}
	c.attempted = true
	if c.shard.unattempted--; c.shard.unattempted == 0 {
		c.shard.tellAttempted()
	}
}

func (c *client) setDown(down bool) {
	if c.down == down {
		return
	}
	c.down = down
	if down {
		c.shard.down++
	} else {
		c.shard.down--
	}
}

var farewell = []byte{wire.Goodbye}

// disconnect says goodbye on the connection and forgets it.
func (c *client) disconnect() {
	c.settle()
	if c.conn == nil {
		return
	}
	if c.open {
		c.open = false
		c.shard.connected--
		c.conn.Write(farewell)
	}
	c.conn.Close()
	c.conn = nil
}

// leave ends the client for good.
func (c *client) leave() {
	if c.gone {
		return
	}
	c.gone = true
	c.noteBacklog()
	c.shard.Cancel(&c.timer)
	c.disconnect()
	c.shard.active--
	c.shard.tellFinished()
}

// arrived is when the reply to the message under way reached this host, or was read,
// if the kernel does not tell or what it tells lies outside: then it is converted
// wrong, by a step of the wall clock.
func (c *client) arrived(at evloop.Stamp) int64 {
	if c.isStamped(at) {
		return at.Arrived
	}
	return at.Read
}

func (c *client) isStamped(at evloop.Stamp) bool {
	return c.sent <= at.Arrived && at.Arrived <= at.Read
}

// noteBacklog notes that the time is over, or that the client leaves before, and how late
// the first of the messages is that were due by then. How many they are is counted when
// the run is over, which may take a while.
func (c *client) noteBacklog() {
	s := c.shard
	if c.schedule == nil || c.schedule.ended != 0 {
		return
	}
	c.schedule.ended = min(s.Now(), s.window.until())
	next, late := c.schedule.first(&s.window)
	if late <= 0 {
		return
	}
	s.counts.overdue += late
	switch {
	case c.waiting():
		s.counts.ownOverdue += min(late, c.sent-c.ideal)
	case c.open:
		s.counts.ownOverdue += max(0, c.schedule.ended-max(next, c.ready))
	}
}
