package stat

import (
	"cmp"
	"math"
	"slices"
)

// SignedRank is Wilcoxon's signed-rank test of paired differences, one-sided: the
// probability of differences that lie so far above zero, or farther, if they came from a
// distribution symmetric about zero. It is exact: of all signs that the differences could
// have had, ties in size and their mean ranks included (Hollander, Wolfe and Chicken,
// Nonparametric Statistical Methods, 3.1). Differences of zero speak for neither side and
// are left out. Without any other it is 1.
func SignedRank(differences []float64) float64 {
	ranks, sum := doubleRanks(differences)
	p := 0.0
	for _, share := range signSums(ranks)[sum:] {
		p += share
	}
	return min(p, 1)
}

// signSums returns the distribution of the sum of those ranks that get a positive sign,
// if signs are by the toss of a coin: its index is the sum.
func signSums(ranks []int) []float64 {
	shares := []float64{1}
	for _, r := range ranks {
		next := make([]float64, len(shares)+r)
		for s, share := range shares {
			next[s] += share / 2
			next[s+r] += share / 2
		}
		shares = next
	}
	return shares
}

// LeastP is the smallest p that SignedRank can return for n differences.
func LeastP(n int) float64 { return math.Pow(2, -float64(n)) }

// doubleRanks returns the doubled ranks, by size, of the differences that are not zero,
// and the sum of those that are positive. Equal sizes share the mean of their ranks,
// which doubled is a whole number.
func doubleRanks(differences []float64) (ranks []int, positive int) {
	d := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	slices.SortFunc(d, bySize)
	for from := 0; from < len(d); {
		to := from + 1
		for to < len(d) && math.Abs(d[to]) == math.Abs(d[from]) {
			to++
		}
		for _, v := range d[from:to] {
			rank := from + 1 + to // twice the mean of from+1 to to
			ranks = append(ranks, rank)
			if v > 0 {
				positive += rank
			}
		}
		from = to
	}
	return ranks, positive
}

func bySize(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) }

// HodgesLehmann is the estimate of the shift that belongs to the signed-rank test: the
// median of the means of all pairs of differences, each with itself too.
func HodgesLehmann(differences []float64) float64 { return median(walsh(differences)) }

// SignedRankInterval is the interval of the shift by the signed-rank test, and the
// confidence it has, which is the least above the one asked that can be had of so many
// differences; of too few it is the widest there is, with less.
func SignedRankInterval(differences []float64, confidence float64) (low, high, reached float64) {
	w := walsh(differences)
	shares := signSums(oneTo(len(differences)))
	// The interval leaves out as many means on each side, with this probability.
	outside, below := 0, shares[0]
	for outside+1 < len(w)/2 && 2*(below+shares[outside+1]) <= 1-confidence {
		outside++
		below += shares[outside]
	}
	return w[outside], w[len(w)-1-outside], max(0, 1-2*below)
}

func oneTo(n int) []int {
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	return ranks
}

// walsh returns the means of all pairs, in order of size.
func walsh(d []float64) []float64 {
	w := make([]float64, 0, len(d)*(len(d)+1)/2)
	for i, a := range d {
		for _, b := range d[i:] {
			w = append(w, (a+b)/2)
		}
	}
	slices.Sort(w)
	return w
}

// Median is the middle value, or the mean of the two in the middle; NaN of none.
func Median(values []float64) float64 { return median(slices.Sorted(slices.Values(values))) }

// median of values in order of size.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
