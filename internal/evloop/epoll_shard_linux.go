package evloop

import (
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// epollShard is a thread with its own epoll.
type epollShard struct {
	cfg   *Config
	index int
	fd    int // the epoll
	bell  int // an eventfd: something was posted

	posting  sync.Mutex
	posted   []func()
	pending  atomic.Bool // something is posted: saves the lock where nothing is
	sleeping atomic.Bool // the thread may have to be woken to see what was posted

	timers    Timers
	conns     []*epollConn // by descriptor
	serial    int32        // of the newest connection
	listeners []*listener
	spare     spare        // while it listens
	ended     []*epollConn // whose handlers are to be told
	dials     int
	stopped   bool

	early   early
	idle    int64 // nanoseconds, all together
	emptied int64 // when a look found nothing and nothing was done since; 0 is not
	seen    int64 // a time on the line that has come: of the last receive

	events  [128]unix.EpollEvent
	timeout timespec // of sleeping; here, so that it is not allocated each time
	coarse  bool     // the system has no epoll_pwait2
	buf     []byte   // what was received last
	msg     receiver
}

func newEpollShard(cfg *Config, index int) (*epollShard, error) {
	s := &epollShard{cfg: cfg, index: index, bell: -1, buf: make([]byte, cfg.ReadSize)}
	s.msg.init(s.buf)
	var err error
	if s.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if s.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		s.close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	if err := s.control(unix.EPOLL_CTL_ADD, s.bell, bellSerial, unix.EPOLLIN); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// Serials in the epoll tell what a descriptor is, and events of a connection
// from those of another that had the descriptor before.
const (
	bellSerial     = -1
	listenerSerial = -2
)

func (s *epollShard) control(op, fd int, serial int32, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd), Pad: serial}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(s.fd, op, fd, &ev))
}

func (s *epollShard) close() {
	s.posting.Lock()
	defer s.posting.Unlock()
	for _, fd := range []int{s.fd, s.bell} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	s.fd, s.bell, s.posted = -1, -1, nil
}

func (s *epollShard) Index() int { return s.index }

func (s *epollShard) Now() int64 {
	line, _ := s.cfg.Clock.Now()
	return line
}

func (s *epollShard) Schedule(t *Timer, due int64) { s.timers.Schedule(t, due) }
func (s *epollShard) Cancel(t *Timer)              { s.timers.Cancel(t) }
func (s *epollShard) Idle() (ns int64, ok bool)    { return s.idle, true }

func (s *epollShard) Conns() iter.Seq[Conn] {
	return func(yield func(Conn) bool) {
		for fd := 0; fd < len(s.conns); fd++ {
			if c := s.conns[fd]; c != nil && !yield(c) {
				return
			}
		}
	}
}

func (s *epollShard) Post(f func()) {
	s.posting.Lock()
	defer s.posting.Unlock()
	if s.bell < 0 {
		return // the loop has ended
	}
	s.posted = append(s.posted, f)
	s.pending.Store(true)
	if s.sleeping.Swap(false) && s.bell >= 0 {
		one := [8]byte{0: 1}
		_, _ = unix.Write(s.bell, one[:])
	}
}

// takePosted returns what was posted.
func (s *epollShard) takePosted() []func() {
	if !s.pending.Load() {
		return nil
	}
	s.posting.Lock()
	defer s.posting.Unlock()
	posted := s.posted
	s.posted = nil
	s.pending.Store(false)
	return posted
}

// run is the thread. It returns when the shard has been stopped and every
// handler has been told.
func (s *epollShard) run() error {
	runtime.LockOSThread()
	defer s.unlockThread()
	if err := s.prepareThread(); err != nil {
		s.stop()
		s.tellEnded()
		return err
	}
	for {
		n, err := s.wait()
		if err != nil {
			s.stop()
			s.tellEnded()
			return err
		}
		for i := range n {
			s.handle(&s.events[i])
			// A timer does not wait for all events, when it is known to be due.
			s.fire(s.seen)
		}
		if _, ok := s.timers.Next(); ok {
			s.fire(s.Now())
		}
		for _, f := range s.takePosted() {
			s.emptied = 0
			f()
		}
		s.tellEnded()
		if s.stopped {
			return nil
		}
	}
}

// fire wakes the timers that are due at now.
func (s *epollShard) fire(now int64) {
	if due, ok := s.timers.Next(); ok && due <= now {
		s.emptied = 0
		s.timers.Fire(now)
	}
}

// prepareThread makes the thread wake on time, and stay where it should.
func (s *epollShard) prepareThread() error {
	// Without this, the kernel may fire a timer 50 µs late.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	if len(s.cfg.CPUs) == 0 {
		return nil
	}
	return pin(s.cfg.CPUs[s.index%len(s.cfg.CPUs)])
}

// unlockThread gives the thread back, unless it was pinned: then it ends with
// its goroutine.
func (s *epollShard) unlockThread() {
	if len(s.cfg.CPUs) == 0 {
		runtime.UnlockOSThread()
	}
}

// handle sees to one event.
func (s *epollShard) handle(ev *unix.EpollEvent) {
	switch ev.Pad {
	case bellSerial:
		var b [8]byte
		_, _ = unix.Read(s.bell, b[:])
	case listenerSerial:
		s.acceptFrom(int(ev.Fd))
	default:
		if c := s.conn(ev.Fd); c != nil && c.serial == ev.Pad {
			c.ready()
		}
	}
}

func (s *epollShard) conn(fd int32) *epollConn {
	if int(fd) >= len(s.conns) {
		return nil
	}
	return s.conns[fd]
}

// tellEnded tells the handlers of connections that have ended, which may end
// further ones.
func (s *epollShard) tellEnded() {
	for len(s.ended) > 0 {
		c := s.ended[0]
		s.ended = s.ended[1:]
		if len(s.ended) == 0 {
			s.ended = nil
		}
		err := c.why()
		c.handler.Closed(c, err)
	}
}

// stop ends everything on the shard.
func (s *epollShard) stop() {
	s.stopped = true
	s.closeListeners()
	for _, c := range s.conns {
		if c != nil {
			c.end(ErrStopped)
		}
	}
}

// watch puts a connection with a descriptor into the table and the epoll.
func (s *epollShard) watch(c *epollConn, events uint32) bool {
	fd := int(c.fd)
	for fd >= len(s.conns) {
		s.conns = append(s.conns, nil)
	}
	s.conns[fd] = c
	if s.cfg.Stamps {
		// Without stamps it goes on; that is what the handler sees, and counts.
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING_NEW,
			unix.SOF_TIMESTAMPING_RX_SOFTWARE|unix.SOF_TIMESTAMPING_SOFTWARE)
	}
	if err := s.control(unix.EPOLL_CTL_ADD, fd, c.serial, events); err != nil {
		c.end(err)
		return false
	}
	return true
}
