package report

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/record"
)

// comparedRun is a run whose p50 is so many nanoseconds, its p99 three times that, and
// whose rate is a second by that.
func comparedRun(at int, p50 float64) *record.Run {
	return &record.Run{
		Started:  time.Unix(int64(1_800_000_000+at), 0),
		Config:   record.Config{Target: "h:1", Proto: "text", Transport: "tcp", Mode: record.Closed, Clients: 1, Size: 64},
		Totals:   record.Totals{Rate: 1e9 / p50, Sent: 5000, Received: 5000},
		Validity: record.Validity{Verdict: record.Valid},
		Metrics: map[string]record.Metric{record.RTT: {
			Count: 5000, Mean: p50, Percentiles: map[string]int64{"50": int64(p50), "90": int64(2 * p50), "99": int64(3 * p50)},
		}},
	}
}

// comparedSide are runs with those medians, that began at different times.
func comparedSide(from int, p50s ...float64) (runs []*record.Run) {
	for i, p50 := range p50s {
		runs = append(runs, comparedRun(from+i, p50))
	}
	return runs
}

const laterSide = 1000 // when the runs of the second side began

// rowOf is the row of a figure.
func rowOf(t *testing.T, c *Comparison, figure string) ComparedRow {
	t.Helper()
	at := slices.IndexFunc(c.Rows, func(r ComparedRow) bool { return r.Figure == figure })
	if at < 0 {
		t.Fatalf("there is no row %s", figure)
	}
	return c.Rows[at]
}

// TestCompareByTheUTest holds p to the exact test, counted by hand: of all orders, those
// that are as far off on either side.
func TestCompareByTheUTest(t *testing.T) {
	for name, tc := range map[string]struct {
		old, new []float64
		p        float64
		verdict  string
		change   float64
	}{
		"one each":           {[]float64{1e6}, []float64{2e6}, 1, NoChange, 100},
		"three set apart":    {[]float64{1e6, 2e6, 3e6}, []float64{4e6, 5e6, 6e6}, 2. / 20, NoChange, 150},
		"four set apart":     {[]float64{1e6, 2e6, 3e6, 4e6}, []float64{5e6, 6e6, 7e6, 8e6}, 2. / 70, Worse, 160},
		"five, better":       {[]float64{6e6, 7e6, 8e6, 9e6, 10e6}, []float64{1e6, 2e6, 3e6, 4e6, 5e6}, 2. / 252, Better, -62.5},
		"all but one pair":   {[]float64{1e6, 2e6, 3e6, 5e6}, []float64{4e6, 6e6, 7e6, 8e6}, 4. / 70, NoChange, 160},
		"unlike numbers":     {[]float64{1e6, 2e6}, []float64{3e6, 4e6, 5e6, 6e6, 7e6, 8e6}, 2. / 28, NoChange, 266.6666667},
		"all the same":       {[]float64{1e6, 1e6, 1e6, 1e6}, []float64{1e6, 1e6, 1e6, 1e6}, 1, NoChange, 0},
		"balanced, and wide": {[]float64{1e6, 4e6}, []float64{2e6, 3e6}, 1, NoChange, 0},
	} {
		c := Compare(comparedSide(0, tc.old...), comparedSide(laterSide, tc.new...), CompareOptions{})
		row := rowOf(t, c, "rtt.p50")
		if math.Abs(row.P-tc.p) > 1e-9 || row.Verdict != tc.verdict || math.Abs(*row.Change-tc.change) > 1e-6 {
			t.Errorf("%s: p %v, %s, %v%%; want %v, %s, %v%%", name, row.P, row.Verdict, *row.Change, tc.p, tc.verdict, tc.change)
		}
		if rate := rowOf(t, c, "rate"); rate.Verdict != tc.verdict {
			t.Errorf("%s: the rate is %s, and the latency %s", name, rate.Verdict, tc.verdict)
		}
	}
}

func TestIntervalsOfMedians(t *testing.T) {
	open := Compare(comparedSide(0, 1e6, 2e6, 3e6), comparedSide(laterSide, 1e6, 2e6, 3e6), CompareOptions{})
	if m := rowOf(t, open, "rtt.p50").Old; m.Median != 2e6 || m.Low != nil || m.High != nil || m.within() != "∞" {
		t.Errorf("of three runs: %+v", m)
	}
	// Of six values all lie in the interval but for 2 of 64 cases.
	six := Compare(comparedSide(0, 9e5, 1e6, 1e6, 1e6, 1e6, 12e5), comparedSide(laterSide, 1e6), CompareOptions{})
	if m := rowOf(t, six, "rtt.p50").Old; m.Median != 1e6 || *m.Low != 9e5 || *m.High != 12e5 || m.within() != "20%" || m.N != 6 {
		t.Errorf("of six runs: %+v, %s", m, m.within())
	}
}

