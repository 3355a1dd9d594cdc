package pace

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func plan(t *testing.T, stages ...Stage) *Plan {
	t.Helper()
	p, err := NewPlan(stages...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all returns the due times of all clients before a time, in their order.
func all(p *Plan, a Arrivals, seed uint64, clients int, before int64) []int64 {
	var out []int64
	for id := range clients {
		s := p.Stream(a, seed, id, clients)
		for due, ok := s.Next(); ok && due < before; due, ok = s.Next() {
			out = append(out, due)
		}
	}
	slices.Sort(out)
	return out
}

func TestConstant(t *testing.T) {
	p := plan(t, Stage{From: 1000, To: 1000})
	for clients := range 4 {
		got := all(p, Constant, 0, clients+1, 10e6)
		want := []int64{0, 1e6, 2e6, 3e6, 4e6, 5e6, 6e6, 7e6, 8e6, 9e6}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d clients (-want +got):\n%s", clients+1, diff)
		}
	}
	s := p.Stream(Constant, 0, 2, 3)
	var own []int64
	for range 3 {
		due, _ := s.Next()
		own = append(own, due)
	}
	if diff := cmp.Diff([]int64{2e6, 5e6, 8e6}, own); diff != "" {
		t.Errorf("the third of three clients (-want +got):\n%s", diff)
	}
}

// TestConstantStaysExact holds that rounding does not add up.
func TestConstantStaysExact(t *testing.T) {
	p := plan(t, Stage{From: 3, To: 3})
	day := 86400.0
	if due, _ := p.Due(3 * day * 30); due != int64(30*day*1e9) {
		t.Errorf("after 30 days at 3/s it is %d ns", due)
	}
}

func TestStages(t *testing.T) {
	p := plan(t,
		Stage{10, 10, time.Second}, // 10 messages
		Stage{0, 0, time.Second},   // none
		Stage{0, 20, time.Second},  // 10
		Stage{20, 0, time.Second},  // 10
		Stage{5, 5, 2 * time.Second},
	)
	for _, tc := range []struct {
		n    float64
		want float64 // seconds
		ok   bool
	}{
		{0, 0, true},
		{9.5, 0.95, true},
		{10, 2, true}, // the pause makes nothing due
		{12.5, 2.5, true},
		{20, 3, true},
		{27.5, 3.5, true},
		{30, 4, true},
		{39, 5.8, true},
		{40, 0, false},
		{1000, 0, false},
	} {
		due, ok := p.Due(tc.n)
		if ok != tc.ok || math.Abs(float64(due)-tc.want*1e9) > 1 {
			t.Errorf("Due(%v) = %d, %v; want %v s, %v", tc.n, due, ok, tc.want, tc.ok)
		}
		if n := p.Count(due); ok && math.Abs(n-tc.n) > 1e-6 && tc.n != 10 {
			t.Errorf("Count(Due(%v)) = %v", tc.n, n)
		}
	}
	if got := p.Count(100e9); got != 40 {
		t.Errorf("in all %v messages", got)
	}
	if got := len(all(p, Constant, 0, 7, math.MaxInt64)); got != 40 {
		t.Errorf("7 clients together have %d messages", got)
	}
}

// TestPoissonGaps holds that the gaps are exponential, by the test of
// Kolmogorov and Smirnov with a seed: it passes always or never.
func TestPoissonGaps(t *testing.T) {
	const rate = 5000
	for _, clients := range []int{1, 8, 5000} {
		due := all(plan(t, Stage{From: rate, To: rate}), Poisson, 42, clients, 20e9)
		gaps := make([]float64, len(due)-1)
		for i := range gaps {
			gaps[i] = float64(due[i+1]-due[i]) / 1e9
		}
		n := float64(len(gaps))
		if d, limit := distance(gaps, rate), 1.95/math.Sqrt(n); d > limit { // 1.95: at 0.1 %
			t.Errorf("%d clients: the gaps of %v messages are %.5f from exponential, more than %.5f", clients, n, d, limit)
		}
		// Of a process without memory, neighbouring gaps are unrelated.
		if r := correlation(gaps[:len(gaps)-1], gaps[1:]); math.Abs(r) > 3.29/math.Sqrt(n) {
			t.Errorf("%d clients: neighbouring gaps are correlated: %.4f", clients, r)
		}
		if math.Abs(n-rate*20) > 3.29*math.Sqrt(rate*20) {
			t.Errorf("%d clients: %v messages in 20 s at %d/s", clients, n, rate)
		}
	}
	// The test is able to fail.
	if even := []float64{1. / rate, 1. / rate, 1. / rate, 1. / rate}; distance(even, rate) < 0.5 {
		t.Error("even gaps pass for exponential")
	}
}

// distance is that of Kolmogorov and Smirnov from the exponential distribution.
func distance(gaps []float64, rate float64) (d float64) {
	gaps = slices.Sorted(slices.Values(gaps))
	n := float64(len(gaps))
	for i, g := range gaps {
		f := 1 - math.Exp(-rate*g)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	return d
}

func correlation(x, y []float64) float64 {
	mean := func(v []float64) (m float64) {
		for _, a := range v {
			m += a / float64(len(v))
		}
		return m
	}
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// TestPoissonFollowsTheStages holds that the rate of random arrivals is the
// plan's: made even by the plan, they are uniform.
func TestPoissonFollowsTheStages(t *testing.T) {
	p := plan(t, Stage{1000, 1000, 10 * time.Second}, Stage{1000, 5000, 10 * time.Second})
	due := all(p, Poisson, 7, 16, math.MaxInt64)
	var gaps []float64
	for i := range due[1:] {
		gaps = append(gaps, p.Count(due[i+1])-p.Count(due[i]))
	}
	if d, limit := distance(gaps, 1), 1.95/math.Sqrt(float64(len(gaps))); d > limit {
		t.Errorf("%.5f from exponential, more than %.5f", d, limit)
	}
}

func TestSeedsDecide(t *testing.T) {
	p := plan(t, Stage{From: 1000, To: 1000})
	a, b, c := all(p, Poisson, 1, 5, 1e9), all(p, Poisson, 1, 5, 1e9), all(p, Poisson, 2, 5, 1e9)
	if !slices.Equal(a, b) {
		t.Error("one seed, two schedules")
	}
	if slices.Equal(a, c) {
		t.Error("two seeds, one schedule")
	}
}

func TestBefore(t *testing.T) {
	for _, a := range []Arrivals{Constant, Poisson} {
		p := plan(t, Stage{From: 1000, To: 1000})
		var total, sent int64
		for id := range 7 {
			s := p.Stream(a, 3, id, 7)
			total += s.Before(5e9)
			for range 10 {
				s.Next()
				sent++
			}
			first := s.Before(5e9)
			if again := s.Before(5e9); again != first {
				t.Errorf("%s: counting changes the stream: %d, then %d", a, first, again)
			}
			sent += first
		}
		if due := int64(len(all(p, a, 3, 7, 5e9))); total != due || sent != due {
			t.Errorf("%s: %d due, %d counted at the beginning, %d in the course", a, due, total, sent)
		}
	}
	huge := plan(t, Stage{From: MaxRate, To: MaxRate}).Stream(Poisson, 1, 0, 1)
	if n := huge.Before(int64(time.Hour)); math.Abs(float64(n)-MaxRate*3600) > MaxRate {
		t.Errorf("in an hour of %.0f/s %d are due", MaxRate, n)
	}
}

func TestInitial(t *testing.T) {
	p := plan(t, Stage{10, 100, time.Second}).Initial()
	if due, _ := p.Due(100); due != 10e9 {
		t.Errorf("the 100th message at 10/s is due after %d ns", due)
	}
	if _, ok := plan(t, Stage{0, 100, time.Second}).Initial().Due(0); ok {
		t.Error("at rest something is due")
	}
}

func TestParseStages(t *testing.T) {
	text := "1000/s:10s,1000/s..50000/s:30s,0/s:1s,0.5/s:1m0s"
	got, err := ParseStages(text)
	want := []Stage{{1000, 1000, 10 * time.Second}, {1000, 50000, 30 * time.Second}, {0, 0, time.Second}, {.5, .5, time.Minute}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var parts []string
	for _, s := range got {
		parts = append(parts, s.String())
	}
	if back := strings.Join(parts, ","); back != text {
		t.Errorf("written as %s", back)
	}
	for text, says := range map[string]string{
		"":                    "is no stage",
		"1000":                "is no stage",
		"1000:0s":             "is no length",
		"1000:-1s":            "is no length",
		"1000:10":             "is no length",
		"fast:10s":            "is no rate",
		"-1:10s":              "is no rate",
		"NaN:10s":             "is no rate",
		"Inf:10s":             "is no rate",
		"1e8:10s":             "is no rate",
		"1..2..3:10s":         "is no rate",
		"1000:10s,":           "is no stage",
		"1000/s:10s 2000:10s": "is no length",
	} {
		if s, err := ParseStages(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v; want an error with %q", text, s, err, says)
		}
	}
}

func TestNewPlanRefuses(t *testing.T) {
	for name, stages := range map[string][]Stage{
		"nothing":            {},
		"no rate":            {{0, 0, time.Second}},
		"endless in between": {{1, 1, 0}, {1, 1, time.Second}},
		"endless ramp":       {{1, 2, 0}},
		"negative":           {{-1, 1, time.Second}},
		"too fast":           {{1, 2e7, time.Second}},
	} {
		if _, err := NewPlan(stages...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzParseStages(f *testing.F) {
	f.Add("1000/s:10s,1000/s..50000/s:30s")
	f.Fuzz(func(t *testing.T, text string) {
		stages, err := ParseStages(text)
		if err != nil {
			return
		}
		p, err := NewPlan(stages...)
		if err != nil {
			return
		}
		last := int64(0)
		s := p.Stream(Poisson, 1, 0, 1)
		for range 100 {
			due, ok := s.Next()
			if !ok {
				break
			}
			if due < last {
				t.Fatalf("%q: %d after %d", text, due, last)
			}
			last = due
		}
	})
}

func BenchmarkNext(b *testing.B) {
	for _, a := range []Arrivals{Constant, Poisson} {
		b.Run(string(a), func(b *testing.B) {
			p, _ := NewPlan(Stage{From: 1000, To: 1000})
			s := p.Stream(a, 1, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				s.Next()
			}
		})
	}
}
