package stat

import "math"

// A Batch is the samples of a slice of a run: how many there are, and how many of them lie above
// a threshold. A sample on it may count in part.
type Batch struct{ Count, Above float64 }

// What is asked of batches.
const (
	// FewestBatches is of how many the scatter can be told.
	FewestBatches = 10
	// fewestEffective is how many independent samples there are to be on either side of a
	// threshold, for an interval whose ends are steady themselves.
	fewestEffective = 15
	// followed is the correlation between neighbours, by its own standard deviation, above
	// which the longest batches are not taken for independent. One series of independent ones
	// in six has more.
	followed = 1
	// steepest keeps what is made of the correlation of neighbours finite.
	steepest = 0.9
)

// A Design says how much less samples tell that follow each other than independent ones do.
type Design struct {
	Effect float64 // the variance of the share above, by that of independent samples; 1 at least
	t      float64 // the quantile of Student's distribution that goes with it
	known  bool
}

// DesignOf estimates it from the batches of a run, in the order of time: by the scatter of
// batches of several lengths, each with what the correlation of neighbours adds (as for an
// AR(1) process: Tafazzoli, Steiger and Wilson, N-Skart, 2011), of which the greatest counts.
// Share is that of all samples above the threshold.
func DesignOf(batches []Batch, share float64) Design {
	var n float64
	for _, b := range batches {
		n += b.Count
	}
	independent := share * (1 - share) * n
	worst := Design{Effect: 1, t: student(math.Inf(1))}
	for k := len(batches); k >= FewestBatches; k /= 2 {
		excess := excesses(batches, k, share)
		squares, rho := scatter(excess)
		d := k - 1
		corrected := min(max(rho+(1+3*rho)/float64(k), 0), steepest) // of the bias of few
		inflation := (1 + corrected) / (1 - corrected)
		effect := squares * float64(k) / float64(d) * inflation / independent
		t := student(max(2, float64(d)/inflation))
		if effect = max(effect, 1); t*t*effect > worst.t*worst.t*worst.Effect {
			worst.Effect, worst.t = effect, t
		}
		worst.known = rho < followed/math.Sqrt(float64(k)) // that of the longest stays
	}
	worst.known = worst.known && n/worst.Effect*min(share, 1-share) >= fewestEffective
	return worst
}

// excesses are by how much more samples lie above the threshold than the share of all does, in
// k batches of those that there are.
func excesses(batches []Batch, k int, share float64) []float64 {
	out := make([]float64, k)
	for i := range out {
		for _, b := range batches[i*len(batches)/k : (i+1)*len(batches)/k] {
			out[i] += b.Above - share*b.Count
		}
	}
	return out
}

// scatter is the sum of the squares, and the correlation of neighbours.
func scatter(v []float64) (squares, rho float64) {
	var products float64
	for i, x := range v {
		squares += x * x
		if i > 0 {
			products += x * v[i-1]
		}
	}
	if squares == 0 {
		return 0, 0
	}
	return squares, products / squares
}

// ShareInterval is the interval in which the share of samples above a threshold lies (Wilson's,
// with Student's quantile and the effective number of samples). There may be several designs,
// of other thresholds in the same samples: the greatest counts. It is false if they are not
// known, because too few are as good as independent.
//
// The confidence is 98 %. Who looks again and again until the interval is narrow, with runs
// that get longer by a quarter each time, has the truth in it 95 times of 100.
func ShareInterval(share, samples float64, designs ...Design) (low, high float64, ok bool) {
	worst := designs[0]
	for _, d := range designs {
		if !d.known {
			return 0, 1, false
		}
		if d.t*d.t*d.Effect > worst.t*worst.t*worst.Effect {
			worst = d
		}
	}
	n, z2 := samples/worst.Effect, worst.t*worst.t
	centre := (share + z2/2/n) / (1 + z2/n)
	half := worst.t * math.Sqrt(share*(1-share)/n+z2/4/n/n) / (1 + z2/n)
	return centre - half, centre + half, true
}

// student approximates the quantile of Student's t for a two-sided interval of 98 %, from two
// degrees of freedom up (Abramowitz and Stegun, 26.7.5; 2 % too little at two, 0.1 % at five).
func student(freedom float64) float64 {
	const z = 2.3263478740
	const z3, z5, z7, z9 = z * z * z, z * z * z * z * z, z * z * z * z * z * z * z, z * z * z * z * z * z * z * z * z
	f := 1 / freedom
	return z + f*((z3+z)/4+f*((5*z5+16*z3+3*z)/96+
		f*((3*z7+19*z5+17*z3-15*z)/384+f*(79*z9+776*z7+1482*z5-1920*z3-945*z)/92160)))
}
