package evloop

import (
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

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
	ended     []*epollConn // whose handlers are to be told
	dials     int
	stopped   bool

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
		}
		if due, ok := s.timers.Next(); ok {
			if now := s.Now(); due <= now {
				s.timers.Fire(now)
			}
		}
		for _, f := range s.takePosted() {
			f()
		}
		s.tellEnded()
		if s.stopped {
			return nil
		}
	}
}

// prepareThread makes the thread wake on time, and stay where it should.
func (s *epollShard) prepareThread() error {
	// Without this, the kernel may fire a timer 50 µs late.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	if len(s.cfg.CPUs) == 0 {
		return nil
	}
	var set unix.CPUSet
	cpu := s.cfg.CPUs[s.index%len(s.cfg.CPUs)]
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cannot pin a shard to processor %d: %w", cpu, err)
	}
	return nil
}

// unlockThread gives the thread back, unless it was pinned: then it ends with
// its goroutine.
func (s *epollShard) unlockThread() {
	if len(s.cfg.CPUs) == 0 {
		runtime.UnlockOSThread()
	}
}

// wait returns the number of events, after sleeping until there are any, a timer
// is due or something was posted. It sleeps only when a look without sleeping
// found nothing, because telling Go's scheduler costs more than the look.
func (s *epollShard) wait() (int, error) {
	n, err := s.poll()
	if n != 0 || err != nil || s.cfg.Spin {
		return n, err
	}
	s.sleeping.Store(true)
	defer s.sleeping.Store(false)
	if s.pending.Load() { // since sleeping was set, who posts rings the bell
		return 0, nil
	}
	wait := int64(time.Hour)
	if due, ok := s.timers.Next(); ok {
		wait = max(0, due-s.Now())
	}
	s.timeout = timespec{wait / 1e9, wait % 1e9}
	return s.sleep()
}

// timespec is the kernel's, which has 64 bits on every system.
type timespec struct{ sec, nsec int64 }

// poll looks for events without sleeping.
func (s *epollShard) poll() (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.fd),
		uintptr(unsafe.Pointer(&s.events)), uintptr(len(s.events)), 0, 0, 0)
	return events(n, errno)
}

// sleep waits for events with the precision of nanoseconds, where the kernel has
// epoll_pwait2 (5.11) and no sandbox forbids it.
func (s *epollShard) sleep() (int, error) {
	if s.coarse {
		return s.sleepMillis()
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(s.fd),
		uintptr(unsafe.Pointer(&s.events)), uintptr(len(s.events)), uintptr(unsafe.Pointer(&s.timeout)), 0, 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		s.coarse = true
		return s.sleepMillis()
	}
	return events(n, errno)
}

// sleepMillis waits with the precision of milliseconds, rounded up.
func (s *epollShard) sleepMillis() (int, error) {
	ms := s.timeout.sec*1000 + (s.timeout.nsec+999_999)/1e6
	n, err := unix.EpollWait(s.fd, s.events[:], int(ms))
	if err == nil || errors.Is(err, unix.EINTR) {
		return max(n, 0), nil
	}
	return 0, os.NewSyscallError("epoll_wait", err)
}

func events(n uintptr, errno unix.Errno) (int, error) {
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, os.NewSyscallError("epoll_pwait", errno)
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

// listener is one of a shard's listening sockets.
type listener struct {
	fd      int
	handler Handler
	pause   Timer // until accepting is tried again, when descriptors ran out
	backoff time.Duration
}

func (s *epollShard) listen(addr netip.AddrPort, h Handler) (netip.AddrPort, error) {
	fd, bound, err := boundListener(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	l := &listener{fd: fd, handler: h, backoff: minBackoff}
	l.pause.Init(WakeFunc(func(int64) { _ = s.control(unix.EPOLL_CTL_MOD, fd, listenerSerial, unix.EPOLLIN) }))
	s.listeners = append(s.listeners, l)
	return bound, s.control(unix.EPOLL_CTL_ADD, fd, listenerSerial, unix.EPOLLIN)
}

// acceptLast takes what has been connected already, and closes the listeners.
func (s *epollShard) acceptLast() {
	for _, l := range s.listeners {
		s.acceptFrom(l.fd)
	}
	s.closeListeners()
}

func (s *epollShard) closeListeners() {
	for len(s.listeners) > 0 {
		s.closeListener()
	}
}

// closeListener closes the newest listener.
func (s *epollShard) closeListener() {
	last := len(s.listeners) - 1
	l := s.listeners[last]
	s.listeners = s.listeners[:last]
	s.timers.Remove(&l.pause)
	_ = unix.Close(l.fd)
}

// acceptBatch is how many connections are accepted before others get their turn.
const acceptBatch = 256

// acceptFrom takes the connections that wait. Out of descriptors or memory it
// pauses, for what is closed makes room again.
func (s *epollShard) acceptFrom(fd int) {
	var l *listener
	for _, known := range s.listeners {
		if known.fd == fd {
			l = known
		}
	}
	if l == nil {
		return // closed by what happened before it in the same batch
	}
	for range acceptBatch {
		nfd, sa, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			l.backoff = minBackoff
			s.adopt(nfd, sa, l.handler)
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		case errors.Is(err, unix.EAGAIN):
			return
		default:
			_ = s.control(unix.EPOLL_CTL_MOD, fd, listenerSerial, 0)
			s.Schedule(&l.pause, s.Now()+int64(l.backoff))
			l.backoff = min(2*l.backoff, maxBackoff)
			return
		}
	}
}

// adopt makes a connection of what was accepted.
func (s *epollShard) adopt(fd int, sa unix.Sockaddr, h Handler) {
	c := s.newConn(h, addrPortOf(sa))
	c.fd = int32(fd)
	c.open = true
	if s.watch(c, unix.EPOLLIN) {
		h.Opened(c)
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

func (s *epollShard) Dial(addr netip.AddrPort, h Handler) Conn {
	c := s.newConn(h, addr)
	if s.stopped {
		c.end(ErrStopped)
		return c
	}
	if err := s.connect(c, addr); err != nil {
		c.end(err)
	}
	return c
}

// connect begins to connect c; that it has is an event.
func (s *epollShard) connect(c *epollConn, addr netip.AddrPort) error {
	family, sa, err := sockaddr(addr)
	if err != nil {
		return err
	}
	fd, err := streamSocket(family)
	if err != nil {
		return err
	}
	c.fd = int32(fd)
	if err := s.bindSource(fd); err != nil {
		return err
	}
	if err := unix.Connect(fd, sa); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return os.NewSyscallError("connect", err)
	}
	s.watch(c, unix.EPOLLOUT)
	return nil
}

// bindSource binds the next of the configured source addresses, and leaves the
// port to connect, which can take one that is in use towards another address.
func (s *epollShard) bindSource(fd int) error {
	if len(s.cfg.Sources) == 0 {
		return nil
	}
	s.dials++
	_, sa, err := sockaddr(netip.AddrPortFrom(s.cfg.Sources[s.dials%len(s.cfg.Sources)], 0))
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("setsockopt IP_BIND_ADDRESS_NO_PORT", err)
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

func interfaceIndex(zone string) (int, error) {
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		if i, e := strconv.Atoi(zone); e == nil {
			return i, nil
		}
		return 0, err
	}
	return ifi.Index, nil
}
