package record

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/echostamp/echostamp/internal/hist"
)

// Latencies are the values of a metric: of the messages that were answered, and of those
// that were not. The latency of a message without a reply is censored: it is at least
// what was waited, and may be anything above. Leaving it out would make a server that
// drops its slowest messages look faster than one that answers them.
type Latencies struct {
	Measured *hist.Histogram
	Censored *hist.Histogram // how long was waited; nil of a metric that knows no such messages
}

// unbounded is the highest that a figure can be if nothing bounds it.
const unbounded = math.MaxInt64

// censored is the number of messages without a reply.
func (l Latencies) censored() int64 {
	if l.Censored == nil {
		return 0
	}
	return l.Censored.Count()
}

// Count is the number of messages, answered or not.
func (l Latencies) Count() int64 { return l.Measured.Count() + l.censored() }

// All has every message, those without a reply at what was waited.
func (l Latencies) All() *hist.Histogram {
	if l.censored() == 0 {
		return l.Measured
	}
	all := hist.New()
	all.Merge(l.Measured)
	all.Merge(l.Censored)
	return all
}

// NewLatencies returns none yet.
func NewLatencies() Latencies { return Latencies{hist.New(), hist.New()} }

// Merge adds all that o holds. It may keep a histogram of o if l has none.
func (l *Latencies) Merge(o Latencies) {
	if o.Measured != nil {
		l.Measured.Merge(o.Measured)
	}
	switch {
	case l.Censored == nil:
		l.Censored = o.Censored
	case o.Censored != nil:
		l.Censored.Merge(o.Censored)
	}
}

// Reset empties both histograms.
func (l Latencies) Reset() {
	l.Measured.Reset()
	l.Censored.Reset()
}

// percentile returns between what percentile q lies: as if each message without a reply
// had been answered when it was given up, and as if it never were. All is l.All().
func (l Latencies) percentile(all *hist.Histogram, q float64) (low, high int64) {
	rank := hist.Rank(q, all.Count())
	high = unbounded
	if rank <= l.Measured.Count() {
		high = l.Measured.AtRank(rank)
	}
	if l.censored() == 0 {
		return high, high
	}
	return all.AtRank(rank), high
}

// tolerance is by how much of itself messages without a reply may move a percentile
// without making a mere lower bound of it. One reset in a million messages shifts every
// rank by one, and the figures by less than they scatter.
const tolerance = 0.01

// isKnown reports whether a figure between two bounds is told as known: the higher one. Of
// a direction what counts is the distance from its smallest delay: where the clocks are
// years apart, a hundredth of the figure would be any delay.
func (l Latencies) isKnown(low, high int64) bool {
	if high == unbounded || l.censored() == 0 {
		return high != unbounded
	}
	size := math.Abs(float64(low))
	if least := l.Measured.Min(); l.Censored.Max() == least {
		size = float64(low) - float64(least)
	}
	return float64(high)-float64(low) <= tolerance*size
}

// Percentile returns percentile q, or a lower bound of it. All is l.All().
func (l Latencies) Percentile(all *hist.Histogram, q float64) (value int64, known bool) {
	low, high := l.percentile(all, q)
	if l.isKnown(low, high) {
		return high, true
	}
	return low, false
}

// Metric reads the figures.
func (l Latencies) Metric() Metric {
	h, all := l.Measured, l.All()
	m := Metric{
		Count: h.Count(), Min: h.Min(), Max: all.Max(), Mean: all.Mean(), StdDev: h.StdDev(),
		Percentiles: map[string]int64{},
		Low:         []string{},
	}
	for _, q := range Percentiles {
		name := PercentileName(q)
		if above(all.Count(), q) < enough {
			m.Low = append(m.Low, name)
		}
		if Enough(all.Count(), q) {
			m.tell(name, l, all, q)
		}
	}
	if l.censored() > 0 {
		m.AtLeast = append(m.AtLeast, "max", "mean")
		m.Censored = newCensored(l)
	}
	m.HDR, m.HDRNegative = h.Encode()
	return m
}

