package clock

import (
	"testing"
	"time"
)

func TestSteps(t *testing.T) {
	const ms = int64(time.Millisecond)
	type reading struct{ line, ahead int64 }
	for name, tc := range map[string]struct {
		readings []reading // five of one look where they deviate
		count    int64
		largest  int64
	}{
		"steady":              {[]reading{{0, 7}, {250 * ms, 7}, {500 * ms, 9}}, 0, 0},
		"years ahead":         {[]reading{{0, 1e18}, {250 * ms, 1e18}}, 0, 0},
		"slewed":              {[]reading{{0, 0}, {1000 * ms, ms / 2}, {2000 * ms, ms}, {3000 * ms, ms * 3 / 2}}, 0, 0},
		"forward":             {[]reading{{0, 0}, {250, 5 * ms}, {251, 5 * ms}, {252, 5 * ms}, {253, 5 * ms}, {254, 5 * ms}, {500, 5 * ms}}, 1, 5 * ms},
		"back":                {[]reading{{0, 0}, {250, -5 * ms}, {251, -5 * ms}, {252, -5 * ms}, {253, -5 * ms}, {254, -5 * ms}, {500, -5 * ms}}, 1, -5 * ms},
		"an unlucky reading":  {[]reading{{0, 0}, {250, 9 * ms}, {251, 2}, {500, 3}}, 0, 0},
		"a day back":          {[]reading{{0, 0}, {1, -86400e9}, {2, -86400e9}, {3, -86400e9}, {4, -86400e9}, {5, -86400e9}}, 1, -86400e9},
		"the larger is named": {[]reading{{0, 0}, {1, -9 * ms}, {2, -9 * ms}, {3, -9 * ms}, {4, -9 * ms}, {5, -9 * ms}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {10, 0}}, 2, -9 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			var s Steps
			for i := 0; i < len(tc.readings); {
				s.Look(func() (line, wall int64) {
					r := tc.readings[i]
					i++
					return r.line, r.line + r.ahead
				})
			}
			if s.Count != tc.count || s.Largest.By != tc.largest {
				t.Errorf("%d steps, the largest %d; want %d, %d", s.Count, s.Largest.By, tc.count, tc.largest)
			}
		})
	}
}
