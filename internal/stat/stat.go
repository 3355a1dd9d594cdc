// Package stat has the statistics of figures that were measured. It is
// arithmetic.
package stat

import "math"

// Sections is into how many parts of equal length a run is cut to tell how
// precise one of its figures is.
const Sections = 10

// student is the quantile of Student's t for a two-sided interval of 95 % from
// ten values: nine degrees of freedom.
const student = 2.2621571628

// An Interval is a mean and what it may be off by, of 95 % of all such intervals
// if the values are independent.
type Interval struct{ Mean, HalfWidth float64 }

// OfSections returns the interval of a figure from its values in the ten sections
// of one run, by the method of batch means (Law and Kelton, Simulation Modeling
// and Analysis, 9.5.3). It tells how steady the figure was within this run, and
// nothing about the next one.
func OfSections(values [Sections]float64) Interval {
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	mean := sum / Sections
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return Interval{mean, student * math.Sqrt(squares/(Sections-1)/Sections)}
}

// Relative is the half width as a share of the mean; +Inf where the mean is 0 and
// the width is not.
func (i Interval) Relative() float64 {
	if i.HalfWidth == 0 {
		return 0
	}
	return i.HalfWidth / math.Abs(i.Mean)
}
