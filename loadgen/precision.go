package loadgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/stat"
)

// Precision asks for a percentile to be known within a share of itself.
type Precision struct {
	Metric     string // record.Response or record.RTT; empty is the one that counts from when a message is due
	Percentile float64
	Within     float64 // half of the interval, as a share of the figure
}

// ParsePrecision reads "p99±2%", "rtt.p99.9±5%" or, for keyboards without ±,
// "p99+-2%".
func ParsePrecision(text string) (*Precision, error) {
	bad := fmt.Errorf("%q is no percentile with a precision, such as p99±2%% or rtt.p50±1%%", text)
	figure, within, ok := strings.Cut(strings.Replace(text, "+-", "±", 1), "±")
	percent, isShare := strings.CutSuffix(within, "%")
	if !ok || !isShare {
		return nil, bad
	}
	p := &Precision{}
	if metric, rest, named := strings.Cut(figure, ".p"); named {
		p.Metric, figure = metric, "p"+rest
	}
	quantile, isPercentile := strings.CutPrefix(figure, "p")
	var err, e error
	p.Percentile, err = strconv.ParseFloat(quantile, 64)
	p.Within, e = strconv.ParseFloat(percent, 64)
	p.Within /= 100
	if !isPercentile || err != nil || e != nil {
		return nil, bad
	}
	return p, nil
}

// validate checks what can be asked of a run that is configured so.
func (p *Precision) validate(c Config) error {
	wrong := func(format string, args ...any) error {
		return &ConfigError{"until", fmt.Sprintf(format, args...)}
	}
	switch {
	case p == nil:
		return nil
	case p.Metric != "" && p.Metric != record.Response && p.Metric != record.RTT:
		return wrong("%q is neither %s nor %s", p.Metric, record.Response, record.RTT)
	case p.Metric == record.Response && !c.open():
		return wrong("a closed loop has no %s: ask for %s, or set --rate", record.Response, record.RTT)
	case !(p.Percentile > 0 && p.Percentile < 100):
		return wrong("p%v is not above p0 and below p100", p.Percentile)
	case !(p.Within >= 0.001 && p.Within < 1):
		return wrong("±%v%% is not between ±0.1%% and ±100%%", p.Within*100)
	case len(c.Stages) > 0:
		return wrong("a figure that --stages change does not get more precise: leave one of the two out")
	case c.Messages > 0:
		return wrong("leave --messages out: the run ends with precision, or with its duration")
	case c.Duration < minPrecise:
		return wrong("ten sections take %v at least: set a longer --duration than %v", minPrecise, c.Duration)
	}
	each := int64(c.Rate * c.Duration.Seconds() / stat.Sections)
	if c.open() && !record.Enough(each, p.Percentile) {
		return wrong("in %v at %v/s each of ten sections has %d samples, too few for p%v: set a longer --duration or a higher --rate",
			c.Duration, c.Rate, each, p.Percentile)
	}
	return nil
}

// minPrecise is how long a run must be to have ten slices that are complete.
const minPrecise = 6 * time.Second

// watched is the metric that a run looks at while it goes on: the one whose
// precision is asked for, or else the one that people wait for.
func (c Config) watched() metric {
	switch {
	case c.Until != nil && c.Until.Metric == record.RTT, !c.open():
		return rtt
	}
	return response
}

// sections holds what was measured in slices of equal length, of which there are
// never many, however long the run.
type sections struct {
	slices  []*hist.Histogram
	width   int64           // of a slice, nanoseconds; 0 before the first
	section *hist.Histogram // the one at hand
}

const (
	firstWidth = 500e6
	maxSlices  = 4 * stat.Sections
)

// add takes what was measured around a time since measuring began, which is not
// kept, and reports whether a slice is complete that was not. Times do not go back.
func (s *sections) add(h *hist.Histogram, elapsed int64) bool {
	if s.width == 0 {
		s.width, s.section = firstWidth, hist.New()
	}
	for elapsed/s.width >= maxSlices {
		s.halve()
	}
	before := len(s.slices)
	for int64(len(s.slices)) <= elapsed/s.width {
		s.slices = append(s.slices, hist.New())
	}
	s.slices[elapsed/s.width].Merge(h)
	return len(s.slices) > before
}

// halve makes one slice of two.
func (s *sections) halve() {
	for i, h := range s.slices {
		if i%2 == 1 {
			s.slices[i/2].Merge(h)
		} else {
			s.slices[i/2] = h
		}
	}
	s.slices = s.slices[:(len(s.slices)+1)/2]
	s.width *= 2
}

// interval is that of percentile q in ten sections, as equal as the slices that are
// complete make them; false while a section has too few samples.
func (s *sections) interval(q float64) (stat.Interval, bool) {
	complete := len(s.slices) - 1
	if complete < stat.Sections {
		return stat.Interval{}, false
	}
	var values [stat.Sections]float64
	for i := range values {
		s.section.Reset()
		for _, h := range s.slices[i*complete/stat.Sections : (i+1)*complete/stat.Sections] {
			s.section.Merge(h)
		}
		if !record.Enough(s.section.Count(), q) {
			return stat.Interval{}, false
		}
		values[i] = float64(s.section.Percentile(q))
	}
	return stat.OfSections(values), true
}

// precision is what is said of it in the record.
func (s *sections) precision(asked *Precision, metric string, reached bool) *record.Precision {
	p := &record.Precision{
		Metric: metric, Percentile: record.PercentileName(asked.Percentile), Asked: asked.Within, Reached: reached,
	}
	if i, ok := s.interval(asked.Percentile); ok {
		p.Figure, p.Low, p.High = i.Mean, i.Mean-i.HalfWidth, i.Mean+i.HalfWidth
	}
	return p
}
