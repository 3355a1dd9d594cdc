package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// censoredRun is a run of 3,000 messages of which one in twenty got no reply within
// 300 ms: its p50 is known, p99 and the maximum are lower bounds, and p99.9 has too few
// samples.
func censoredRun() *record.Run {
	measured, waited := hist.New(), hist.New()
	measured.RecordN(100_000, 2849)
	measured.RecordN(102_000_000, 1)
	waited.RecordN(300_000_000, 150)
	metrics := record.NewMetrics(map[string]record.Latencies{record.RTT: {Measured: measured, Censored: waited}}, 150)
	return &record.Run{
		Schema: record.Schema, Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Duration: 1e9,
		Config:   record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 64, Mode: record.Closed, Size: 64},
		Totals:   record.Totals{Sent: 3000, Received: 2850, Failed: 150, Rate: 2850, Errors: map[string]int64{"timeout": 150}},
		Validity: record.Validity{Verdict: record.Valid, Reasons: []string{}},
		Clock:    record.Clock{Segments: []record.Segment{}, Changes: []record.Change{}},
		Metrics:  metrics,
		Intervals: []record.Interval{{
			Duration: 1e9, Sent: 3000, Received: 2850, Failed: 150, Rate: 2850, Errors: map[string]int64{"timeout": 150}, Metrics: metrics,
		}},
	}
}

// TestEveryFormatShowsLowerBounds holds that no format shows what messages without a reply
// leave open as a figure, as 0, or as it shows a percentile of too few samples.
func TestEveryFormatShowsLowerBounds(t *testing.T) {
	tests := map[string]struct{ has, hasNot []string }{
		"text": {
			[]string{"  100µs  > 300ms      -       -  > 300ms  > 15.1ms  1.91ms", "> lower bound: 150 messages got no reply. count, min and stddev cover answered messages only\n"},
			[]string{"102ms"},
		},
		"markdown":   {[]string{"| rtt | 2,850 | 100µs | 100µs | 100µs | > 300ms | - | - | > 300ms | > 15.1ms |"}, []string{"102ms"}},
		"csv":        {[]string{"min,p50,p90,p99,p99.9,p99.99,max,mean,stddev,low,unanswered,at_least\n", ",rtt,2850,100000,100031,100031,300000000,,,300000000,", ",150,99 max mean\n"}, nil},
		"json":       {[]string{`"99": 300000000`, `"at_least": [`}, []string{`"99.9": 0`}},
		"prometheus": {[]string{`echostamp_latency_at_least_seconds{metric="rtt",quantile="0.99",`, `echostamp_latency_at_least_seconds{metric="rtt",figure="max",`, `echostamp_latency_unanswered{metric="rtt",`, `} 0.3`}, []string{`echostamp_latency_seconds{metric="rtt",quantile="0.99",`, "echostamp_latency_max_seconds{", "echostamp_latency_mean_seconds{"}},
		"gobench":    {[]string{" 300000000 at-least-p99-ns", " 300000000 at-least-max-ns", " at-least-ns/op", "metric=rtt/clients=64 3000 "}, []string{" p99-ns", " max-ns"}},
		"hlog":       {[]string{"Tag=rtt,0.000,1.000,102.000,", "Tag=rtt.unanswered,0.000,1.000,300.000,", "#a tag that ends in .unanswered has the messages of that metric without a reply"}, nil},
		"hgrm":       {[]string{"#[Unanswered =       150, lower bounds: 99 max mean]", "Total count    =         3000]"}, nil},
		"github-benchmark": {[]string{`"name": "rtt p99/clients=64",
    "unit": "ns",
    "value": 300000000,
    "range": "or more",`, "a lower bound: messages without a reply may make it any higher"}, []string{"p99.9"}},
		"bencher": {[]string{`"rtt p99/clients=64": {
    "latency": {
      "value": 300000000,
      "lower_value": 300000000
    }`}, []string{"p99.9"}},
		"html": {[]string{">&gt; 300ms<", "at least 300000000 ns: 150 messages got no reply", `"at_least":{"max":[0],"p99":[0]}`}, []string{"102ms"}},
	}
	for _, f := range Formats {
		t.Run(f.Name, func(t *testing.T) {
			tc, ok := tests[f.Name]
			if !ok {
				t.Fatal("nothing is known of what it shows")
			}
			var b bytes.Buffer
			if err := Render(&b, f.Name, []*record.Run{censoredRun()}, ""); err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.has {
				if !strings.Contains(b.String(), want) {
					t.Errorf("there is no %q in\n%s", want, shortened(b.String()))
				}
			}
			for _, no := range tc.hasNot {
				if strings.Contains(b.String(), no) {
					t.Errorf("there is %q in\n%s", no, shortened(b.String()))
				}
			}
		})
	}
}

