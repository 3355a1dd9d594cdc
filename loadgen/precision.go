package loadgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/stat"
)

// Precision asks for a percentile to be known within a share of itself.
type Precision struct {
	Metric     string // record.Response or record.RTT; empty is the one that counts from when a message is due
	Percentile float64
	Within     float64 // how far either end of its interval may be from the figure, as a share of that
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
		return wrong("it takes %v at least to tell how precise a figure is: set a longer --duration than %v", minPrecise, c.Duration)
	}
	if n := int64(c.Rate * c.Duration.Seconds()); c.open() && !record.Enough(n, p.Percentile) {
		return wrong("%v at %v/s are %d samples, too few for p%v: set a longer --duration or a higher --rate",
			c.Duration, c.Rate, n, p.Percentile)
	}
	return nil
}

// minPrecise is how long a run must be to have slices enough that are complete.
const minPrecise = (stat.FewestBatches + 2) * firstWidth

// watched is the metric that a run looks at while it goes on: the one whose
// precision is asked for, or else the one that people wait for.
func (c Config) watched() metric {
	switch {
	case c.Until != nil && c.Until.Metric == record.RTT, !c.open():
		return rtt
	}
	return response
}

// sections holds what was measured in slices of equal length, of which there are never many,
// however long the run.
type sections struct {
	slices []record.Latencies
	width  time.Duration // of a slice; 0 before the first
	look   time.Duration // when it is worth looking at them next
}

const (
	firstWidth = 500 * time.Millisecond
	maxSlices  = 64
	// lookAgain is how much longer a run is from one look to the next. Each look is another
	// chance to take luck for precision.
	lookAgain = 1.25
)

// add takes what was measured around a time since measuring began, which is not kept, and
// reports whether it is worth looking at the interval. Times do not go back.
func (s *sections) add(l record.Latencies, elapsed time.Duration) (look bool) {
	if s.width == 0 {
		s.width, s.look = firstWidth, minPrecise
	}
	for elapsed/s.width >= maxSlices {
		s.halve()
	}
	for len(s.slices) <= int(elapsed/s.width) {
		s.slices = append(s.slices, record.NewLatencies())
	}
	s.slices[elapsed/s.width].Merge(l)
	if look = elapsed >= s.look; look {
		s.look = time.Duration(lookAgain * float64(elapsed))
	}
	return look
}

// halve makes one slice of two.
func (s *sections) halve() {
	for i, l := range s.slices {
		if i%2 == 1 {
			s.slices[i/2].Merge(l)
		} else {
			s.slices[i/2] = l
		}
	}
	s.slices = s.slices[:(len(s.slices)+1)/2]
	s.width *= 2
}

// complete are the slices that nothing is added to any more.
func (s *sections) complete() []record.Latencies { return s.slices[:max(0, len(s.slices)-1)] }

// whole is what they hold together.
func (s *sections) whole() record.Latencies {
	l := record.NewLatencies()
	for _, slice := range s.complete() {
		l.Merge(slice)
	}
	return l
}

// An interval is that of a percentile of what was measured, in nanoseconds. It holds in 95 runs
// of 100, of which the latencies are as related as they are in this one.
type interval struct{ figure, low, high int64 }

// within reports whether both ends are as near to the figure as that, as a share of it.
func (i interval) within(share float64) bool {
	return float64(max(i.high-i.figure, i.figure-i.low)) <= share*float64(i.figure)
}

// interval is that of percentile q of the whole, as precise as the slices that are complete say;
// false if that cannot be told: there are too few samples that are as good as independent, or
// the upper end lies among messages without a reply, and may be anywhere above.
//
// How many samples in each slice lie above the percentile says how much of that share is
// chance, and the percentiles as far above and below are the ends. Slow ones may come together
// and be few, so the same is done for the median, whose samples are many and show best how
// latencies that follow each other are related.
func (s *sections) interval(q float64, whole record.Latencies) (i interval, ok bool) {
	all := whole.All()
	n := all.Count()
	if !record.Enough(n, q) {
		return i, false
	}
	share := 1 - q/100
	low, high, ok := stat.ShareInterval(share, float64(n), s.design(q), s.design(50))
	if !ok {
		return i, false
	}
	upper, ok := whole.Percentile(all, 100*(1-low))
	return interval{all.Percentile(q), all.Percentile(100 * (1 - high)), upper}, ok
}

// design is that of percentile q in the slices.
func (s *sections) design(q float64) stat.Design {
	whole := s.whole().All()
	at, share := whole.Percentile(q), 1-q/100
	above, level := whole.Above(at)
	// Of those that are as good as the percentile, as many are above it as makes its share.
	part := (share*float64(whole.Count()) - float64(above)) / float64(max(1, level))
	var batches []stat.Batch
	for _, l := range s.complete() {
		h := l.All()
		above, level := h.Above(at)
		batches = append(batches, stat.Batch{Count: float64(h.Count()), Above: float64(above) + part*float64(level)})
	}
	return stat.DesignOf(batches, share)
}

// precision is what is said of the whole in the record.
func (s *sections) precision(asked *Precision, metric string, whole record.Latencies, reached bool) *record.Precision {
	p := &record.Precision{
		Metric: metric, Percentile: record.PercentileName(asked.Percentile), Asked: asked.Within, Reached: reached,
	}
	if i, ok := s.interval(asked.Percentile, whole); ok {
		p.Figure, p.Low, p.High = float64(i.figure), float64(i.low), float64(i.high)
	}
	return p
}
