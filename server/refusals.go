package server

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// A Refusal tells of connections that were closed as soon as they were accepted, for
// want of a file descriptor.
type Refusal struct {
	Count int64         // connections; at least 1
	Since time.Duration // the time in which that was; 0 of the first
	Err   error         // what the system said of the last
}

// RefusalInterval is how long refusals are counted before they are told of again.
const RefusalInterval = 10 * time.Second

// refusals count connections that were refused, and tell of them once in a while.
type refusals struct {
	tell func(Refusal) // nil tells nobody

	mu    sync.Mutex
	count int64     // since they were told of last
	since time.Time // when that was
	err   error
	timer *time.Timer // runs while they are told of again and again
	ended bool
}

// note counts one, and tells of it at once if there was none for a while.
func (r *refusals) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tell == nil || r.ended {
		return
	}
	r.count++
	r.err = err
	if r.timer == nil {
		r.tell(Refusal{Count: r.count, Err: err})
		r.again()
	}
}

// again begins to count anew. The lock is held.
func (r *refusals) again() {
	r.count, r.since = 0, time.Now()
	r.timer = time.AfterFunc(RefusalInterval, r.report)
}

// report tells how many there were. When there were none, the next is told of at once
// again.
func (r *refusals) report() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = nil
	if r.ended || r.count == 0 {
		return
	}
	r.tell(Refusal{Count: r.count, Since: time.Since(r.since), Err: r.err})
	r.again()
}

// end tells of those that have not been told of.
func (r *refusals) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.count > 0 {
		r.tell(Refusal{Count: r.count, Since: time.Since(r.since), Err: r.err})
	}
}

// listenAdvice is what to do about an address that cannot be listened on.
func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program has the port: end it, or choose another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "is the address this host's?"
	case errors.Is(err, syscall.EACCES):
		return "may this user take the port? Those below 1024 take privileges"
	case errors.Is(err, syscall.EAFNOSUPPORT):
		return "is IPv6 off on this host?"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit of open files (ulimit -n), or use fewer event loops"
	}
	return "is the address this host's, and the port free?"
}
