package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A PairedTest finds that differences of pairs lie above zero if the signed-rank test has
// at most the probability Alpha for them, and their shift (HodgesLehmann) is above Least.
type PairedTest struct {
	Alpha, Least float64
}

// Finds reports whether the differences lie above zero by the test.
func (t PairedTest) Finds(differences []float64) bool {
	return SignedRank(differences) <= t.Alpha && HodgesLehmann(differences) > t.Least
}

const (
	trials = 2000 // of a power; the error is 1 % at a power of 0.8
	halves = 12   // steps of bisection
)

// Detectable estimates the smallest shift that all of the tests find, each among as many
// pairs that scatter as these differences do, with the given power: by trials with their
// deviations from their shift, drawn anew with signs by chance. It is +Inf if no shift can
// be found. It is the same each time.
func Detectable(differences []float64, power float64, tests ...PairedTest) float64 {
	n := len(differences)
	noise := drawn(differences)
	low := 0.0
	for _, t := range tests {
		if LeastP(n) > t.Alpha {
			return math.Inf(1)
		}
		low = max(low, t.Least)
	}
	finds := func(shift float64) bool {
		all := 1.0
		for _, t := range tests {
			all *= t.power(noise, n, criticalSum(n, t.Alpha), shift)
		}
		return all >= power
	}
	high := low
	for step := 0.01; !finds(high); step *= 2 {
		low, high = high, high+step
	}
	for range halves {
		if middle := (low + high) / 2; finds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// drawn returns the noise of trials, one after another.
func drawn(differences []float64) []float64 {
	n := len(differences)
	shift := HodgesLehmann(differences)
	// Deviations from an estimate are smaller than those from the truth.
	scale := math.Sqrt(float64(n) / float64(max(1, n-1)))
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]float64, trials*n)
	for i := range noise {
		noise[i] = (differences[random.IntN(n)] - shift) * scale
		if random.IntN(2) == 0 {
			noise[i] = -noise[i]
		}
	}
	return noise
}

// power is the share of the trials in which a shift is found. That the shift of the
// differences is above Least is that the positive ranks of what is above Least outweigh
// the others: the same as HodgesLehmann, and faster.
func (t PairedTest) power(noise []float64, n, critical int, shift float64) float64 {
	found := 0
	d, above := make([]float64, n), make([]float64, n)
	for at := 0; at < len(noise); at += n {
		for i, v := range noise[at : at+n] {
			d[i], above[i] = v+shift, v+shift-t.Least
		}
		if positiveRanks(d) >= critical && 2*positiveRanks(above) > n*(n+1)/2 {
			found++
		}
	}
	return float64(found) / float64(len(noise)/n)
}

// positiveRanks is the sum of the ranks, by size, of differences above zero, in whose
// order they are left. Ties do not share their ranks.
func positiveRanks(d []float64) (sum int) {
	slices.SortFunc(d, bySize)
	for i, v := range d {
		if v > 0 {
			sum += i + 1
		}
	}
	return sum
}

// criticalSum is the least sum of positive ranks of n differences that has at most the
// probability alpha.
func criticalSum(n int, alpha float64) int {
	shares := signSums(oneTo(n))
	at, p := len(shares), 0.0
	for at > 0 && p+shares[at-1] <= alpha {
		at--
		p += shares[at]
	}
	return at
}
