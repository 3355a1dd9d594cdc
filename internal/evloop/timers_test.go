package evloop

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTimersAgainstAModel holds that a queue wakes what a plain list would, in
// the same order.
func TestTimersAgainstAModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const count = 50
	var q Timers
	var woken []int
	timers := make([]*Timer, count)
	due := make([]int64, count) // the model: 0 is not scheduled
	for i := range timers {
		timers[i] = NewTimer(func(int64) { woken = append(woken, i) })
	}
	now := int64(1)
	for range 20_000 {
		i := r.IntN(count)
		switch r.IntN(10) {
		case 0:
			q.Cancel(timers[i])
			due[i] = 0
		case 1:
			q.Remove(timers[i])
			due[i] = 0
		case 2:
			now += r.Int64N(100)
			var want []int64
			for _, d := range due {
				if d != 0 && d <= now {
					want = append(want, d)
				}
			}
			slices.Sort(want)
			woken = nil
			q.Fire(now)
			var got []int64
			for _, j := range woken {
				got = append(got, due[j])
				due[j] = 0
			}
			if !slices.Equal(got, want) {
				t.Fatalf("at %d timers due at %v were woken, want %v", now, got, want)
			}
		default:
			due[i] = now + r.Int64N(300)
			q.Schedule(timers[i], due[i])
		}
		if next, ok := q.Next(); ok {
			for _, d := range due {
				if d != 0 && d < next {
					t.Fatalf("a timer is due at %d, and the queue is to be looked at at %d", d, next)
				}
			}
		}
	}
}

func TestTimersAllocateNothing(t *testing.T) {
	var q Timers
	a, b := NewTimer(func(int64) {}), NewTimer(func(int64) {})
	q.Schedule(a, 1)
	q.Schedule(b, 2)
	if n := testing.AllocsPerRun(100, func() {
		q.Schedule(a, 5)
		q.Cancel(b)
		q.Fire(10)
		q.Schedule(b, 3)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
