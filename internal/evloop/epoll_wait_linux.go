package evloop

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wait returns the number of events, after sleeping until there are any, a timer
// is due or something was posted; awake, it may return with nothing. It sleeps only
// when a look without sleeping found nothing, because telling Go's scheduler costs
// more than the look.
func (s *epollShard) wait() (int, error) {
	n, err := s.poll()
	if n != 0 || err != nil {
		s.emptied = 0
		return n, err
	}
	now := s.Now()
	wait := int64(time.Hour)
	due, timed := s.timers.Next()
	if timed {
		wait = max(0, due-now-s.early.margin)
	}
	if s.cfg.Spin || s.cfg.Punctual && timed && wait == 0 {
		if s.emptied != 0 {
			s.idle += now - s.emptied
		}
		s.emptied = now
		return 0, nil
	}
	s.sleeping.Store(true)
	defer s.sleeping.Store(false)
	if s.pending.Load() { // since sleeping was set, who posts rings the bell
		return 0, nil
	}
	s.timeout = timespec{wait / 1e9, wait % 1e9}
	n, err = s.sleep()
	woke := s.Now()
	s.idle += woke - now
	if s.cfg.Punctual && n == 0 {
		s.early.learn(woke - (now + wait))
	}
	return n, err
}

// early is by how much a punctual shard ends its sleep before a timer is due. The
// system wakes a thread late, by microseconds or by tens of them, as the processor
// and a hypervisor please; the margin follows what it does.
type early struct{ margin int64 }

const (
	maxMargin  = 200_000
	marginStep = 500
	// One step up for each sleep that ended too late to be punctual, and so many
	// times less far down for the others, finds the margin that is enough for
	// all but one in forty.
	marginRatio = 39
)

// learn takes how late a sleep has ended, in nanoseconds.
func (e *early) learn(late int64) {
	if late > e.margin {
		e.margin = min(e.margin+marginRatio*marginStep, maxMargin)
	} else {
		e.margin = max(e.margin-marginStep, 0)
	}
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