// tell notes a percentile of so many samples that it can be told.
func (m *Metric) tell(name string, l Latencies, all *hist.Histogram, q float64) {
	value, known := l.Percentile(all, q)
	if !known {
		m.AtLeast = append(m.AtLeast, name)
	}
	if known || value > 0 { // or else the bound says nothing
		m.Percentiles[name] = value
	}
}

// Censored are the messages of a metric that got no reply.
type Censored struct {
	Count int64 `json:"count"`
	// How long was waited for the replies, in nanoseconds, and HDR all of that, as in a
	// Metric. Of a direction nothing is known, HDR is empty, and each counts with the
	// smallest delay of that direction.
	Min    int64   `json:"min"`
	Max    int64   `json:"max"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	HDR    string  `json:"hdr,omitempty"`
	// MeasuredMax and MeasuredMean are the maximum and the mean of the messages that
	// were answered.
	MeasuredMax  int64   `json:"measured_max"`
	MeasuredMean float64 `json:"measured_mean"`
}

func newCensored(l Latencies) *Censored {
	w := l.Censored
	c := &Censored{
		Count: w.Count(), Min: w.Min(), Max: w.Max(), Mean: w.Mean(), StdDev: w.StdDev(),
		MeasuredMax: l.Measured.Max(), MeasuredMean: l.Measured.Mean(),
	}
	if w.Max() != w.Min() || w.Max() != l.Measured.Min() {
		c.HDR, _ = w.Encode()
	}
	return c
}

// histogram returns how long was waited. Smallest is the smallest measured value.
func (c *Censored) histogram(smallest int64) (*hist.Histogram, error) {
	if c.HDR == "" {
		return repeated(smallest, c.Count)
	}
	return hist.Decode(c.HDR, "", hist.Figures{Count: c.Count, Min: c.Min, Max: c.Max, Mean: c.Mean, StdDev: c.StdDev})
}

// repeated has one value so many times.
func repeated(value, times int64) (*hist.Histogram, error) {
	if times < 0 {
		return nil, fmt.Errorf("%d messages got no reply", times)
	}
	h := hist.New()
	h.RecordN(value, times)
	return h, nil
}

// Latencies returns the values that m was read from. An error says in what they and the
// figures disagree.
func (m Metric) Latencies() (Latencies, error) {
	h, err := m.Histogram()
	if err != nil || m.Censored == nil {
		return Latencies{Measured: h}, err
	}
	w, err := m.Censored.histogram(h.Min())
	if err != nil {
		return Latencies{}, fmt.Errorf("censored: %w", err)
	}
	if h.Count() > math.MaxInt64-w.Count() {
		return Latencies{}, errors.New("the number of messages overflows 63 bits")
	}
	return Latencies{h, w}, nil
}

// Unanswered is the number of messages that are in the metric without a reply.
func (m Metric) Unanswered() int64 {
	if m.Censored == nil {
		return 0
	}
	return m.Censored.Count
}

// Samples is the number of messages, answered or not.
func (m Metric) Samples() int64 { return m.Count + m.Unanswered() }

// IsAtLeast reports whether a figure, max, mean or the name of a percentile, is a lower
// bound: messages without a reply may make it higher.
func (m Metric) IsAtLeast(name string) bool { return slices.Contains(m.AtLeast, name) }

// directions are the metrics that tell only of answered messages: of one without a reply
// it is not known which direction took how long.
var directions = []string{Forward, Reverse, ForwardRaw, ReverseRaw, ForwardExcess, ReverseExcess}

// NewMetrics reads the figures of metrics. So many messages got no reply, which is news
// for the directions.
func NewMetrics(of map[string]Latencies, unanswered int64) map[string]Metric {
	out := map[string]Metric{}
	for name, l := range of {
		if unanswered > 0 && l.Measured.Count() > 0 && slices.Contains(directions, name) {
			l.Censored, _ = repeated(l.Measured.Min(), unanswered)
		}
		out[name] = l.Metric()
	}
	return out
}
