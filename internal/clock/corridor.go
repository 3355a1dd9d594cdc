package clock

import "slices"

// MaxDrift is how fast one clock may run away from the other, as a share of the
// time: what a system corrects its clock by at most (adjtimex(2)).
const MaxDrift = 500e-6

// A corridor is what samples leave for the offset: it passes below every upper and
// above every lower bound. The lower ones are mirrored, so that both are hulls of
// the same kind.
//
// Each of its bounds is off by up to slack, which the resolution of timestamps leaves
// unknown; so it is wider by as much on either side.
type corridor struct {
	upper, lower hull
	slack        float64
}

// add takes an upper bound and a mirrored lower one.
func (c *corridor) add(upper, lower point) {
	c.upper.add(upper)
	c.lower.add(lower)
}

// join takes the bounds of another corridor.
func (c *corridor) join(o *corridor) {
	for _, p := range o.upper {
		c.upper.add(p)
	}
	for _, p := range o.lower {
		c.lower.add(p)
	}
}

func (c *corridor) reset() { c.upper, c.lower = c.upper[:0], c.lower[:0] }

// floor is the highest line of a slope below the upper bounds, and ceiling the
// lowest above the lower bounds: their values at time t.
func (c *corridor) floor(slope, t float64) float64   { return c.upper.support(slope, t) + c.slack }
func (c *corridor) ceiling(slope, t float64) float64 { return -c.lower.support(-slope, t) - c.slack }

func (c *corridor) gap(slope float64) float64 { return c.floor(slope, 0) - c.ceiling(slope, 0) }

// A line is the offset as a straight line: value at time 0 and slope, with the
// width of the corridor around it. A negative width is that of no corridor: the
// samples contradict one another, or the clocks did not run evenly.
type line struct{ value, slope, width float64 }

func (l line) at(t float64) float64 { return l.value + l.slope*t }

// fit returns the middle of the widest straight corridor. It is the line that is
// furthest from every bound: with unlimited samples it touches the smallest delay
// of both directions at once. (Huygens, NSDI 2018, does it by a support vector
// machine; Zhang, Liu and Xia, INFOCOM 2002, by the hull of one direction.)
//
// Where several are about as wide, a slope near what is expected wins. The width less
// the pull towards the expected slope is concave, so a ternary search finds the best.
func (c *corridor) fit(p prior) line {
	low, high := -MaxDrift, MaxDrift
	for range 70 { // until they agree to 1e-15
		a, b := low+(high-low)/3, high-(high-low)/3
		if c.gap(a)-p.pull(a) < c.gap(b)-p.pull(b) {
			low = a
		} else {
			high = b
		}
	}
	return c.along((low + high) / 2)
}

// A prior is the slope that is expected, and by how many nanoseconds a corridor must
// be wider to be preferred if its slope is 1 ppm off, or four times as many if it is 2.
type prior struct{ slope, weight float64 }

func (p prior) pull(slope float64) float64 {
	ppm := (slope - p.slope) * 1e6
	return p.weight * ppm * ppm
}

// along is the middle of the corridor for a slope.
func (c *corridor) along(slope float64) line {
	floor, ceiling := c.floor(slope, 0), c.ceiling(slope, 0)
	return line{value: (floor + ceiling) / 2, slope: slope, width: floor - ceiling}
}

// slopes are the least and the greatest for which the corridor is narrower than around
// l by at most so much.
func (c *corridor) slopes(l line, narrower float64) (least, greatest float64) {
	return c.limit(l.slope, -MaxDrift, l.width-narrower), c.limit(l.slope, MaxDrift, l.width-narrower)
}

// limit is the slope towards outer from where on the corridor is narrower than width.
func (c *corridor) limit(inner, outer, width float64) float64 {
	if c.gap(outer) >= width {
		return outer
	}
	for range 40 { // until they agree to 1e-15
		middle := (inner + outer) / 2
		if c.gap(middle) >= width {
			inner = middle
		} else {
			outer = middle
		}
	}
	return inner
}

// A band is all straight lines within a corridor. Whatever straight line the offset
// is, it is one of them: that is the bound which needs no assumption but that both
// clocks ran evenly, at most MaxDrift apart.
type band struct {
	*corridor
	line
	least, greatest float64 // slopes
}

// band returns the lines of a corridor that line l, the middle of it, belongs to.
func (c *corridor) band(l line) band {
	b := band{c, l, l.slope, l.slope}
	if l.width > 0 {
		b.least, b.greatest = c.slopes(l, l.width)
	}
	return b
}

// at returns between which values the lines are at time t. Without a corridor it is
// the line alone.
func (b band) at(t float64) (lowest, highest float64) {
	if b.width <= 0 {
		return b.line.at(t), b.line.at(t)
	}
	return -reach(b.lower, -b.greatest, -b.least, t) - b.slack, reach(b.upper, b.least, b.greatest, t) + b.slack
}

// reach is the highest value at time t of the lines below a hull whose slopes are
// between two: a concave function of the slope, that bends at those of the edges.
func reach(h hull, least, greatest, t float64) float64 {
	most := max(h.support(least, t), h.support(greatest, t))
	i, _ := slices.BinarySearchFunc(h, t, func(p point, t float64) int {
		if p.t < t {
			return -1
		}
		return 1
	})
	if i > 0 && i < len(h) { // the edge above t, where the function is highest if it may go there
		if s := h.slope(i - 1); least <= s && s <= greatest {
			most = max(most, h.support(s, t))
		}
	}
	return most
}
