package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestOfSections(t *testing.T) {
	for _, tc := range []struct {
		values     [Sections]float64
		mean, half float64
	}{
		{[Sections]float64{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, 5, 0},
		// By hand: the variance of 1 to 10 is 55/6, so √(55/60)·t.
		{[Sections]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5.5, math.Sqrt(55./60) * 2.262157},
		{[Sections]float64{}, 0, 0},
	} {
		got := OfSections(tc.values)
		if math.Abs(got.Mean-tc.mean) > 1e-6 || math.Abs(got.HalfWidth-tc.half) > 1e-5 {
			t.Errorf("%v: %+v, want %v ± %v", tc.values, got, tc.mean, tc.half)
		}
	}
	if r := (Interval{-4, 1}).Relative(); r != 0.25 {
		t.Errorf("relative %v", r)
	}
	if r := (Interval{0, 1}).Relative(); !math.IsInf(r, 1) {
		t.Errorf("relative to nothing %v", r)
	}
	if r := (Interval{}).Relative(); r != 0 {
		t.Errorf("of nothing %v", r)
	}
}

// TestCoverage holds that of independent values the interval contains the truth as
// often as it says. The seed makes it pass always or never.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const runs = 20000
	hits := 0
	for range runs {
		var v [Sections]float64
		for i := range v {
			v[i] = 100 + random.NormFloat64()
		}
		if i := OfSections(v); math.Abs(i.Mean-100) <= i.HalfWidth {
			hits++
		}
	}
	if share := float64(hits) / runs; math.Abs(share-0.95) > 0.005 {
		t.Errorf("the truth was in %.3f of the intervals", share)
	}
}
