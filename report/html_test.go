package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// htmlRunFor makes a run of so many intervals of a second, with so many replies in each. The
// figures are those of a server that is slow for a tenth of the time.
func htmlRunFor(seconds, each int, seed uint64) *record.Run {
	random := rand.New(rand.NewPCG(seed, 1))
	names := []string{record.Response, record.RTT, record.Lag, record.OwnLag, record.Forward, record.Reverse, record.Wakeup, record.ForwardExcess, record.ReverseExcess}
	whole := map[string]*hist.Histogram{}
	for _, name := range names {
		whole[name] = hist.New()
	}
	r := &record.Run{
		Schema: record.Schema, Tool: record.Tool{Version: "v1.2.3", Commit: "0123abc", Go: "go1.26"},
		Command: []string{"echostamp", "load", "-c", "64", "-r", "1000", "192.0.2.7:12345"},
		Started: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC), Duration: int64(seconds) * 1e9,
		Config: record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 64, Mode: record.Open, Rate: float64(each),
			Arrivals: "constant", Size: 64, Duration: int64(seconds) * 1e9, Timeout: 5e9, Shards: 2, Engine: "epoll", Timestamps: record.KernelTime, Interval: 1e9},
		Host:     record.Host{OS: "linux", Arch: "amd64", Kernel: "6.1.0", CPUs: 8},
		Server:   record.Server{Address: "192.0.2.7:12345"},
		Validity: record.Validity{Verdict: record.Valid}, Warnings: []string{"the kernel's receive stamps are late by up to 3µs"},
		Generator: record.Generator{CPU: 4e9, Busy: 0.31, InvoluntarySwitches: 42},
		Totals:    record.Totals{Errors: map[string]int64{}},
		Metrics:   map[string]record.Metric{}, Intervals: []record.Interval{},
	}
	for s := range seconds {
		i := htmlInterval(random, names, whole, s, seconds, each)
		r.Totals.Sent += i.Sent
		r.Totals.Received += i.Received
		r.Totals.BytesSent += i.BytesSent
		r.Totals.BytesReceived += i.BytesReceived
		for kind, n := range i.Errors {
			r.Totals.Errors[kind] += n
		}
		r.Intervals = append(r.Intervals, i)
	}
	r.Totals.Rate = float64(r.Totals.Received) / float64(seconds)
	for _, name := range names {
		r.Metrics[name] = record.NewMetric(whole[name])
	}
	end := r.Duration
	r.Clock = record.Clock{
		Relation: record.Corrected, Offset: 3_196_412, Bound: 40_100, Drift: 5.02, DriftBound: 0.41,
		Segments: []record.Segment{
			{To: end * 4 / 10, FromOffset: 3_200_000, ToOffset: 3_300_600, Bound: 40_100, Drift: 5.1, DriftBound: 0.8},
			{From: end * 42 / 100, To: end, FromOffset: 3_095_600, ToOffset: 3_196_412, Bound: 30_100, Drift: 5.02, DriftBound: 0.41},
		},
		Excluded: 500, Changes: []record.Change{
			{Kind: record.ClockStep, From: end * 40 / 100, To: end * 42 / 100, By: -205_123},
			{Kind: record.ForwardFloor, From: end * 70 / 100, To: end * 72 / 100, By: 100_000},
		},
	}
	return r
}

// htmlHour makes a run of an hour out of a minute, again and again.
func htmlHour() *record.Run {
	r := htmlRunFor(60, 1100, 1)
	minute := r.Intervals
	r.Intervals = nil
	for i := range htmlMinutes {
		for _, v := range minute {
			v.Start += int64(i) * r.Duration
			r.Intervals = append(r.Intervals, v)
		}
	}
	r.Duration *= htmlMinutes
	return r
}

func htmlInterval(random *rand.Rand, names []string, whole map[string]*hist.Histogram, s, seconds, each int) record.Interval {
	i := record.Interval{Start: int64(s) * 1e9, Duration: 1e9, Sent: int64(each), Received: int64(each), BytesSent: int64(64 * each), BytesReceived: int64(85 * each),
		Errors: map[string]int64{}, Metrics: map[string]record.Metric{}}
	slow := 1.0
	if at := float64(s) / float64(seconds); at > 0.6 && at < 0.7 {
		slow = 4
		i.Errors["timeout"] = int64(random.IntN(5))
		i.Errors["reset"] = int64(random.IntN(2))
		i.Received -= i.Errors["timeout"]
	}
	i.SetRate()
	for n, name := range names {
		h := hist.New()
		for range i.Received {
			v := int64(slow * (40_000 + 5_000*float64(n)) * math.Exp(0.25*random.NormFloat64()+max(0, random.ExpFloat64()-5)/2))
			h.Record(v)
			whole[name].Record(v)
		}
		i.Metrics[name] = record.NewMetric(h)
	}
	return i
}

