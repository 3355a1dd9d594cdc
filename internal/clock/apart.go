package clock

import "math"

// Apart is how far a time is behind another one, in nanoseconds, also where that is more than
// 63 bits hold: the years that a timestamp may have are 1677 to 2262. It is exact up to 2^53,
// and rounded beyond.
func Apart(from, to int64) float64 {
	if d := to - from; (d >= 0) == (to >= from) {
		return float64(d)
	}
	return float64(to) - float64(from)
}

// MaxApart is by how much a clock may differ from this host's for the difference to be
// measured, in nanoseconds: 100 years. So no difference of two such differences exceeds 63 bits.
const MaxApart = 36525 * 24 * 3600 * int64(1e9)

// Near returns a time of another clock, or what is closest to it within MaxApart of a time of
// this one's.
func Near(time, other int64) int64 {
	return min(max(other, saturated(time, -MaxApart)), saturated(time, MaxApart))
}

// saturated is a time some nanoseconds later, or the last or first that there is.
func saturated(time, by int64) int64 {
	switch sum := time + by; {
	case by > 0 && sum < time:
		return math.MaxInt64
	case by < 0 && sum > time:
		return math.MinInt64
	default:
		return sum
	}
}
