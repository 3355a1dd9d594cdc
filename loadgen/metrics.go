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
	metricCount
)

// metrics are the histograms of a run; nil for what it does not measure.
type metrics [metricCount]*hist.Histogram

// metricNames are the keys of record.Run.Metrics.
var metricNames = [metricCount]string{
	response: record.Response, rtt: record.RTT, lag: record.Lag, ownLag: record.OwnLag, wakeup: record.Wakeup,
	forward: record.Forward, reverse: record.Reverse, forwardRaw: record.ForwardRaw, reverseRaw: record.ReverseRaw,
	forwardExcess: record.ForwardExcess, reverseExcess: record.ReverseExcess,
}

// immediate are the metrics that a shard records itself, when it has a reply.
var immediate = []metric{response, rtt, lag, ownLag, wakeup, forwardRaw, reverseRaw}

// has reports whether a run has a metric.
func (c Config) has(m metric) bool {
	switch m {
	case response, lag, ownLag:
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

// all returns them as a record has them.
func (m metrics) all() map[string]record.Metric {
	all := map[string]record.Metric{}
	for i, h := range m {
		if h != nil {
			all[metricNames[i]] = record.NewMetric(h)
		}
	}
	return all
}

// named returns those that have values, as an interval has them.
func (m metrics) named() map[string]record.Metric {
	for i, h := range m {
		if h != nil && h.Count() == 0 {
			m[i] = nil
		}
	}
	return m.all()
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
