package clock

import (
	"math"
	"slices"
)

// noise is by how much the least delays of two seconds differ from what they use to
// be, in the two directions: what a change must exceed to be told from it.
type noise struct{ upper, lower ring }

const (
	enoughGroups = 4
	usual        = 0.9 // of the groups are not above what is taken to be noise
	unusual      = 1.5 // times the usual noise is a change
	uncertain    = 3   // times the noise that a slope is off by, where the newest epochs are as many as all
	plain        = 2   // times as much is one of the network, where one side alone has to show it
)

func (n *noise) known() bool { return n.upper.count >= enoughGroups }

// threshold is what a change must exceed if a segment of so many epochs was before
// it. With few its slope is uncertain too. While too little is known of noise it is 0.
func (n *noise) threshold(epochs int) float64 {
	if !n.known() {
		return 0
	}
	return (n.upper.usual() + n.lower.usual()) * (unusual + uncertain*float64(recent+guard)/float64(epochs))
}

// ring holds the last values of a figure.
type ring struct {
	values [32]float64
	count  int
}

func (r *ring) add(v float64) {
	r.values[r.count%len(r.values)] = v
	r.count++
}

func (r *ring) usual() float64 {
	values := r.values
	known := values[:min(r.count, len(values))]
	slices.Sort(known)
	return known[int(math.Ceil(usual*float64(len(known))))-1]
}
