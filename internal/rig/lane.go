package rig

import "github.com/echostamp/echostamp/internal/evloop"

// A lane is one direction of a client's connection: a queue of packets, of which
// the first is written when it is due. It belongs to a shard.
type lane struct {
	direction   *direction
	shard       evloop.Shard
	spare       *spare
	to          evloop.Conn // where it leads; nil until that is connected
	gone        bool        // where it leads has ended
	first, last *packet     // last counts only if there is a first
	due         int64       // of the last packet there was
	timer       evloop.Timer
}

func (l *lane) init(d *direction, s evloop.Shard, spare *spare) {
	l.direction, l.shard, l.spare = d, s, spare
	l.timer.Init(l)
}

// lead has the lane lead to a connection, which is open now.
func (l *lane) lead(to evloop.Conn) {
	l.to = to
	l.arm()
}

// take queues a copy of what came at a time.
func (l *lane) take(b []byte, at int64) {
	if l.gone {
		return
	}
	l.due = max(l.due, at+l.direction.draw())
	p := l.spare.get()
	p.bytes = append(p.bytes[:0], b...)
	p.at, p.due = at, l.due
	if l.first == nil {
		l.first = p
		l.arm()
	} else {
		l.last.next = p
	}
	l.last = p
}

// end queues the end of the stream: a packet without bytes, as there is no other.
func (l *lane) end() { l.take(nil, l.shard.Now()) }

// abandon drops everything: where the lane leads has ended.
func (l *lane) abandon() {
	l.gone = true
	l.shard.Cancel(&l.timer)
	for l.first != nil {
		l.spare.put(l.pop())
	}
}

// arm has the timer fire when the first packet is due, if it can be written.
func (l *lane) arm() {
	if l.to != nil && l.first != nil {
		l.shard.Schedule(&l.timer, l.first.due)
	}
}

// Wake writes what is due.
func (l *lane) Wake(now int64) {
	for l.first != nil && l.first.due <= now {
		p := l.pop()
		l.write(p)
		l.spare.put(p)
	}
	l.arm()
}

// write logs before it writes: the time of a write that wakes up the receiver is
// not the relay's.
func (l *lane) write(p *packet) {
	if len(p.bytes) == 0 {
		l.to.Close()
		return
	}
	l.direction.sends(p.at, l.shard.Now())
	l.to.Write(p.bytes)
}

// pop takes the first packet out of the queue.
func (l *lane) pop() *packet {
	p := l.first
	l.first, p.next = p.next, nil
	return p
}

// A packet is held, or spare.
type packet struct {
	bytes   []byte
	at, due int64
	next    *packet
}

// spare are packets to use again.
type spare struct{ first *packet }

func (s *spare) get() *packet {
	p := s.first
	if p == nil {
		return &packet{}
	}
	s.first, p.next = p.next, nil
	return p
}

func (s *spare) put(p *packet) { s.first, p.next = p, s.first }
