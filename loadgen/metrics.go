package loadgen

import (
	"fmt"
	"slices"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// metric is a place in metrics.
type metric int

const (
	response metric = iota
	rtt
	lag
	ownLag
	wakeup
	forward
	reverse
	forwardRaw
	reverseRaw
	forwardExcess
	reverseExcess
	// For how long messages waited that were never answered, since they were due and
	// sent; and for how long those that were never sent.
	responseCensored
	rttCensored
	lagCensored
	metricCount
)

// metrics are the histograms of a run; nil for what it does not measure.
type metrics [metricCount]*hist.Histogram

// censored are where the messages of a metric are that never got a reply.
var censored = map[metric]metric{response: responseCensored, rtt: rttCensored, lag: lagCensored}

// metricNames are the keys of record.Run.Metrics.
var metricNames = [responseCensored]string{
	response: record.Response, rtt: record.RTT, lag: record.Lag, ownLag: record.OwnLag, wakeup: record.Wakeup,
	forward: record.Forward, reverse: record.Reverse, forwardRaw: record.ForwardRaw, reverseRaw: record.ReverseRaw,
	forwardExcess: record.ForwardExcess, reverseExcess: record.ReverseExcess,
}

// immediate are the metrics that a shard records itself, when it has a reply.
var immediate = []metric{
	response, rtt, lag, ownLag, wakeup, forwardRaw, reverseRaw, responseCensored, rttCensored, lagCensored,
}

// has reports whether a run has a metric.
func (c Config) has(m metric) bool {
	switch m {
	case response, lag, ownLag, responseCensored, lagCensored:
		return c.open()
	case wakeup:
		return c.stamped()
	case forward, reverse, forwardRaw, reverseRaw:
		return c.Proto == Text
	case forwardExcess, reverseExcess:
		return c.estimated()
	}
	return true
}

// Measures returns an error if runs that are configured so lack a figure.
func (c Config) Measures(f record.Figure) error {
	switch i := metric(slices.Index(metricNames[:], f.Metric)); {
	case i < 0 || c.has(i):
		return nil
	case i == response || i == lag || i == ownLag:
		return fmt.Errorf("%s is of open loop: give --rate, or take rtt", f.Metric)
	}
	return fmt.Errorf("with this protocol, --timestamps and --clock a run has no %s", f.Metric)
}

// newMetrics returns those of some metrics that a run has.
func newMetrics(cfg Config, some []metric) (m metrics) {
	for _, i := range some {
		if cfg.has(i) {
			m[i] = hist.New()
		}
	}
	return m
}

// unanswered is the number of messages that were sent and never answered.
func (m metrics) unanswered() int64 { return m[rttCensored].Count() }

// of is what there is of a metric.
func (m metrics) of(i metric) record.Latencies {
	l := record.Latencies{Measured: m[i]}
	if c, ok := censored[i]; ok {
		l.Censored = m[c]
	}
	return l
}

// all returns them as a record has them. So many messages were never answered.
func (m metrics) all(unanswered int64) map[string]record.Metric {
	all := map[string]record.Latencies{}
	for i, name := range metricNames {
		if m[i] != nil {
			all[name] = m.of(metric(i))
		}
	}
	return record.NewMetrics(all, unanswered)
}

// named returns those that have values, as an interval has them.
func (m metrics) named(unanswered int64) map[string]record.Metric {
	for i := range metricNames {
		if m[i] != nil && m.of(metric(i)).Count() == 0 {
			m[i] = nil
		}
	}
	return m.all(unanswered)
}

// median is that of a metric, or a lower bound of it, as a report has it.
func (m metrics) median(i metric) float64 {
	l := m.of(i)
	value, _ := l.Percentile(l.All(), 50)
	return float64(value)
}

func (m metrics) isEmpty() bool {
	return !slices.ContainsFunc(m[:], func(h *hist.Histogram) bool { return h != nil && h.Count() > 0 })
}

func (m metrics) reset() {
	for _, h := range m {
		if h != nil {
			h.Reset()
		}
	}
}

func (m metrics) merge(o metrics) {
	for i, h := range o {
		if h != nil {
			m[i].Merge(h)
		}
	}
}
