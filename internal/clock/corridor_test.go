package clock

import (
	"math"
	"math/rand/v2"
	"testing"
)

// lines are all straight lines that may be in a corridor, in small steps.
func lines(yield func(value, slope float64)) {
	for slope := -MaxDrift; slope <= MaxDrift; slope += MaxDrift / 50 {
		for value := -200.; value <= 200; value += 2 {
			yield(value, slope)
		}
	}
}

// TestCorridor holds hulls, fit and band to what trying all lines finds.
func TestCorridor(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		var c corridor
		type bound struct{ t, upper, lower float64 }
		var bounds []bound
		slope := MaxDrift * (2*r.Float64() - 1)
		for i := range 2 + r.IntN(30) {
			at := float64(i) * 20_000
			b := bound{at, slope*at + 50*r.ExpFloat64() + 5, slope*at - 50*r.ExpFloat64() - 5}
			bounds = append(bounds, b)
			c.add(point{b.t, b.upper}, point{b.t, -b.lower})
		}
		fits := func(value, slope, spare float64) bool {
			for _, b := range bounds {
				y := value + slope*b.t
				if y > b.upper-spare || y < b.lower+spare {
					return false
				}
			}
			return true
		}
		l := c.fit(undecided)
		if !fits(l.value, l.slope, l.width/2-0.01) {
			t.Fatalf("%+v is no line in the middle of a corridor so wide: %v", l, bounds)
		}
		band := c.band(l)
		lines(func(value, slope float64) {
			if fits(value, slope, l.width/2+0.1) {
				t.Errorf("%v + %v t has more room than %+v", value, slope, l)
			}
			if !fits(value, slope, 0) {
				return
			}
			for _, at := range []float64{-10_000, 0, 33_000, bounds[len(bounds)-1].t + 50_000} {
				lowest, highest := band.at(at)
				if y := value + slope*at; y < lowest-0.01 || y > highest+0.01 {
					t.Errorf("%v + %v t is at %v: %v, outside %v to %v", value, slope, at, y, lowest, highest)
				}
			}
		})
		// The ends of the band are lines of the corridor themselves.
		for _, slope := range []float64{band.least, band.greatest} {
			if w := c.gap(slope); w < -0.01 {
				t.Errorf("slope %v of %v to %v leaves a gap of %v", slope, band.least, band.greatest, w)
			}
		}
	}
}

// TestHullKeepsWhatMatters holds that the hull's support is that of all points,
// whatever their order.
func TestHullKeepsWhatMatters(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var h hull
		var points []point
		at := 0.
		for range 1 + r.IntN(40) {
			at += float64(r.IntN(3)) // some at the same time
			if r.IntN(4) == 0 {
				at -= float64(r.IntN(20)) // some late
			}
			p := point{at, float64(r.IntN(20))}
			points = append(points, p)
			h.add(p)
		}
		for i := range h[1:] {
			if h[i].t >= h[i+1].t || i > 0 && h.slope(i-1) >= h.slope(i) {
				t.Fatalf("%v is not convex", h)
			}
		}
		for slope := -8.; slope <= 8; slope += 0.5 {
			want := math.Inf(1)
			for _, p := range points {
				want = min(want, p.y-slope*(p.t-7))
			}
			if got := h.support(slope, 7); math.Abs(got-want) > 1e-9 {
				t.Fatalf("slope %v: %v, want %v; %v of %v", slope, got, want, h, points)
			}
		}
	}
}

func TestTail(t *testing.T) {
	var v tail
	for i := range 1000 {
		v.add(float64(i))
	}
	if q := v.quantile(); q < 989 || q > 1100 {
		t.Errorf("of 0 to 999, 99%% do not exceed %v", q)
	}
	if (&tail{}).quantile() != 0 {
		t.Error("nothing differs from nothing")
	}
}

func TestCorrection(t *testing.T) {
	c := (&corridor{slack: 5}).correction(frame{1000, 5_000_000}, line{value: 100, slope: 0.5, width: 50})
	for _, tc := range []struct {
		s    Sample
		want Delays
	}{
		// The offset is 5,000,100 at 1000; the server's clock advances by 3 in 2.
		{Sample{Sent: 1000, Arrived: 1040, Stamp: 5_001_130}, Delays{20, 20, 7, 7}},
		{Sample{Sent: 1100, Arrived: 1200, Stamp: 5_001_325}, Delays{50, 50, 37, 37}},
		{Sample{Sent: 1000, Arrived: 1040, Stamp: 5_001_100}, Delays{0, 40, 0, 27}},
		{Sample{Sent: 1000, Arrived: 1040, Stamp: 5_001_000}, Delays{0, 40, 0, 27}}, // none is negative
		{Sample{Sent: 1000, Arrived: 1040, Stamp: 5_001_200}, Delays{40, 0, 27, 0}},
	} {
		if got := c.Of(&tc.s); got != tc.want {
			t.Errorf("%+v: %+v, want %+v", tc.s, got, tc.want)
		}
	}
}
