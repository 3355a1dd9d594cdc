package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/echostamp/echostamp/internal/record"
)

// htmlData is what the page's program draws. Times are nanoseconds.
type htmlData struct {
	Metrics []string      `json:"metrics"` // of any run
	Metric  string        `json:"metric"`  // to be shown first
	Runs    []htmlDataRun `json:"runs"`
}

type htmlDataRun struct {
	Label   string               `json:"label"`
	Metrics []string             `json:"metrics"`
	Curves  map[string]htmlCurve `json:"curves"`
	Lines   []htmlLine           `json:"lines"` // of the run, or one of each part
	Heat    map[string]*htmlHeat `json:"heat"`
	Clock   []htmlOffset         `json:"clock"`
}

// htmlCurve has the percentiles of a metric: Values[i] is that of which 1/(1-q) is
// 10^(i/htmlCurveSteps); the maximum is beyond.
type htmlCurve struct {
	Count  int64    `json:"count"` // messages
	Max    int64    `json:"max"`
	Values htmlInts `json:"values"`
	// Open is from where on values are lower bounds, because of messages without a reply,
	// and AtLeast whether the maximum is one.
	Open    int  `json:"open"`
	AtLeast bool `json:"at_least"`
}

// htmlCurveSteps is how many points a curve has from 0 to 90 %, 90 to 99 % and so on.
const htmlCurveSteps = 32

// htmlInts are numbers of which some are missing: null in JSON.
type htmlInts []int64

const htmlMissing = math.MinInt64

// MarshalJSON implements json.Marshaler.
func (n htmlInts) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, v := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if v == htmlMissing {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, v, 10)
		}
	}
	return append(b, ']'), nil
}

// htmlLine is what became of a run, or a part of it, over time.
type htmlLine struct {
	Part    int                   `json:"part"` // from 1, or 0
	Start   []int64               `json:"start"`
	Length  []int64               `json:"length"`
	Rate    []float64             `json:"rate"`
	Errors  []int64               `json:"errors"`
	Kinds   []htmlKind            `json:"kinds"`
	Metrics map[string]htmlSeries `json:"metrics"`
}

type htmlKind struct {
	Kind   string  `json:"kind"`
	Counts []int64 `json:"counts"`
}

// htmlSeries has of each interval the figures of a metric; a percentile of too few samples
// is missing. AtLeast has the intervals in which a figure is a lower bound.
type htmlSeries struct {
	P50     htmlInts         `json:"p50"`
	P99     htmlInts         `json:"p99"`
	Max     htmlInts         `json:"max"`
	AtLeast map[string][]int `json:"at_least,omitempty"`
}

// add adds the figures of an interval.
func (s *htmlSeries) add(at int, m record.Metric) {
	figure := func(to *htmlInts, name, figure string, value int64, ok bool) {
		if !ok {
			value = htmlMissing
		}
		*to = append(*to, value)
		if ok && m.IsAtLeast(figure) {
			if s.AtLeast == nil {
				s.AtLeast = map[string][]int{}
			}
			s.AtLeast[name] = append(s.AtLeast[name], at)
		}
	}
	p50, ok50 := m.Percentiles["50"]
	p99, ok99 := m.Percentiles["99"]
	figure(&s.P50, "p50", "50", p50, ok50)
	figure(&s.P99, "p99", "99", p99, ok99)
	figure(&s.Max, "max", "max", m.Max, m.Samples() > 0)
}

// htmlOffset is what was estimated of the clock in a run or a part of it.
type htmlOffset struct {
	Part     int              `json:"part"`
	Shift    int64            `json:"shift"` // when the part began
	Segments []record.Segment `json:"segments"`
	Changes  []record.Change  `json:"changes"`
}

func htmlDataOf(runs []*record.Run) (*htmlData, error) {
	d := &htmlData{}
	has := map[string]bool{}
	for i, r := range runs {
		run, err := htmlDataOfRun(r)
		if err != nil && len(runs) > 1 {
			return nil, fmt.Errorf("run %d: %w", i+1, err)
		}
		if err != nil {
			return nil, err
		}
		if len(runs) > 1 {
			run.Label = htmlLetter(i)
		}
		for _, name := range run.Metrics {
			has[name] = true
		}
		d.Runs = append(d.Runs, run)
	}
	d.Metrics = slices.DeleteFunc(slices.Clone(rows), func(name string) bool { return !has[name] })
	d.Metric = htmlFirst(d)
	return d, nil
}

// htmlFirst is the metric that a reader most likely came for: the first that all runs have,
// so that they can be compared.
func htmlFirst(d *htmlData) string {
	for _, name := range d.Metrics {
		if !slices.ContainsFunc(d.Runs, func(r htmlDataRun) bool { return !slices.Contains(r.Metrics, name) }) {
			return name
		}
	}
	return record.RTT
}

// htmlLetter names a run among others: A to Z, then numbers.
func htmlLetter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return strconv.Itoa(i + 1)
}

