package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSignedRank(t *testing.T) {
	for name, tc := range map[string]struct {
		d []float64
		p float64
	}{
		"none":          {nil, 1},
		"one":           {[]float64{3}, 0.5},
		"all above":     {[]float64{1, 2, 3, 4, 5}, 1. / 32},
		"all below":     {[]float64{-1, -2, -3, -4, -5}, 1},
		"zeros are out": {[]float64{0, 1, 0, 2, 3, 0}, 1. / 8},
		"only zeros":    {[]float64{0, 0}, 1},
		// Sums of 14 and 15 of 15 are those of one set of signs each.
		"the least is below": {[]float64{-1, 2, 3, 4, 5}, 2. / 32},
		// Of the 16 signs of 1.5, 1.5, 3, 4 those with 10 and 8.5: one and two.
		"ties": {[]float64{1, -1, 2, 3}, 3. / 16},
		// Hollander and Wolfe, table 3.1: depression factors, T+ = 5 of n = 9 by −d: p = 0.0195.
		"depression": {[]float64{0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010}, 10. / 512},
	} {
		if p := SignedRank(tc.d); math.Abs(p-tc.p) > 1e-12 {
			t.Errorf("%s: p %v, want %v", name, p, tc.p)
		}
	}
}

// TestSignedRankByAllSigns holds it to what it is defined as, with ties and without.
func TestSignedRankByAllSigns(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		n := 1 + random.IntN(8)
		d := make([]float64, n)
		for i := range d {
			d[i] = float64(random.IntN(9) - 4)
		}
		ranks, seen := doubleRanks(d)
		extreme := 0
		for signs := range 1 << len(ranks) {
			sum := 0
			for i, r := range ranks {
				sum += r * (signs >> i & 1)
			}
			if sum >= seen {
				extreme++
			}
		}
		if p, want := SignedRank(d), float64(extreme)/float64(int(1)<<len(ranks)); math.Abs(p-want) > 1e-12 {
			t.Fatalf("%v: p %v, want %v", d, p, want)
		}
	}
}

func TestHodgesLehmann(t *testing.T) {
	for _, tc := range []struct {
		d    []float64
		want float64
	}{
		{[]float64{4}, 4},
		{[]float64{1, 3}, 2},
		{[]float64{1, 2, 6}, 2.75}, // of 1, 1.5, 2, 3.5, 4, 6
		// As in the same table: 0.46.
		{[]float64{0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010}, 0.46},
	} {
		if got := HodgesLehmann(tc.d); math.Abs(got-tc.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", tc.d, got, tc.want)
		}
	}
}

func TestSignedRankInterval(t *testing.T) {
	// Hollander and Wolfe, example 3.3: 96 % of the same nine differences, 0.010 to 0.786.
	d := []float64{0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010}
	low, high, reached := SignedRankInterval(d, 0.95)
	if math.Abs(low-0.010) > 1e-9 || math.Abs(high-0.786) > 1e-9 || math.Abs(reached-0.961) > 0.001 {
		t.Errorf("%v to %v of %v", low, high, reached)
	}
	if low, high, reached = SignedRankInterval([]float64{2, 1}, 0.95); low != 1 || high != 2 || reached != 0.5 {
		t.Errorf("of two: %v to %v of %v", low, high, reached)
	}
	if low, high, reached = SignedRankInterval([]float64{2}, 0.95); low != 2 || high != 2 || reached != 0 {
		t.Errorf("of one: %v to %v of %v", low, high, reached)
	}
}

// TestSignedRankIntervalCovers holds that the interval contains the truth as often as it
// says. The seed makes it pass always or never.
func TestSignedRankIntervalCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const runs = 20_000
	hits, said := 0, 0.0
	for range runs {
		var low, high float64
		if low, high, said = SignedRankInterval(normal(random, 10, 7, 3), 0.95); low <= 7 && 7 <= high {
			hits++
		}
	}
	if share := float64(hits) / runs; math.Abs(share-said) > 0.005 || said < 0.95 {
		t.Errorf("the truth was in %.3f of the intervals, which say %.3f", share, said)
	}
}

func normal(random *rand.Rand, n int, mean, deviation float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = mean + deviation*random.NormFloat64()
	}
	return d
}

func TestMedian(t *testing.T) {
	if m := Median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("of three: %v", m)
	}
	if m := Median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("of four: %v", m)
	}
	if m := Median(nil); !math.IsNaN(m) {
		t.Errorf("of none: %v", m)
	}
}

// TestPowerIsThatOfTheTest holds what stands in for the test in trials to the test itself.
func TestPowerIsThatOfTheTest(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		n := 7 + random.IntN(8)
		test := PairedTest{Alpha: 0.01, Least: 0.05}
		d := normal(random, n, 0.12, 0.12)
		if finds, trial := test.Finds(d), test.power(d, n, criticalSum(n, test.Alpha), 0); finds != (trial == 1) {
			t.Fatalf("%v: found %v, in the trial %v", d, finds, trial)
		}
	}
}

// TestDetectable holds that what is told to be detectable is found as often as it says, on
// average of what differs from one series to the next.
func TestDetectable(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	test := PairedTest{Alpha: 0.005, Least: 0.05}
	const deviation, power = 0.1, 0.8
	var told []float64
	for range 100 {
		told = append(told, Detectable(normal(random, 10, 0, deviation), power, test))
	}
	found := 0
	const runs = 4000
	for range runs {
		if test.Finds(normal(random, 10, Median(told), deviation)) {
			found++
		}
	}
	if share := float64(found) / runs; share < power-0.1 || share > power+0.1 {
		t.Errorf("%.3f of the shifts of %.3f were found, and should be %v", share, Median(told), power)
	}
	if d := Detectable([]float64{1, 2, 3}, power, test); !math.IsInf(d, 1) {
		t.Errorf("of three pairs: %v", d)
	}
	if d := Detectable(make([]float64, 10), power, test); math.Abs(d-test.Least) > 0.001 {
		t.Errorf("without any noise: %v", d)
	}
	d := normal(random, 10, 0, deviation)
	once, twice := Detectable(d, power, test), Detectable(d, power, test, test)
	if want := Detectable(d, math.Sqrt(power), test); twice <= once || math.Abs(twice-want) > 0.01 {
		t.Errorf("once %v, twice %v, once with the root of the power %v", once, twice, want)
	}
}
