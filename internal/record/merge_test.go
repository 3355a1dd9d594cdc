package record

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/echostamp/echostamp/internal/hist"
)

// made is a run by chance, and the samples that it was made of.
type made struct {
	run     *Run
	samples map[string][]int64
}

// makeRun returns a run of so many intervals, of the same target as all others.
func makeRun(r *rand.Rand, intervals int) made {
	m := made{samples: map[string][]int64{}}
	run := &Run{
		Schema: Schema, Command: []string{"echostamp"}, Started: time.Unix(1732310000+r.Int64N(20), r.Int64N(1e9)).UTC(), Duration: int64(intervals) * 1e9,
		Config:   Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Mode: Open, Clients: 1 + r.IntN(2), Rate: 100},
		Host:     Host{CPUs: 2},
		Totals:   Totals{Errors: map[string]int64{}},
		Clock:    Clock{Relation: Corrected, Segments: []Segment{}, Changes: []Change{}},
		Validity: Validity{Verdict: Valid, Reasons: []string{}},
		Warnings: []string{"a warning"},
	}
	whole := map[string]*hist.Histogram{}
	for n := range intervals {
		i := Interval{Start: int64(n) * 1e9, Duration: 1e9, Errors: map[string]int64{"timeout": 1}, Metrics: map[string]Metric{}}
		for _, name := range []string{RTT, Forward, ForwardRaw} {
			h := hist.New()
			if whole[name] == nil {
				whole[name] = hist.New()
			}
			for range 1 + r.IntN(50) {
				v := int64(r.ExpFloat64() * 1e5)
				if name == ForwardRaw {
					v -= 50_000
				}
				h.Record(v)
				m.samples[name] = append(m.samples[name], v)
			}
			whole[name].Merge(h)
			i.Metrics[name] = NewMetric(h)
		}
		i.Received = i.Metrics[RTT].Count
		i.Sent = i.Received
		i.SetRate()
		run.Totals.Sent += i.Sent
		run.Totals.Received += i.Received
		run.Totals.Errors["timeout"]++
		run.Intervals = append(run.Intervals, i)
	}
	run.Metrics = map[string]Metric{}
	for name, h := range whole {
		run.Metrics[name] = NewMetric(h)
	}
	m.run = run
	return m
}

func testRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func merge(t *testing.T, runs ...*Run) *Run {
	t.Helper()
	whole, err := Merge(runs)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// same reports differences, but for what floating point rounds.
func same(t *testing.T, what string, got, want *Run) {
	t.Helper()
	near := cmpopts.EquateApprox(1e-9, 1e-6)
	if d := cmp.Diff(want, got, near); d != "" {
		t.Errorf("%s makes a difference:\n%s", what, d)
	}
}

// TestMergeIsTheHistogramOfAllSamples holds ten merged runs, bucket for bucket, to the
// samples that they were made of.
func TestMergeIsTheHistogramOfAllSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	all := map[string]*hist.Histogram{RTT: hist.New(), Forward: hist.New(), ForwardRaw: hist.New()}
	var runs []*Run
	for range 10 {
		m := makeRun(r, 3)
		runs = append(runs, m.run)
		for name, samples := range m.samples {
			for _, v := range samples {
				all[name].Record(v)
			}
		}
	}
	whole := merge(t, runs...)
	for name, h := range all {
		m := whole.Metrics[name]
		hdr, negative := h.Encode()
		if m.HDR != hdr || m.HDRNegative != negative || m.Count != h.Count() || m.Min != h.Min() || m.Max != h.Max() {
			t.Errorf("%s is not the histogram of all samples", name)
		}
		if math.Abs(m.Mean-h.Mean()) > 1e-9*math.Abs(h.Mean()) || math.Abs(m.StdDev-h.StdDev()) > 1e-6*h.StdDev() {
			t.Errorf("%s: mean %v and deviation %v, want %v and %v", name, m.Mean, m.StdDev, h.Mean(), h.StdDev())
		}
	}
	var received int64
	for _, r := range runs {
		received += r.Totals.Received
	}
	if len(whole.Parts) != 10 || len(whole.Intervals) != 30 || whole.Totals.Received != received || whole.Totals.Errors["timeout"] != 30 {
		t.Errorf("%d parts, %d intervals, totals %+v", len(whole.Parts), len(whole.Intervals), whole.Totals)
	}
	for _, i := range whole.Intervals {
		if p := whole.Parts[i.Part]; i.Start < int64(p.Started.Sub(whole.Started)) {
			t.Errorf("an interval from %d is of part %d, which began at %v", i.Start, i.Part, p.Started.Sub(whole.Started))
		}
	}
}

// TestMergeIsAssociative holds that neither grouping nor order makes a difference.
func TestMergeIsAssociative(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		var runs []*Run
		for range 4 {
			runs = append(runs, makeRun(r, 1+r.IntN(3)).run)
		}
		a, b, c, d := runs[0], runs[1], runs[2], runs[3]
		whole := merge(t, a, b, c, d)
		same(t, "grouping to the left", merge(t, merge(t, merge(t, a, b), c), d), whole)
		same(t, "grouping to the right", merge(t, a, merge(t, b, merge(t, c, d))), whole)
		same(t, "order", merge(t, d, b, a, c), whole)
		same(t, "one alone", merge(t, whole), whole)
	}
}

