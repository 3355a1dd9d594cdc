package record

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
)

// of has values, each so many times.
func of(pairs ...int64) *hist.Histogram {
	h := hist.New()
	for i := 0; i < len(pairs); i += 2 {
		h.RecordN(pairs[i], pairs[i+1])
	}
	return h
}

const ms = int64(time.Millisecond)

// TestMessagesWithoutReplyAreInThePercentiles is the fault of a server that never answers
// 5 % of its messages: its p99 was told as that of the others, 0.1 ms, and its maximum as
// 102 ms, where both are beyond the timeout of 300 ms.
func TestMessagesWithoutReplyAreInThePercentiles(t *testing.T) {
	l := Latencies{Measured: of(ms/10, 2849, 102*ms, 1), Censored: of(300*ms, 150)}
	m := l.Metric()
	if !near(float64(m.Percentiles["50"]), float64(ms/10)) || !near(float64(m.Percentiles["99"]), float64(300*ms)) || m.Max != 300*ms {
		t.Errorf("%+v", m)
	}
	if want := []string{"99", "max", "mean"}; !slices.Equal(m.AtLeast, want) {
		t.Errorf("lower bounds are %q, want %q", m.AtLeast, want)
	}
	if m.Count != 2850 || m.Unanswered() != 150 || m.Censored.MeasuredMax != 102*ms {
		t.Errorf("%+v, %+v", m, m.Censored)
	}
	r := &Run{Metrics: map[string]Metric{RTT: m}, Totals: Totals{Sent: 3000}, Validity: Validity{Verdict: Valid}}
	for text, want := range map[string]string{
		"rtt.p50<1ms": AssertionPassed, "rtt.p90<1ms": AssertionPassed,
		"rtt.p99<100ms": AssertionFailed, "rtt.p99<1s": AssertionUnknown,
		"rtt.max<900ms": AssertionUnknown, "rtt.max<200ms": AssertionFailed, "rtt.mean<1s": AssertionUnknown,
		"rtt.p99.9<100ms": AssertionFailed, "rtt.p99.9<1s": AssertionUnknown, // of too few samples
		"rtt.p99>200ms": AssertionPassed,
	} {
		o, err := ParseObjective(text)
		if err != nil {
			t.Fatal(err)
		}
		if a := o.Judge(r, false); a.Outcome != want {
			t.Errorf("%s: %+v, want %s", text, a, want)
		}
	}
}

// TestPercentilesLieBetweenTheirBounds compares with sorting: as if messages without a
// reply had been answered at once when they were given up, and as if never.
func TestPercentilesLieBetweenTheirBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		measured, censored := random.IntN(300), random.IntN(300)
		l := Latencies{hist.New(), hist.New()}
		var soon, never []int64
		for i := range measured + censored {
			v := random.Int64N(2000) // below what is rounded
			soon = append(soon, v)
			if i < measured {
				l.Measured.Record(v)
				never = append(never, v)
			} else {
				l.Censored.Record(v)
				never = append(never, unbounded)
			}
		}
		slices.Sort(soon)
		slices.Sort(never)
		for _, q := range []float64{0.1, 25, 50, 90, 99, 99.9} {
			if len(soon) == 0 {
				continue
			}
			at := hist.Rank(q, int64(len(soon))) - 1
			if low, high := l.percentile(l.All(), q); low != soon[at] || high != never[at] {
				t.Fatalf("p%v of %d and %d is from %d to %d, want %d to %d", q, measured, censored, low, high, soon[at], never[at])
			}
		}
	}
}

// TestFewResetsLeaveFiguresKnown: one reset in a million messages is no reason to call
// every percentile a lower bound, but the maximum is one.
func TestFewResetsLeaveFiguresKnown(t *testing.T) {
	h := hist.New()
	for i := range int64(1_000_000) {
		h.Record(100_000 + i)
	}
	m := Latencies{h, of(1000, 1)}.Metric()
	if want := []string{"max", "mean"}; !slices.Equal(m.AtLeast, want) || len(m.Percentiles) != len(Percentiles) {
		t.Errorf("lower bounds are %q, want %q; %v", m.AtLeast, want, m.Percentiles)
	}
}

func TestNothingWasAnswered(t *testing.T) {
	m := Latencies{hist.New(), of(300*ms, 2000)}.Metric()
	if want := []string{"50", "90", "99", "max", "mean"}; !slices.Equal(m.AtLeast, want) || m.Max != 300*ms {
		t.Errorf("%+v", m)
	}
	r := &Run{Metrics: map[string]Metric{RTT: m}}
	if v, err := (Figure{RTT, "p50"}).Of(r); err == nil {
		t.Errorf("the median is told as %v", v)
	}
	if v, err := (Figure{RTT, "min"}).Of(r); err == nil {
		t.Errorf("the minimum is told as %v", v)
	}
}

// TestCensoredMetricsAreReadAsTheyWereWritten goes through JSON, and through a merge.
func TestCensoredMetricsAreReadAsTheyWereWritten(t *testing.T) {
	a := NewMetrics(map[string]Latencies{
		RTT: {of(ms, 900, 2*ms, 50), of(300*ms, 40, 301*ms, 10)}, Forward: {Measured: of(ms/4, 500, ms/2, 450)},
		ReverseRaw: {Measured: of(-ms, 950)}, Wakeup: {Measured: of(1000, 950)},
	}, 50)
	for name, m := range a {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var read Metric
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, m) {
			t.Errorf("%s: %+v is read as %+v, %v", name, m, read, err)
		}
		if err := m.fault(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, want := a[Forward].AtLeast, []string{"99", "max", "mean"}; !slices.Equal(got, want) {
		t.Errorf("of forward %q are lower bounds, want %q", got, want)
	}
	if n := a[Wakeup].Unanswered(); n != 0 {
		t.Errorf("%d wakeups of no reply", n)
	}
	sum, err := mergeMetrics(a, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{RTT, Forward} {
		m := sum[name]
		if m.Count != 1900 || m.Unanswered() != 100 || !slices.Equal(m.AtLeast, a[name].AtLeast) || m.fault() != nil {
			t.Errorf("%s: %+v, %v", name, m, m.fault())
		}
	}
	bad := a[RTT]
	bad.AtLeast = nil
	if bad.fault() == nil {
		t.Error("a lower bound that is told as a figure is accepted")
	}
}
