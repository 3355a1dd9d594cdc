package evloop

// A Waker is what a [Timer] wakes.
type Waker interface {
	// Wake is called on the timer's shard when its time has come, with the time
	// on the loop's line.
	Wake(now int64)
}

// WakeFunc is a function as a Waker.
type WakeFunc func(now int64)

// Wake calls f.
func (f WakeFunc) Wake(now int64) { f(now) }

// A Timer wakes something on a shard when its time has come. It belongs to one
// shard, and can be scheduled again and again without allocating. It may be part
// of a larger value, which must not be copied then.
type Timer struct {
	waker Waker
	due   int64 // when it is wanted; 0 is not at all
	place int32 // in the queue, plus one; 0 is none
}

// NewTimer returns a timer that calls wake.
func NewTimer(wake func(now int64)) *Timer { return &Timer{waker: WakeFunc(wake)} }

// Init makes t wake w.
func (t *Timer) Init(w Waker) { t.waker = w }

// Timers is a shard's queue of timers, for engines to build on: a binary heap.
// The zero Timers is empty and ready for use. It is not safe for concurrent use.
//
// A timer that is moved to a later time, as a deadline is with every message, or
// that is cancelled, stays where it is in the queue and is looked at when its
// place comes up. So both cost next to nothing.
type Timers struct{ queue []entry }

// entry is the place of a timer in the queue, at the time it had when it was put
// there or an earlier one than it has now.
type entry struct {
	due   int64
	timer *Timer
}

// Schedule is Shard.Schedule. A due time of 0 or less is as good as 1.
func (q *Timers) Schedule(t *Timer, due int64) {
	due = max(due, 1)
	t.due = due
	switch {
	case t.place == 0:
		q.queue = append(q.queue, entry{due, t})
		q.up(len(q.queue) - 1)
	case due < q.queue[t.place-1].due:
		q.queue[t.place-1].due = due
		q.up(int(t.place) - 1)
	}
}

// Cancel is Shard.Cancel.
func (q *Timers) Cancel(t *Timer) { t.due = 0 }

// Remove cancels t and lets go of it.
func (q *Timers) Remove(t *Timer) {
	t.due = 0
	if t.place == 0 {
		return
	}
	i, last := int(t.place)-1, len(q.queue)-1
	t.place = 0
	moved := q.queue[last]
	q.queue[last] = entry{}
	q.queue = q.queue[:last]
	if i != last {
		q.put(i, moved)
		q.down(i)
		q.up(i)
	}
}

// Next returns when to look at the queue next, or false if it is empty. It may
// be earlier than any timer is due.
func (q *Timers) Next() (due int64, ok bool) {
	if len(q.queue) == 0 {
		return 0, false
	}
	return q.queue[0].due, true
}

// Fire wakes what is due at now, in the order of the due times. What this
// schedules for now or earlier may wait for the next Fire, so that Fire ends.
func (q *Timers) Fire(now int64) {
	// Each timer may come up twice: at the time it had, and at the one it has.
	for n := 2 * len(q.queue); n > 0 && len(q.queue) > 0 && q.queue[0].due <= now; n-- {
		first := q.queue[0]
		t, due := first.timer, first.timer.due
		q.Remove(t)
		switch {
		case due == 0:
		case due > first.due:
			q.Schedule(t, due)
		default:
			t.waker.Wake(now)
		}
	}
}

func (q *Timers) put(i int, e entry) {
	q.queue[i] = e
	e.timer.place = int32(i) + 1
}

// up moves the entry at i towards the front until the queue is in order.
func (q *Timers) up(i int) {
	e := q.queue[i]
	for i > 0 {
		parent := (i - 1) / 2
		if q.queue[parent].due <= e.due {
			break
		}
		q.put(i, q.queue[parent])
		i = parent
	}
	q.put(i, e)
}

// down moves the entry at i towards the back until the queue is in order.
func (q *Timers) down(i int) {
	e := q.queue[i]
	for {
		child := 2*i + 1
		if child >= len(q.queue) {
			break
		}
		if right := child + 1; right < len(q.queue) && q.queue[right].due < q.queue[child].due {
			child = right
		}
		if e.due <= q.queue[child].due {
			break
		}
		q.put(i, q.queue[child])
		i = child
	}
	q.put(i, e)
}