func TestLeastRuns(t *testing.T) {
	for alpha, want := range map[float64]int{1: 1, 0.1: 3, 0.05: 4, 0.01: 5, 0.005: 6, 0.001: 7} {
		if n := leastRuns(alpha); n != want {
			t.Errorf("alpha %v: %d runs a side, want %d", alpha, n, want)
		}
	}
	for _, tc := range []struct {
		n, m int
		p    float64
	}{{1, 1, 1}, {1, 39, 2. / 40}, {39, 1, 2. / 40}, {3, 3, 0.1}, {5, 5, 2. / 252}, {10, 10, 2. / 184756}} {
		if p := leastP(tc.n, tc.m); math.Abs(p-tc.p) > 1e-12 {
			t.Errorf("%d and %d: %v, want %v", tc.n, tc.m, p, tc.p)
		}
	}
	// The test itself is what it is computed for.
	for n := range 12 {
		low, high := comparedSide(0), comparedSide(0)
		for i := range n + 1 {
			low = append(low, comparedRun(i, 1e6+float64(i)))
			high = append(high, comparedRun(laterSide+i, 2e6+float64(i)))
		}
		row := rowOf(t, Compare(low, high, CompareOptions{}), "rtt.p50")
		if p := leastP(n+1, n+1); math.Abs(row.P-p) > 1e-9 {
			t.Errorf("%d a side: p %v, want %v", n+1, row.P, p)
		}
	}
}

// figuresOfRows are the names of what was compared.
func figuresOfRows(c *Comparison) (names []string) {
	for _, r := range c.Rows {
		names = append(names, r.Figure)
	}
	return names
}

func TestFiguresThatAreCompared(t *testing.T) {
	whole := func(at int) *record.Run {
		r := comparedRun(at, 1e6)
		r.Config.Mode, r.Config.Rate, r.Clock.Relation = record.Open, 100, record.Corrected
		for _, name := range rows {
			r.Metrics[name] = metricOf(spread(10_000, 1000, 1000))
		}
		return r
	}
	short := whole(2)
	delete(short.Metrics, record.Forward)
	short.Metrics[record.Response] = metricOf(spread(1000, 1000, 1000))
	for name, tc := range map[string]struct {
		new     *record.Run
		options CompareOptions
		want    string
		warns   string
	}{
		"all that matters": {whole(2), CompareOptions{},
			"response.p50 response.p90 response.p99 response.p99.9 response.mean rtt.p50 rtt.p99 forward.p50 forward.p99 reverse.p50 reverse.p99 rate errors", ""},
		"some are lacking": {short, CompareOptions{},
			"response.p50 response.p90 response.p99 response.mean rtt.p50 rtt.p99 reverse.p50 reverse.p99 rate errors",
			"left out, as not every run has samples and replies enough, or the metric: response.p99.9, forward.p50, forward.p99"},
		"latency is another": {comparedRun(2, 1e6), CompareOptions{}, "rtt.p50 rtt.p90 rtt.p99 rtt.mean rate errors", "left out"},
		"gated ones too": {comparedRun(2, 1e6), CompareOptions{Gate: true, Gated: []record.Figure{{Metric: record.RTT, Stat: "max"}}},
			"rtt.p50 rtt.p90 rtt.p99 rtt.mean rtt.max rate errors", "left out"},
	} {
		c := Compare([]*record.Run{whole(1)}, []*record.Run{tc.new}, tc.options)
		if got := strings.Join(figuresOfRows(c), " "); got != tc.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, tc.want)
		}
		if all := strings.Join(c.Warnings, "\n"); !strings.Contains(all, tc.warns) || (tc.warns == "") == strings.Contains(all, "left out") {
			t.Errorf("%s: warnings %q, want %q", name, all, tc.warns)
		}
	}
	c := Compare([]*record.Run{whole(1)}, []*record.Run{whole(2)}, CompareOptions{All: true})
	if want := 5*len(rows) + 2; len(c.Rows) != want {
		t.Errorf("all: %d rows, want %d", len(c.Rows), want)
	}
}

func TestErrorsFromNone(t *testing.T) {
	old, new := comparedSide(0, 1e6, 1e6, 1e6, 1e6, 1e6), comparedSide(laterSide, 1e6, 1e6, 1e6, 1e6, 1e6)
	for i, r := range new {
		r.Totals.Errors = map[string]int64{"timeout": int64(3 + i)}
	}
	c := Compare(old, new, CompareOptions{Gate: true, Gated: []record.Figure{record.Errors}})
	row := rowOf(t, c, "errors")
	if row.Verdict != Worse || row.Change != nil || row.String() != "0 → 5, ?, p 0.0079" {
		t.Errorf("%+v: %s", row, row)
	}
	if c.Gate.Outcome != Fail {
		t.Errorf("the gate says %s", c.Gate)
	}
}
