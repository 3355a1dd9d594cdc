package clock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSeveralClocks holds that clients which talk to different clocks are told apart, and
// that the offsets that are handed on are those of the clock that was asked.
func TestSeveralClocks(t *testing.T) {
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := randomPath(r)
		w.clients = 3 + r.IntN(20)
		w.rate = max(w.rate, 4*float64(w.clients))
		others := 1 + r.IntN(w.clients/2)
		if 2*others == w.clients {
			others-- // the first group is that of most
		}
		by := 50*ms + 2e9*r.Float64()
		if r.IntN(2) == 0 {
			by = -by
		}
		w.ahead = func(client int) float64 {
			if client < others {
				return by
			}
			return 0
		}
		o := w.watched(seed, int(seed%2)<<20)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			o.holds(t)
			if len(o.Groups) != 2 || o.Groups[0].Clients != w.clients-others || o.Groups[1].Clients != others || math.Abs(float64(o.Groups[1].Ahead)-by) > 45*ms {
				t.Errorf("groups %v; %d of %d clients should be %.1f ms ahead", o.Groups, others, w.clients, by/ms)
			}
			if lost := o.Violations + o.Excluded; float64(lost) < 0.8*float64(others)/float64(w.clients)*float64(o.samples) {
				t.Errorf("%d violations, %d excluded of %d", o.Violations, o.Excluded, o.samples)
			}
		})
	}
}

// TestOneClockForAll holds that clients are not told apart by what happens to one clock.
func TestOneClockForAll(t *testing.T) {
	for name, w := range map[string]world{
		"even":            worldOf(1000, 10, even(20), quiet, back),
		"stepped":         worldOf(1000, 10, stepped(even(20), 6, 5*ms), quiet, back),
		"stepped late":    worldOf(1000, 10, stepped(even(20), 9.8, -300*ms), quiet, back),
		"wide area":       worldOf(200, 10, stepped(even(20), 9, 30*ms), pareto(10*ms, 200*us, 1.5), pareto(12*ms, 200*us, 1.5)),
		"too fast":        worldOf(1000, 10, even(5000), quiet, back),
		"by turns":        worldOf(1000, 10, even(20), quiet, back).lying(func(i int) float64 { return float64(i%3/2) * 1.2e9 }),
		"a second at all": worldOf(50, 1, even(20), quiet, back),
	} {
		t.Run(name, func(t *testing.T) {
			w.clients = 10
			if o := w.live(1); len(o.Groups) > 0 {
				t.Errorf("groups %v", o.Groups)
			}
		})
	}
}

// TestThreeClocks holds that each is told.
func TestThreeClocks(t *testing.T) {
	w := worldOf(1000, 5, even(20), quiet, back)
	w.clients = 10
	w.ahead = func(client int) float64 {
		return []float64{0, 0, 0, 0, 0, 1.2e9, 1.2e9, 1.2e9, -4 * ms, -4 * ms}[client]
	}
	o := w.live(1)
	if len(o.Groups) != 3 {
		t.Fatalf("groups %v", o.Groups)
	}
	for i, want := range []Group{{5, 0}, {3, 1.2e9}, {2, -4 * ms}} {
		if got := o.Groups[i]; got.Clients != want.Clients || math.Abs(float64(got.Ahead-want.Ahead)) > 100*us {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