// shortened leaves out what nobody reads in a failure.
func shortened(text string) string { return text[:min(len(text), 5000)] }

// TestLowerBoundsAreNotCompared holds that a server which drops its slowest messages is
// never called better for it.
func TestLowerBoundsAreNotCompared(t *testing.T) {
	var old, dropping []*record.Run
	for range 6 {
		slow := hist.New()
		slow.RecordN(100_000, 2850)
		slow.RecordN(200_000_000, 150)
		r := censoredRun()
		r.Totals = record.Totals{Sent: 3000, Received: 3000, Rate: 3000}
		r.Metrics = map[string]record.Metric{record.RTT: record.NewMetric(slow)}
		old, dropping = append(old, r), append(dropping, censoredRun())
	}
	c := Compare(old, dropping, CompareOptions{Gate: true})
	for _, row := range c.Rows {
		if row.Verdict == Better && row.Figure != "rate" {
			t.Errorf("%+v", row)
		}
	}
	if c.Gate.Outcome != Inconclusive || !strings.Contains(c.Gate.String(), "rtt.p99 6 of 12 runs lack it: 150 of 3000 messages got no reply") {
		t.Errorf("%s", c.Gate)
	}
}

// TestLowerBoundsInASearch holds that the table of a search marks them.
func TestLowerBoundsInASearch(t *testing.T) {
	var b bytes.Buffer
	search(&b, &record.Search{Objective: "response.p90<1ms", Rate: 1000, Limit: record.ByServer, Steps: []record.Step{{
		Rate: 2000, Achieved: 1900, Figure: 3e8, FigureAtLeast: true, Failure: record.Missed,
		Percentiles: map[string]map[string]int64{record.Response: {"50": 100_000, "99": 300_000_000}},
		AtLeast:     map[string][]string{record.Response: {"99"}},
	}}})
	if !strings.Contains(b.String(), "2,000/s  1,900/s         100µs       > 300ms               -        -            -       > 300ms     missed") {
		t.Error(b.String())
	}
}

func TestAssertionsTellWhatIsKnown(t *testing.T) {
	r := censoredRun()
	for text, want := range map[string]string{
		"rtt.p99<100ms":  "fail: rtt.p99<100ms, it was at least 300ms: 150 of 3000 messages got no reply",
		"rtt.max<900ms":  "inconclusive: rtt.max<900ms, it was at least 300ms: 150 of 3000 messages got no reply",
		"rtt.p99.9<50ms": "fail: rtt.p99.9<50ms, it was at least 300ms: too few samples: 3000 of the 10000 needed",
		"rtt.p50<1ms":    "pass: rtt.p50<1ms, it was 100.031µs",
	} {
		o, err := record.ParseObjective(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Assertions = []record.Assertion{o.Judge(r, true)}
		if got := assertions(r)[0].Text; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	// What is read back says the same.
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read record.Run
	if err := json.Unmarshal(text, &read); err != nil || assertions(&read)[0].Text != assertions(r)[0].Text {
		t.Errorf("%+v, %v", read.Assertions, err)
	}
}

// TestAnAssertionOnErrorsDecidesOnErrorsOnly holds that it does not have other assertions
// believed of a run with more errors than are allowed.
func TestAnAssertionOnErrorsDecidesOnErrorsOnly(t *testing.T) {
	r := censoredRun()
	r.Validity = record.Validity{Verdict: record.Invalid, Reasons: []string{"150 errors, 0 allowed; 150 messages got no reply"}, ByErrors: true}
	check := func(text string) Outcome {
		o, err := record.ParseObjective(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Assertions = []record.Assertion{o.Judge(r, false)}
		return AssertionChecks([]*record.Run{r})[0].Outcome
	}
	if errors, rtt := check("errors<10%"), check("rtt.p50<1ms"); errors != Pass || rtt != Inconclusive {
		t.Errorf("of errors %s, of rtt %s", errors, rtt)
	}
	r.Validity.ByErrors = false // it is invalid for something else too
	if errors := check("errors<10%"); errors != Inconclusive {
		t.Errorf("of errors %s", errors)
	}
}