func TestMergedTimesAreNotCountedTwice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	a, b, c := makeRun(r, 4).run, makeRun(r, 4).run, makeRun(r, 4).run
	a.Started = time.Unix(1000, 0)
	b.Started = time.Unix(1002, 0) // beside the first for two seconds
	c.Started = time.Unix(2000, 0)
	whole := merge(t, c, a, b)
	if whole.Duration != 10e9 || !whole.Started.Equal(a.Started) {
		t.Errorf("%d ns from %v, want 10 s from %v", whole.Duration, whole.Started, a.Started)
	}
	if rate := float64(whole.Totals.Received) / 10; whole.Totals.Rate != rate {
		t.Errorf("rate %v, want %v", whole.Totals.Rate, rate)
	}
}

func TestWhatPartsDisagreeOnIsEmpty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	a, b := makeRun(r, 1).run, makeRun(r, 1).run
	a.Config.Size, b.Config.Size = 1, 2
	b.Clock.Relation = Same
	b.Validity = Validity{Verdict: GeneratorLimited, Reasons: []string{"a reason"}, Limited: true}
	b.Started = a.Started.Add(time.Second)
	b.Interrupted = true
	whole := merge(t, a, b)
	if whole.Config.Size != 0 || whole.Config.Target == "" || whole.Parts[1].Config.Size != 2 || whole.Clock.Relation != Mixed {
		t.Errorf("config %+v, relation %s", whole.Config, whole.Clock.Relation)
	}
	if v := whole.Validity; v.Verdict != GeneratorLimited || !v.Limited || !slices.Equal(v.Reasons, []string{"part 2: a reason"}) || !whole.Interrupted {
		t.Errorf("validity %+v, interrupted %v", v, whole.Interrupted)
	}
}

func TestMismatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	a, b := makeRun(r, 1).run, makeRun(r, 1).run
	if m := Mismatches([]*Run{a, b}); len(m) != 0 {
		t.Errorf("they belong together, and yet %q", m)
	}
	if m := Mismatches([]*Run{a, b, merge(t, a)}); len(m) != 1 || !strings.Contains(m[0], "is included twice") {
		t.Errorf("one is there twice: %q", m)
	}
	a.Precision, a.Search = &Precision{Metric: RTT}, &Search{Objective: "rtt.p50<1ms"}
	again, err := Read("again", strings.NewReader(written(t, a)))
	if err != nil {
		t.Fatal(err)
	}
	if m := Mismatches([]*Run{a, again[0]}); len(m) != 1 || !strings.Contains(m[0], "is included twice") {
		t.Errorf("one is there twice, with what it searched for: %q", m)
	}
	b.Config.Target, b.Config.Mode, b.Config.Transport = "192.0.2.8:1", Closed, "udp"
	want := []string{
		"they differ in target: 192.0.2.7:12345, 192.0.2.8:1", "they differ in protocol: text over tcp, text over udp", "they differ in mode: open, closed",
	}
	b.Started = a.Started.Add(time.Second)
	if m := Mismatches([]*Run{a, b}); !slices.Equal(m, want) {
		t.Errorf("%q, want %q", m, want)
	}
}

// TestSeriesIsBounded holds that a run of any length has no more intervals than told, that
// no one is much longer than another, and that nothing is lost.
func TestSeriesIsBounded(t *testing.T) {
	var s Series
	const n = 5*MaxIntervals + 7
	for i := range int64(n) {
		next := Interval{Start: i * 1e9, Duration: 1e9, Received: 1, Errors: map[string]int64{}, Metrics: map[string]Metric{}}
		if i%20 == 0 { // histograms take their time
			h := hist.New()
			h.Record(i)
			next.Metrics[RTT] = NewMetric(h)
		}
		if err := s.Add(next); err != nil {
			t.Fatal(err)
		}
	}
	var end, received, values int64
	shortest, longest := int64(math.MaxInt64), int64(0)
	for _, i := range s.Intervals() {
		if i.Start != end {
			t.Fatalf("an interval from %d follows one until %d", i.Start, end)
		}
		end, received, values = i.Start+i.Duration, received+i.Received, values+i.Metrics[RTT].Count
		if end < n*1e9 { // all but the last
			shortest, longest = min(shortest, i.Duration), max(longest, i.Duration)
		}
	}
	if k := len(s.Intervals()); k > MaxIntervals || k < MaxIntervals/2 || end != n*1e9 || received != n || values != n/20+1 {
		t.Errorf("%d intervals until %d, with %d replies and %d values", len(s.Intervals()), end, received, values)
	}
	if longest > 2*shortest {
		t.Errorf("they are from %d to %d ns long", shortest, longest)
	}
}
