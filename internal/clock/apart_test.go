package clock

import (
	"math"
	"testing"
)

func TestApart(t *testing.T) {
	const now = 1_780_000_000_000_000_000
	for _, tc := range []struct {
		from, to int64
		want     float64
	}{
		{0, 0, 0}, {now, now + 1, 1}, {now + 123_456_789, now, -123_456_789},
		{math.MinInt64, math.MaxInt64, 2 * float64(1<<63)}, {math.MaxInt64, math.MinInt64, -2 * float64(1<<63)},
		{now, math.MinInt64, -float64(now) - (1 << 63)}, {now, math.MaxInt64, float64(math.MaxInt64 - now)},
		{math.MinInt64, 0, 1 << 63}, {0, math.MinInt64, -(1 << 63)},
	} {
		if got := Apart(tc.from, tc.to); got != tc.want {
			t.Errorf("from %d to %d: %v, want %v", tc.from, tc.to, got, tc.want)
		}
	}
}

func TestNear(t *testing.T) {
	const now = 1_780_000_000_000_000_000
	for _, tc := range []struct{ time, other, want int64 }{
		{now, now - 5, now - 5}, {now, 0, 0}, {now, math.MinInt64, now - MaxApart}, {now, math.MaxInt64, now + MaxApart},
		{math.MaxInt64, math.MinInt64, math.MaxInt64 - MaxApart}, {math.MinInt64, math.MaxInt64, math.MinInt64 + MaxApart},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64}, {math.MinInt64, math.MinInt64, math.MinInt64},
	} {
		if got := Near(tc.time, tc.other); got != tc.want {
			t.Errorf("%d near %d: %d, want %d", tc.other, tc.time, got, tc.want)
		}
	}
}
