package loadgen

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

// plan is what all shards of a run know: settled before it begins.
type plan struct {
	cfg     Config
	target  netip.AddrPort
	stamps  bool   // the kernel is asked when replies arrive
	samples bool   // shards gather samples of the server's clock
	paces   *paces // nil in closed loop
	watched metric
	window  window       // in which is measured
	tickets atomic.Int64 // of an open loop with a number of messages: how many may still be sent
	began   int64        // when connecting begins, on the time line
	reports chan report  // never blocks a shard: see report

	attempts attempts // of all clients to connect
	seed     uint64   // of what is random in when they connect again
	said     firsts   // of each kind of error

	unaddressed bool // this host has no address to connect to the target from
}

// A report is how a shard tells its supervisor that something has happened. Pulses
// fill the channel at most by half and are dropped beyond that, so that there is
// room for the others of each shard.
type report struct {
	shard *shard
	what  news
	pulse pulse
}

type news uint8

const (
	attempted news = iota // every client has connected, or failed to, once
	finished              // every client is done and closed
	spent                 // the last message that was to be sent has been
	pulsed                // the state so far
)

// pulse is the state of a shard, so far.
type pulse struct {
	connected int
	down      int   // clients whose last attempt to connect failed
	underWay  int   // messages
	settled   int64 // measured messages that nothing is to come for
	received  int64 // replies that were measured
	errors    int64
	need      need
}

// shard is what belongs to one event loop: some clients, and their figures.
type shard struct {
	evloop.Shard
	*plan
	random  *rand.Rand
	clients []client // in one piece: there may be very many
	message []byte   // the one at hand
	counts  counts

	started     bool
	measuring   bool
	overtime    bool // the time is over, and what was due is still sent
	stopping    bool
	unattempted int   // clients that have not tried to connect yet
	active      int   // clients that may still send or receive
	connected   int   // clients
	down        int   // clients whose last attempt to connect failed
	underWay    int   // messages
	answered    int64 // replies, measured or not
	missed      int64 // messages that got no whole one, measured or not
	conns       int   // not yet closed, whether a client still has them or not
	told        bool

	beat     *evloop.Timer
	parts    map[*client][]byte // of replies of which some is still to come
	harvest  *harvest           // since the last one was handed over
	cut      int64              // when its interval ends, on the time line
	harvests chan *harvest      // handed over
	spares   chan *harvest      // emptied by the supervisor
	effort   effort
}

// counts are of what was measured, but for errors, which are of the whole run.
type counts struct {
	settled
	unanswered int64 // messages under way when nothing was awaited any more
	overtime   int64 // messages that were sent when the time was over
	neverSent  int64 // messages that were due and never sent
	unserved   int64 // clients
	starved    int64 // clients
	heard      tick  // when the last whole reply came before the end
	hunger     tick  // for how long until the end a client had wanted one, at most
	overdue    int64 // how late the first of them are, of all clients, nanoseconds
	ownOverdue int64 // the part of that which is the load generator's own
	overhang   int64 // messages of the warm-up that were not sent until measuring began
	stamped    int64 // replies whose arrival the kernel told
	crossed    int64 // the longest wait of the warm-up that ended in the measured time
	last       int64 // when the last reply came, on the time line
	resolution int64 // of the server's timestamps, nanoseconds, also in the warm-up
	far        int64 // replies whose timestamp is beyond clock.MaxApart
}

// backlog is the number of messages that were due and not sent when the time was over.
func (c *counts) backlog() int64 { return c.overtime + c.neverSent }

// settled are the counts of messages that nothing is to come for, of which each interval
// has its own.
type settled struct {
	sent, received, failed   int64
	late                     int64 // replies that came when the duration was over
	bytesSent, bytesReceived int64
	errors                   tally
}

func (c *settled) add(o settled)      { c.sum(o, 1) }
func (c *settled) subtract(o settled) { c.sum(o, -1) }

// sum adds so many times another.
func (c *settled) sum(o settled, times int64) {
	c.sent += times * o.sent
	c.received += times * o.received
	c.failed += times * o.failed
	c.late += times * o.late
	c.bytesSent += times * o.bytesSent
	c.bytesReceived += times * o.bytesReceived
	for k, n := range o.errors {
		c.errors[k] += times * n
	}
}

// The resolution of the server's timestamps is the greatest common divisor of as
// many as this, and of the coarsest that the protocol has.
const (
	resolutionSamples = 1000
	coarsest          = int64(time.Second)
)

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

func (c *counts) add(o counts) {
	c.settled.add(o.settled)
	c.unanswered += o.unanswered
	c.overtime += o.overtime
	c.neverSent += o.neverSent
	c.unserved += o.unserved
	c.starved += o.starved
	c.heard = max(c.heard, o.heard)
	c.hunger = max(c.hunger, o.hunger)
	c.overdue += o.overdue
	c.ownOverdue += o.ownOverdue
	c.overhang += o.overhang
	c.crossed = max(c.crossed, o.crossed)
	c.stamped += o.stamped
	c.far += o.far
	c.last = max(c.last, o.last)
	c.resolution = gcd(c.resolution, o.resolution)
}