func htmlDataOfRun(r *record.Run) (htmlDataRun, error) {
	d := htmlDataRun{Metrics: shown(r), Curves: map[string]htmlCurve{}, Heat: map[string]*htmlHeat{}, Lines: htmlLines(r), Clock: htmlOffsets(r)}
	// An hour has tens of thousands of histograms, which take seconds one by one.
	var all sync.WaitGroup
	drawn := make([]htmlDrawn, len(d.Metrics))
	for i, name := range d.Metrics {
		all.Go(func() { drawn[i] = htmlDraw(r, name) })
	}
	all.Wait()
	for i, name := range d.Metrics {
		if err := drawn[i].err; err != nil {
			return d, err
		}
		d.Curves[name] = drawn[i].curve
		if heat := drawn[i].heat; heat != nil {
			d.Heat[name] = heat
		}
	}
	return d, nil
}

// htmlDrawn is what comes of the histograms of a metric.
type htmlDrawn struct {
	curve htmlCurve
	heat  *htmlHeat
	err   error
}

func htmlDraw(r *record.Run, name string) htmlDrawn {
	l, err := r.Metrics[name].Latencies()
	if err != nil {
		return htmlDrawn{err: fmt.Errorf("%s: %w", name, err)}
	}
	heat, err := htmlHeatOf(r.Intervals, name, l.Measured)
	return htmlDrawn{htmlCurveOf(l), heat, err}
}

func htmlCurveOf(l record.Latencies) htmlCurve {
	all := l.All()
	c := htmlCurve{Count: all.Count(), Max: all.Max(), Values: htmlInts{}, Open: -1, AtLeast: l.Measured.Count() < all.Count()}
	if c.Count == 0 {
		c.Open = 0
		return c
	}
	last := int(math.Log10(float64(c.Count)) * htmlCurveSteps)
	for i := 0; i <= last; i++ {
		q := 100 * (1 - math.Pow(10, -float64(i)/htmlCurveSteps))
		value, known := l.Percentile(all, q)
		c.Values = append(c.Values, value)
		if !known && c.Open < 0 {
			c.Open = i
		}
	}
	if c.Open < 0 {
		c.Open = len(c.Values)
	}
	return c
}

// htmlLines has a line for a run, or for each of its parts that has intervals.
func htmlLines(r *record.Run) []htmlLine {
	parts := map[int][]record.Interval{}
	for _, i := range r.Intervals {
		parts[i.Part] = append(parts[i.Part], i)
	}
	lines := []htmlLine{}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		l := htmlLineOf(r, parts[part])
		if len(r.Parts) > 0 {
			l.Part = part + 1
		}
		lines = append(lines, l)
	}
	return lines
}

func htmlLineOf(r *record.Run, intervals []record.Interval) htmlLine {
	l := htmlLine{Kinds: htmlKinds(intervals), Metrics: map[string]htmlSeries{}}
	for _, i := range intervals {
		l.Start = append(l.Start, i.Start)
		l.Length = append(l.Length, i.Duration)
		l.Rate = append(l.Rate, math.Round(i.Rate*1000)/1000)
		var errors int64
		for _, n := range i.Errors {
			errors += n
		}
		l.Errors = append(l.Errors, errors)
	}
	for _, name := range shown(r) {
		var s htmlSeries
		for at, i := range intervals {
			s.add(at, i.Metrics[name])
		}
		l.Metrics[name] = s
	}
	return l
}

// htmlKinds counts the errors of each kind, the most frequent first. There are few kinds;
// what a record has beyond that is counted together.
func htmlKinds(intervals []record.Interval) []htmlKind {
	const most = 8
	sums := map[string]int64{}
	for _, i := range intervals {
		for kind, n := range i.Errors {
			sums[kind] += n
		}
	}
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	out := []htmlKind{}
	place := map[string]int{}
	for at, name := range names {
		if at == most {
			out = append(out, htmlKind{"others", make([]int64, len(intervals))})
		} else if at < most {
			out = append(out, htmlKind{name, make([]int64, len(intervals))})
		}
		place[name] = min(at, most)
	}
	for i, v := range intervals {
		for kind, n := range v.Errors {
			out[place[kind]].Counts[i] += n
		}
	}
	return out
}

// htmlOffsets is what was estimated of the clock of a run, or of the parts that have it.
func htmlOffsets(r *record.Run) []htmlOffset {
	out := []htmlOffset{}
	add := func(c record.Clock, part int, shift int64) {
		if len(c.Segments) > 0 {
			out = append(out, htmlOffset{part, shift, c.Segments, append([]record.Change{}, c.Changes...)})
		}
	}
	if len(r.Parts) == 0 {
		add(r.Clock, 0, 0)
	}
	for i, p := range r.Parts {
		add(p.Clock, i+1, int64(p.Started.Sub(r.Started)))
	}
	return out
}
