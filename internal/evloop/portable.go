package evloop

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net"
	"net/netip"
	"sync"
	"time"
)

// newPortable returns a loop with a goroutine for each connection, which works
// wherever Go does. A shard is a lock that is held while a handler runs.
func newPortable(cfg Config) Loop {
	l := &portable{cfg: cfg}
	for i := range cfg.Shards {
		l.shards = append(l.shards, newPortableShard(l, i))
	}
	return l
}

type portable struct {
	cfg    Config
	shards []*portableShard
	wg     sync.WaitGroup
	ctx    context.Context // of Run; set before any goroutine starts

	mu        sync.Mutex
	listeners []*portableListener
	closing   bool
}

type portableListener struct {
	net.Listener
	accept func(Shard) Handler
	spare  spare // of who accepts
}

func (l *portable) Shards() []Shard {
	out := make([]Shard, len(l.shards))
	for i, s := range l.shards {
		out[i] = s
	}
	return out
}

func (l *portable) Listen(addr netip.AddrPort, accept func(Shard) Handler) (netip.AddrPort, error) {
	lc := net.ListenConfig{Control: reuseAddress}
	own := &portableListener{accept: accept}
	if err := own.spare.hold(); err != nil {
		return netip.AddrPort{}, err
	}
	ln, err := lc.Listen(context.Background(), network(addr), addr.String())
	if err == nil {
		if err = room(); err != nil {
			_ = ln.Close()
		}
	}
	if err != nil {
		own.spare.release()
		return netip.AddrPort{}, err
	}
	own.Listener = ln
	l.listeners = append(l.listeners, own)
	bound := addrPort(ln.Addr())
	if zone := addr.Addr().Zone(); zone != "" { // Linux does not tell that of a socket for MPTCP, as Go makes them
		bound = netip.AddrPortFrom(bound.Addr().WithZone(zone), bound.Port())
	}
	return bound, nil
}

// network keeps an IPv6 listener from taking the IPv4 port as well, so that
// both can be asked for.
func network(addr netip.AddrPort) string {
	if addr.Addr().Is4() {
		return "tcp4"
	}
	return "tcp6"
}

func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (l *portable) CloseListeners() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	for _, ln := range l.listeners {
		_ = ln.Close()
	}
}

func (l *portable) Close() {
	l.CloseListeners()
	for _, ln := range l.listeners {
		ln.spare.release()
	}
}

func (l *portable) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.ctx = ctx
	failed := make(chan error, len(l.listeners))
	for _, ln := range l.listeners {
		l.wg.Go(func() {
			if err := l.acceptAll(ln); err != nil {
				failed <- err
			}
		})
	}
	for _, s := range l.shards {
		l.wg.Go(s.keepTime)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		cancel()
	}
	l.CloseListeners()
	for _, s := range l.shards {
		s.stop()
	}
	l.wg.Wait()
	return err
}

// acceptAll hands the connections to the shards in turn. When it cannot accept it
// backs off, for what ends makes room again.
func (l *portable) acceptAll(ln *portableListener) error {
	defer ln.spare.release()
	backoff := minBackoff
	for next := 0; ; next++ {
		nc, err := l.acceptFrom(ln)
		switch {
		case err == nil && nc == nil:
		case err == nil:
			backoff = minBackoff
			s := l.shards[next%len(l.shards)]
			l.wg.Go(func() { s.serve(nc.(*net.TCPConn), ln.accept(s)) })
		case l.isClosing():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			l.cfg.Refused(err)
			select {
			case <-l.ctx.Done():
			case <-time.After(backoff):
			}
			backoff = min(2*backoff, maxBackoff)
		}
	}
}

