package clock

import (
	"fmt"
	"math"
	"testing"
)

// TestTicks holds in what steps a clock is found to advance, and that the bounds of the
// offset and of the drift have room for them.
func TestTicks(t *testing.T) {
	for _, tc := range []struct {
		tick, late      float64 // nanoseconds; share of a tick
		rate            float64
		clients         int
		least, greatest float64 // that may be found, in ticks
	}{
		{0, 0, 1000, 10, 0, 0},
		{0, 0, 20, 1, 0, 0},
		{0, 0, 20_000, 100, 0, 0},
		{ms, 0, 5000, 10, 0.999, 1.001},
		{ms, 0, 1000, 1, 0.999, 1.001},
		{ms, 0, 100, 10, 0.999, 10.001},     // in step
		{10 * ms, 0, 10, 1, 0.999, 1.5},     // in step
		{4 * ms, 0, 1000, 10, 0.999, 1.001}, // no client meets a tick twice
		{4 * ms, 0, 1000, 1000, 0.999, 1.001},
		{4 * ms, 0, 20, 1, 0.999, 1.001},
		{4 * ms, 0, 2000, 4, 0.999, 1.001},
		{4 * ms, 0.1, 2000, 4, 0.9, 1.1},  // a timer fills the cache
		{10 * ms, 0, 50, 5, 0.999, 2.001}, // in step
		{10 * ms, 0, 20_000, 50, 0.999, 1.001},
		{10 * ms, 0.2, 1000, 10, 0.8, 1.2},
		{15.625 * ms, 0, 1000, 4, 0.999, 1.001},
		{15.625 * ms, 0, 10, 2, 0.999, 1.001},
		{15.625 * ms, 0.05, 400, 4, 0.9, 1.05},
		{3.9997 * ms, 0, 300, 3, 0.999, 1.001},
		{20 * us, 0, 1000, 10, 0.99, 1.01},
	} {
		t.Run(fmt.Sprintf("%v ms late by %v, %v a second of %d", tc.tick/ms, tc.late, tc.rate, tc.clients), func(t *testing.T) {
			w := worldOf(tc.rate, min(10, 20_000/tc.rate), even(20), quiet, back)
			if w.clients = tc.clients; tc.tick > 0 {
				w.shown = ticking(tc.tick, 0.3*tc.tick, tc.late)
			}
			o := w.live(3)
			o.holds(t)
			if found := float64(o.Resolution); found < tc.least*tc.tick || found > tc.greatest*tc.tick {
				t.Errorf("a tick of %v ms", found/ms)
			}
			if o.Excluded+o.Violations > 0 || len(o.Segments) != 1 {
				t.Fatalf("%+v", o.Summary)
			}
			g := o.Segments[0]
			if drift := math.Abs(g.Drift - 20e-6); drift > g.DriftBound || g.DriftBound < min(2*MaxDrift, 2*float64(o.Slack)/float64(g.To-g.From)) {
				t.Errorf("drift %.1f ± %.1f ppm", g.Drift*1e6, g.DriftBound*1e6)
			}
			if g.Bound < o.Slack {
				t.Errorf("a bound of %d ns, with timestamps in steps of %d", g.Bound, o.Resolution)
			}
		})
	}
}

// TestTicksOfSeveralServers holds that clocks of several servers do not hide how they tick.
func TestTicksOfSeveralServers(t *testing.T) {
	for name, tc := range map[string]struct {
		clients int
		shown   func(client int, at int64) int64
		want    float64
	}{
		"four clocks, in phases of their own": {10, func(client int, at int64) int64 {
			return ticking(4*ms, float64(client%4)*0.77*ms, 0)(at)
		}, 4 * ms},
		"processes with one clock": {10, func(_ int, at int64) int64 { return ticking(4*ms, 0, 0)(at) }, 4 * ms},
		"four clocks that do not tick": {10, func(client int, at int64) int64 {
			return at + int64(client%4)*7*ms
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := worldOf(1000, 5, even(20), quiet, back)
			w.clients = tc.clients
			var k ticks
			var p peers
			for _, s := range w.samples(1) {
				s.Stamp = tc.shown(int(s.Client), s.Stamp)
				k.take(&s, p.of(s.Client))
				p.of(s.Client).take(&s, Tolerance)
			}
			if got := float64(k.tick()); math.Abs(got-tc.want) > 0.001*tc.want {
				t.Errorf("a tick of %v ms, want %v", got/ms, tc.want/ms)
			}
		})
	}
}

// TestStandingStill holds that a clock which does not move is no coarse one.
func TestStandingStill(t *testing.T) {
	w := worldOf(1000, 5, even(0), quiet, back)
	w.shown = func(int64) int64 { return origin }
	if o := w.live(1); o.Resolution > 0 && len(o.Segments) > 0 {
		t.Errorf("%+v", o.Summary)
	}
}
