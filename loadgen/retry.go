package loadgen

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// How long a client that lost its connection waits before it connects again: twice
// as long after each failure, until a reply is whole. It is half of that at least, and
// the rest is random, so that clients which lost theirs together do not come back
// together.
const (
	minRetry = 10 * time.Millisecond
	maxRetry = time.Second
)

// backoff is how long to wait, in nanoseconds, after so many failures before.
func backoff(failures uint8, random *rand.Rand) int64 {
	most := int64(min(minRetry<<min(failures, 10), maxRetry))
	return most/2 + random.Int64N(most/2+1)
}

// attempts are when clients may connect, on the time line: no more than so many begin
// in a second, of all shards, the first time or again. Those who want to are served in
// their order.
type attempts struct {
	every int64        // nanoseconds from one to the next
	next  atomic.Int64 // when the next may be
}

// limit has no more than so many attempts begin in a second; 0 is any number.
func (a *attempts) limit(perSecond int) {
	if perSecond > 0 {
		a.every = (1e9 + int64(perSecond) - 1) / int64(perSecond)
	}
}

// book returns when an attempt that is wanted now may be: now or later.
func (a *attempts) book(now int64) int64 {
	for {
		next := a.next.Load()
		at := max(now, next)
		if a.next.CompareAndSwap(next, at+a.every) {
			return at
		}
	}
}