// acceptFrom waits for a connection. Out of descriptors it takes one with the spare
// descriptor, and closes it, unless there is another to spare by then; the connection
// is nil then.
func (l *portable) acceptFrom(ln *portableListener) (net.Conn, error) {
	held := ln.spare.hold()
	nc, err := ln.Accept()
	if !isOutOfDescriptors(err) || held != nil {
		return nc, err
	}
	why := err
	ln.spare.release()
	if nc, err = ln.Accept(); err != nil || ln.spare.hold() == nil {
		return nc, err
	}
	_ = nc.Close()
	_ = ln.spare.hold()
	l.cfg.Refused(why)
	return nil, nil
}

// How long accepting pauses when the system has nothing to accept with.
const (
	minBackoff = time.Millisecond
	maxBackoff = 100 * time.Millisecond
)

func (l *portable) isClosing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

type portableShard struct {
	loop  *portable
	index int
	wake  chan struct{} // capacity 1: keepTime has something to look at

	posting sync.Mutex
	posted  []func()

	mu      sync.Mutex // held while anything runs on the shard
	drained sync.Cond  // of mu: some connection's output has been written
	timers  Timers
	armed   int64 // when keepTime will look at the timers next; 0 is never
	conns   map[*portableConn]struct{}
	dials   int
	dirty   []*portableConn // written to since the lock was taken
	stopped bool
}

func newPortableShard(l *portable, index int) *portableShard {
	s := &portableShard{
		loop: l, index: index,
		wake:  make(chan struct{}, 1),
		conns: map[*portableConn]struct{}{},
	}
	s.drained.L = &s.mu
	return s
}

func (s *portableShard) Index() int { return s.index }

func (s *portableShard) Now() int64 {
	line, _ := s.loop.cfg.Clock.Now()
	return line
}

func (s *portableShard) Post(f func()) {
	s.posting.Lock()
	s.posted = append(s.posted, f)
	s.posting.Unlock()
	s.nudge()
}

func (s *portableShard) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *portableShard) Conns() iter.Seq[Conn] {
	return func(yield func(Conn) bool) {
		for c := range maps.Clone(s.conns) {
			if !yield(c) {
				return
			}
		}
	}
}

func (s *portableShard) Schedule(t *Timer, due int64) { s.timers.Schedule(t, due) }
func (s *portableShard) Cancel(t *Timer)              { s.timers.Cancel(t) }
func (s *portableShard) Idle() (ns int64, ok bool)    { return 0, false }

// leave ends what began with locking mu: it sees to the timers and to the
// output that was written meanwhile. The goroutine of a connection names itself
// and sends its own output; output of others gets a goroutine to send it.
func (s *portableShard) leave(self *portableConn) {
	sendSelf := false // by this goroutine
	for _, c := range s.dirty {
		c.dirty = false
		switch {
		case c.sending:
		case c == self:
			c.sending, sendSelf = true, true
		default:
			c.sending = true
			s.loop.wg.Go(c.send)
		}
	}
	s.dirty = s.dirty[:0]
	if due, ok := s.timers.Next(); ok && (s.armed == 0 || due < s.armed) {
		s.armed = due
		s.nudge()
	}
	wait := self != nil && self.sending && !sendSelf
	s.mu.Unlock()
	if sendSelf {
		self.send()
	}
	if wait {
		self.awaitDrained()
	}
}

// keepTime calls what was posted and the timers that are due.
func (s *portableShard) keepTime() {
	sleep := time.NewTimer(0)
	for {
		select {
		case <-s.loop.ctx.Done():
			return
		case <-sleep.C:
		case <-s.wake:
		}
		s.posting.Lock()
		posted := s.posted
		s.posted = nil
		s.posting.Unlock()

		for _, f := range posted {
			s.mu.Lock()
			f()
			s.leave(nil)
		}
		s.mu.Lock()
		s.timers.Fire(s.Now())
		due, ok := s.timers.Next()
		s.armed = due
		if ok {
			sleep.Reset(time.Duration(due - s.Now()))
		}
		s.leave(nil)
	}
}

// stop ends all connections; their goroutines call Closed.
func (s *portableShard) stop() {
	s.mu.Lock()
	s.stopped = true
	for c := range s.conns {
		c.end(ErrStopped)
	}
	s.leave(nil)
}
