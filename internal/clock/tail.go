package clock

import "math"

// A tail tells what nearly all of many values do not exceed, within a tenth, in
// little memory.
type tail struct {
	counts [512]int64
	total  int64
}

const (
	perDoubling = 8 // counts for each power of two
	nearlyAll   = 0.99
	leastWander = 1000 // nanoseconds
)

func (t *tail) add(v float64) {
	i := int(math.Ceil(perDoubling * math.Log2(1+math.Abs(v))))
	t.counts[min(i, len(t.counts)-1)]++
	t.total++
}

// quantile is what nearly all values do not exceed.
func (t *tail) quantile() float64 {
	var n int64
	for i, c := range t.counts {
		if n += c; float64(n) >= nearlyAll*float64(t.total) {
			return math.Exp2(float64(i)/perDoubling) - 1
		}
	}
	return math.Inf(1)
}
