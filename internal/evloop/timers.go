package evloop

import "container/heap"

// A Timer calls a function on a shard when its time has come. It belongs to one
// shard, and can be scheduled again and again without allocating.
type Timer struct {
	fire  func(now int64)
	due   int64
	place int // in the queue, plus one; 0 is not scheduled
}

// NewTimer returns a timer that calls fire with the time on the loop's line.
func NewTimer(fire func(now int64)) *Timer { return &Timer{fire: fire} }

// Timers is a shard's queue of timers, for engines to build on. The zero Timers
// is empty and ready for use. It is not safe for concurrent use.
type Timers struct{ queue timerHeap }

// Schedule is Shard.Schedule.
func (q *Timers) Schedule(t *Timer, due int64) {
	t.due = due
	if t.place == 0 {
		heap.Push(&q.queue, t)
	} else {
		heap.Fix(&q.queue, t.place-1)
	}
}

// Cancel is Shard.Cancel.
func (q *Timers) Cancel(t *Timer) {
	if t.place != 0 {
		heap.Remove(&q.queue, t.place-1)
	}
}

// Next returns when the next timer is due, or false if there is none.
func (q *Timers) Next() (due int64, ok bool) {
	if len(q.queue) == 0 {
		return 0, false
	}
	return q.queue[0].due, true
}

// Fire calls what is due at now, in the order of the due times. What these calls
// schedule for now or earlier may wait for the next Fire, so that Fire ends.
func (q *Timers) Fire(now int64) {
	for n := len(q.queue); n > 0 && len(q.queue) > 0 && q.queue[0].due <= now; n-- {
		heap.Pop(&q.queue).(*Timer).fire(now)
	}
}

// timerHeap implements heap.Interface.
type timerHeap []*Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	*h = append(*h, t)
	t.place = len(*h)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = 0
	return t
}

// A deadline is a timer that is cheap to move to a later time, as happens with
// every message: it stays where it is in the queue and looks again when it fires.
type deadline struct {
	timer Timer
	at    int64 // 0 is none
}

func newDeadline(q *Timers, expire func()) *deadline {
	d := &deadline{}
	d.timer.fire = func(now int64) {
		switch {
		case d.at == 0:
		case now < d.at:
			q.Schedule(&d.timer, d.at)
		default:
			expire()
		}
	}
	return d
}

func (d *deadline) set(q *Timers, at int64) {
	d.at = at
	if at != 0 && (d.timer.place == 0 || at < d.timer.due) {
		q.Schedule(&d.timer, at)
	}
}