// newShard returns the shard on loop that has every n-th client.
func newShard(p *plan, loop evloop.Shard, n int) *shard {
	s := &shard{
		Shard: loop, plan: p,
		random:   rand.New(rand.NewPCG(p.seed, uint64(loop.Index()))),
		message:  make([]byte, 0, MaxSize),
		parts:    map[*client][]byte{},
		counts:   counts{resolution: coarsest},
		harvest:  p.newHarvest(),
		harvests: make(chan *harvest, 64), // seconds
		spares:   make(chan *harvest, 8),
	}
	s.harvest.interval = unmeasured
	s.spares <- p.newHarvest()
	s.spares <- p.newHarvest()
	s.clients = make([]client, (p.cfg.Clients-loop.Index()+n-1)/n)
	for i := range s.clients {
		s.clients[i].init(s, loop.Index()+i*n)
	}
	s.active, s.unattempted = len(s.clients), len(s.clients)
	s.beat = evloop.NewTimer(s.pulse)
	return s
}

// begin has the clients connect, each at its time.
func (s *shard) begin() {
	for i := range s.clients {
		c := &s.clients[i]
		c.connectAt(s.began + int64(c.id)*1e9/int64(s.cfg.ConnectRate))
	}
	if len(s.clients) == 0 {
		s.tellAttempted()
	}
	s.pulse(s.Now())
}

// start has the clients send.
func (s *shard) start() {
	s.started = true
	for i := range s.clients {
		if s.paces == nil {
			s.clients[i].wanting = s.tick(s.Now())
		}
		s.Post(s.clients[i].next) // each by itself, so that none waits for the others to be stamped
	}
	s.Post(s.tellFinished)
}

// schedule prepares for the beginning and the end of the measured time, as far as
// they are known.
func (s *shard) schedule() {
	if from := s.window.from(); from != never && !s.measuring {
		s.Schedule(evloop.NewTimer(func(int64) { s.measureNow() }), from)
	}
	if s.turn(s.Now()); s.harvest.interval != unmeasured {
		_, s.cut = s.window.interval(s.harvest.interval, int64(s.cfg.Interval))
	}
	if until := s.window.until(); until != never {
		// Posted, to come after what start has posted: each client begins first.
		s.Post(func() { s.Schedule(evloop.NewTimer(func(int64) { s.timeUp() }), until) })
	}
	for i := range s.clients {
		if s.clients[i].schedule != nil {
			s.clients[i].next() // may be due earlier now
		}
	}
}

// measureNow is called when the measured time begins.
func (s *shard) measureNow() {
	s.measuring = true
	s.effort.begin(s.Shard)
}

// takeTicket reports whether another message may be sent.
func (s *shard) takeTicket() bool {
	if s.cfg.Messages == 0 {
		return true
	}
	left := s.tickets.Add(-1)
	if left == 0 {
		s.tell(spent)
	}
	return left >= 0
}

// stop has the clients leave, each when it has the reply to what it sent.
func (s *shard) stop() {
	s.stopping = true
	s.effort.end(s.Shard)
	for i := range s.clients {
		c := &s.clients[i]
		if !c.waiting() {
			c.leave()
		}
	}
	s.tellFinished()
}

// interrupt has the clients leave at once: what is under way is not awaited any more.
func (s *shard) interrupt() {
	s.turn(s.Now())
	s.stopping = true
	s.effort.end(s.Shard)
	for i := range s.clients {
		c := &s.clients[i]
		if c.account() {
			s.counts.unanswered++
			s.censor(c, s.Now())
		}
		c.leave()
	}
	s.tellFinished()
}

func (s *shard) tellAttempted() {
	s.tell(attempted)
}

func (s *shard) tellFinished() {
	if s.active == 0 && s.conns == 0 && !s.told {
		s.told = true
		s.effort.end(s.Shard)
		s.Cancel(s.beat)
		s.tell(finished)
	}
}

func (s *shard) tell(what news) {
	if what == finished { // nobody is to wait for more of this shard
		s.handOver(never)
	}
	s.reports <- report{shard: s, what: what, pulse: s.state()}
}

const pulseEvery = 250e6 // nanoseconds

// pulse tells the supervisor how things stand, and hands the harvest over.
func (s *shard) pulse(now int64) {
	s.Schedule(s.beat, now+pulseEvery)
	now = s.Now()
	s.turn(now)
	s.handOver(now)
	if len(s.reports) < cap(s.reports)/2 {
		s.reports <- report{shard: s, what: pulsed, pulse: s.state()}
	}
}

func (s *shard) state() pulse {
	return pulse{
		connected: s.connected, down: s.down, underWay: s.underWay, settled: s.counts.sent,
		received: s.counts.received, errors: s.counts.errors.total(),
		need: need{
			replies: s.answered, missed: s.missed, foreign: s.counts.errors[malformed] + s.counts.errors[mismatch],
			wanting: s.underWay + s.active - s.connected,
		},
	}
}

// part is what has come of a reply that is not whole yet, or nil.
func (s *shard) part(c *client) []byte {
	if len(s.parts) == 0 {
		return nil // nearly always
	}
	return s.parts[c]
}
