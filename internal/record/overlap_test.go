package record

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
)

// spans returns runs of three clients at 1,000/s that began and ended at some milliseconds.
func spans(times ...[2]int) (runs []*Run) {
	for i, t := range times {
		r := makeRun(testRand(uint64(i)), 1).run
		r.Started = time.UnixMilli(1732310000000 + int64(t[0])).UTC()
		r.Duration = int64(t[1]-t[0]) * 1e6
		r.Config.Clients, r.Config.Rate = 3, 1000
		runs = append(runs, r)
	}
	return runs
}

// TestOverlap holds that the rate of merged runs is one that somebody saw.
func TestOverlap(t *testing.T) {
	ms := int64(time.Millisecond)
	for name, tc := range map[string]struct {
		times   [][2]int
		want    Overlap
		rate    float64
		clients int
		warning string
	}{
		// Told as 3,000/s before, beside 1,600/s that were reached.
		"staggered": {
			[][2]int{{0, 3000}, {1300, 4300}, {2600, 5600}}, Overlap{Staggered, 400 * ms, 3}, 3 * 3000 * 1000 / 5600., 0,
			"staggered: the 3 runs overlapped for 400ms of 5.6s; the rate is the average over all of that time",
		},
		"never all": {
			[][2]int{{0, 3000}, {2000, 5000}, {4000, 7000}}, Overlap{Staggered, 0, 2}, 9000. / 7, 0,
			"staggered: the 3 runs never all overlapped, 2 of them did at most",
		},
		"one within": {[][2]int{{0, 10_000}, {5000, 6000}}, Overlap{Staggered, 1000 * ms, 2}, 1100, 0, "overlapped for 1s of 10s"},
		"together":   {[][2]int{{0, 10_000}, {100, 10_100}, {50, 10_000}}, Overlap{Together, 9900 * ms, 3}, 3000, 9, ""},
		"sequential": {[][2]int{{0, 1000}, {1000, 2000}, {5000, 6000}}, Overlap{Sequential, 0, 1}, 1000, 3, ""},
		"a gap within": {
			[][2]int{{0, 1000}, {0, 1000}, {5000, 6000}}, Overlap{Staggered, 0, 2}, 1500, 0, "2 of them did at most",
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := merge(t, spans(tc.times...)...)
			if *whole.Overlap != tc.want || math.Abs(whole.Config.Rate-tc.rate) > 1e-9 || whole.Config.Clients != tc.clients {
				t.Errorf("overlap %+v, %v/s, %d clients; want %+v, %v/s, %d", *whole.Overlap, whole.Config.Rate, whole.Config.Clients, tc.want, tc.rate, tc.clients)
			}
			told := strings.Join(whole.Warnings, "\n")
			if strings.Contains(told, "staggered") != (tc.warning != "") || !strings.Contains(told, tc.warning) {
				t.Errorf("warnings %q, want %q", whole.Warnings, tc.warning)
			}
		})
	}
}

func TestOverlapOfOthers(t *testing.T) {
	one := spans([2]int{0, 1000})
	if whole := merge(t, one...); whole.Overlap != nil || whole.Config.Rate != 1000 || whole.Config.Clients != 3 {
		t.Errorf("of one: %+v, %v/s", whole.Overlap, whole.Config.Rate)
	}
	runs := spans([2]int{0, 1000}, [2]int{2000, 3000})
	runs[1].Config.Rate = 500
	if whole := merge(t, runs...); whole.Config.Rate != 0 {
		t.Errorf("of two rates, one after the other: %v/s", whole.Config.Rate)
	}
	runs = spans([2]int{0, 1000}, [2]int{0, 1000})
	runs[0].Config.Mode = Closed
	if whole := merge(t, runs...); whole.Config.Rate != 0 || whole.Config.Clients != 6 {
		t.Errorf("of two modes: %v/s, %d clients", whole.Config.Rate, whole.Config.Clients)
	}
}

// TestInterruptedPartIsNamed holds that a reader learns which of the runs was cut short.
func TestInterruptedPartIsNamed(t *testing.T) {
	runs := spans([2]int{0, 3000}, [2]int{10, 1250})
	runs[1].Interrupted = true
	whole := merge(t, runs...)
	if told := strings.Join(whole.Warnings, "\n"); !whole.Interrupted || !strings.Contains(told, "part 2: it was interrupted after 1.24s") || strings.Contains(told, "part 1: it was") {
		t.Errorf("warnings %q", whole.Warnings)
	}
}

// TestMergeWritesWhatCanBeRead holds that what would be refused later is refused when it is merged,
// and that the error names the part.
func TestMergeWritesWhatCanBeRead(t *testing.T) {
	pair := func(change func(a, b *Run)) []*Run {
		runs := spans([2]int{0, 1000}, [2]int{500, 1500})
		change(runs[0], runs[1])
		for _, r := range runs {
			if _, err := Read("a part", strings.NewReader(written(t, r))); err != nil {
				t.Fatal(err)
			}
		}
		return runs
	}
	for name, tc := range map[string]struct {
		runs []*Run
		says string
	}{
		"a clock that was not set": {
			pair(func(_, b *Run) { b.Started = time.Unix(100, 0).UTC() }),
			"part 2, begun 2024-11-22T21:13:20Z: that is 55 years after part 1, begun 1970-01-01T00:01:40Z: was the clock of one machine not set?",
		},
		"counts": {
			pair(func(a, b *Run) { a.Totals.Due, b.Totals.Due = math.MaxInt64-5, 6 }),
			"part 2, begun 2024-11-22T21:13:20Z: the sum of its counts and those of the parts before it overflows 63 bits",
		},
		"errors": {
			pair(func(a, b *Run) { // without intervals, which would have to agree
				a.Intervals, b.Intervals = nil, nil
				a.Totals.Errors["timeout"], b.Totals.Errors["timeout"] = math.MaxInt64, 1
			}),
			"part 2, begun",
		},
		"rates": {pair(func(a, b *Run) {
			a.Config.Rate, b.Config.Rate = fastest, fastest
			b.Started = a.Started
		}), "all parts together: config.rate"},
		"metrics": {
			pair(func(a, b *Run) {
				h := hist.New()
				h.Record(0)
				for range 62 {
					h.Merge(h)
				}
				for _, r := range []*Run{a, b} {
					r.Metrics, r.Intervals = map[string]Metric{RTT: r.Metrics[RTT], "other": NewMetric(h)}, nil
				}
			}),
			"other: the sum of its values and those before overflows 63 bits",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Merge(tc.runs); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it says %v, want %s", err, tc.says)
			}
		})
	}
}
