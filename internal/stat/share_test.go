package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// batchesOf cuts samples, of which above says whether they are above a threshold, in batches.
func batchesOf(k, each int, above func() bool) (out []Batch, share float64) {
	for range k {
		b := Batch{Count: float64(each)}
		for range each {
			if above() {
				b.Above++
			}
		}
		share += b.Above / float64(k*each)
		out = append(out, b)
	}
	return out, share
}

// following is a two-state chain in which a state stays with a probability: the variance of
// its share is (1+ρ)/(1−ρ) times that of independent ones, ρ = 2·stay−1.
func following(stay float64) func() bool {
	random := rand.New(rand.NewPCG(3, 7))
	state := false
	return func() bool {
		if random.Float64() > stay {
			state = !state
		}
		return state
	}
}

func TestDesign(t *testing.T) {
	for name, tc := range map[string]struct {
		stay        float64
		batches     int
		least, most float64 // of the effect; the greatest of several, each a random one
		known       bool
	}{
		"independent":   {0.5, 60, 1, 3, true},
		"following":     {0.9, 64, 9 * 0.7, 9 * 4, true},
		"much":          {0.99, 64, 99 * 0.5, 99 * 4, true},
		"too much":      {0.9999, 60, 1000, math.Inf(1), false},
		"too few":       {0.5, FewestBatches - 1, 1, 1, false},
		"enough of few": {0.5, FewestBatches, 1, 3, true},
	} {
		batches, share := batchesOf(tc.batches, 1000, following(tc.stay))
		d := DesignOf(batches, share)
		if d.Effect < tc.least || d.Effect > tc.most || d.known != tc.known {
			t.Errorf("%s: %+v", name, d)
		}
		low, high, ok := ShareInterval(share, float64(tc.batches*1000), d)
		if ok != tc.known || ok && (low >= 0.5 || high <= 0.5) {
			t.Errorf("%s: %v to %v, %v", name, low, high, ok)
		}
	}
}

func TestShareInterval(t *testing.T) {
	plain := Design{Effect: 1, t: student(math.Inf(1)), known: true}
	// Wilson's for 10 of 100, of 98 %, by hand.
	if low, high, ok := ShareInterval(0.1, 100, plain); !ok || math.Abs(low-0.0495) > 1e-4 || math.Abs(high-0.1915) > 1e-4 {
		t.Errorf("%v to %v, %v", low, high, ok)
	}
	wide := Design{Effect: 4, t: plain.t, known: true}
	l4, h4, _ := ShareInterval(0.1, 400, wide, plain)
	l1, h1, _ := ShareInterval(0.1, 100, plain)
	if l4 != l1 || h4 != h1 {
		t.Errorf("400 with an effect of 4 are %v to %v, and 100 %v to %v", l4, h4, l1, h1)
	}
	if _, _, ok := ShareInterval(0.1, 100, plain, Design{Effect: 1}); ok {
		t.Error("one of two designs is not known")
	}
}

func TestStudent(t *testing.T) {
	for freedom, want := range map[float64]float64{2: 6.9646, 3: 4.5407, 5: 3.3649, 9: 2.8214, 30: 2.4573, math.Inf(1): 2.3263} {
		if got := student(freedom); math.Abs(got/want-1) > 0.025 || freedom >= 5 && math.Abs(got/want-1) > 0.001 {
			t.Errorf("%v degrees of freedom: %v, want %v", freedom, got, want)
		}
	}
}