func htmlText(t *testing.T, runs ...*record.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, runs); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// htmlEmbedded is the data of a page.
func htmlEmbedded(t *testing.T, page string) (d htmlData) {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<script type="application/json" id="data">`)
	text, _, ok := strings.Cut(rest, "</script>")
	if !ok {
		t.Fatal("the page has no data")
	}
	// What is missing in a row of numbers is null, which becomes 0 here.
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHTMLHasTheFiguresOfTheRecord(t *testing.T) {
	r := htmlRunFor(20, 1500, 1)
	page := html.UnescapeString(htmlText(t, r))
	for _, name := range shown(r) {
		m := r.Metrics[name]
		_, row, _ := strings.Cut(page, `<tr data-metric="`+name+`">`)
		row, _, _ = strings.Cut(row, "</tr>")
		for i, text := range cells(m) {
			if !strings.Contains(row, ">"+text+"</td>") {
				t.Errorf("%s: column %d is not %s: %s", name, i, text, row)
			}
		}
		if want := fmt.Sprintf(`title="%d ns" data-ns="%d"`, m.Percentiles["99"], m.Percentiles["99"]); !strings.Contains(row, want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
	run := htmlEmbedded(t, page).Runs[0]
	if got, want := run.Lines[0].Metrics[record.RTT].Max[3], r.Intervals[3].Metrics[record.RTT].Max; got != want {
		t.Errorf("the maximum of an interval is %d, not %d", got, want)
	}
	if got, want := run.Curves[record.RTT].Values[htmlCurveSteps*2], r.Metrics[record.RTT].Percentiles["99"]; got != want {
		t.Errorf("p99 of the curve is %d, not %d", got, want)
	}
}

func TestHTMLTellsNoPercentileOfTooFew(t *testing.T) {
	r := htmlRunFor(3, 50, 1)
	line := htmlLines(r)[0].Metrics[record.RTT]
	if line.P50[0] == htmlMissing || line.P99[0] != htmlMissing {
		t.Errorf("of 50 samples p50 is %d and p99 %d", line.P50[0], line.P99[0])
	}
	if text, err := json.Marshal(line.P99); err != nil || string(text) != "[null,null,null]" {
		t.Errorf("missing percentiles are %s, %v", text, err)
	}
}

func TestHTMLHeatHasAllSamples(t *testing.T) {
	r := htmlRunFor(301, 3, 1)
	m := r.Metrics[record.RTT]
	whole, err := m.Histogram()
	if err != nil {
		t.Fatal(err)
	}
	heat, err := htmlHeatOf(r.Intervals, record.RTT, whole)
	if err != nil {
		t.Fatal(err)
	}
	var sum, places int64
	for _, n := range heat.Cells {
		sum, places = sum+max(n, 0), places+max(1, -n)
	}
	if sum != m.Count || places != int64(heat.Columns*heat.Rows) || heat.Columns > htmlMaxColumns {
		t.Errorf("%d of %d samples, %d cells of %d × %d", sum, m.Count, places, heat.Columns, heat.Rows)
	}
}

// htmlHostile is a run of which every text tries to be part of the page.
func htmlHostile() *record.Run {
	const evil = "</script><script>alert(1)</script><!--<script>\u2028\u202e\"'`${x}\xff<img src=x onerror=alert(1)>"
	r := htmlRunFor(3, 50, 1)
	r.Config.Target, r.Server.Address, r.Command, r.Warnings = evil, evil, []string{evil}, []string{evil}
	r.Validity = record.Validity{Verdict: evil, Reasons: []string{evil}}
	r.Clock.Relation, r.Clock.Changes[0].Kind, r.Tool.Version, r.Host.Kernel, r.Config.Stages = evil, evil, evil, evil, []string{evil}
	r.Totals.Errors[evil] = 1
	r.Intervals[0].Errors[evil] = 1
	part := r.Facts()
	r.Parts = []record.Run{part}
	return r
}

func TestHTMLOfHostileRecord(t *testing.T) {
	page := htmlText(t, htmlHostile())
	for _, bad := range []string{"alert(1)</script>", "<img", "<!--<script"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	// The data, and the program.
	if n := len(regexp.MustCompile(`(?i)<script`).FindAllString(page, -1)); n != 2 {
		t.Errorf("the page has %d scripts", n)
	}
	kinds := htmlEmbedded(t, page).Runs[0].Lines[0].Kinds
	if !slices.ContainsFunc(kinds, func(k htmlKind) bool { return strings.Contains(k.Kind, "onerror") }) {
		t.Errorf("the kinds of errors are %v", kinds)
	}
	_, data, _ := strings.Cut(page, `<script type="application/json"`)
	if strings.ContainsAny(data, "\u2028\u2029") {
		t.Error("a string of the data has an end of line of JavaScript")
	}
}

func TestHTMLRefusesBeforeItWrites(t *testing.T) {
	broken := func(change func(*record.Run)) *record.Run {
		r := htmlRunFor(2, 50, 1)
		change(r)
		return r
	}
	spoil := func(metrics map[string]record.Metric) {
		m := metrics[record.RTT]
		m.HDR = "no histogram"
		metrics[record.RTT] = m
	}
	for name, runs := range map[string][]*record.Run{
		"none":     nil,
		"metric":   {broken(func(r *record.Run) { spoil(r.Metrics) })},
		"interval": {htmlRunFor(2, 50, 2), broken(func(r *record.Run) { spoil(r.Intervals[1].Metrics) })},
		"number":   {broken(func(r *record.Run) { r.Intervals[1].Rate = math.NaN() })},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := HTML(&b, runs); err == nil || b.Len() > 0 {
				t.Errorf("%v, and %d bytes were written", err, b.Len())
			}
		})
	}
}
