package record

import (
	"fmt"
	"maps"
	"slices"
)

// An Interval is a piece of the time of a run: what was settled in it, and the replies
// that came in it. The sums over all intervals are the totals of the run, but for
// errors before measuring began; so are the metrics.
type Interval struct {
	// Part is the index in Run.Parts of the run that it is of, if there are any.
	Part     int   `json:"part,omitempty"`
	Start    int64 `json:"start_ns"` // since measuring began
	Duration int64 `json:"duration_ns"`

	Sent          int64 `json:"sent"`
	Received      int64 `json:"received"`
	Failed        int64 `json:"failed"`
	Late          int64 `json:"late"`
	BytesSent     int64 `json:"bytes_sent"`
	BytesReceived int64 `json:"bytes_received"`
	// Pending are the messages that were due by the end of the interval, or under way, and
	// that nothing had become of yet. Of a run that was killed they have no reply.
	Pending int64            `json:"pending,omitempty"`
	Rate    float64          `json:"rate"` // (received − late) in a second
	Errors  map[string]int64 `json:"errors"`
	// Metrics are those that have any samples. ForwardRaw and ReverseRaw are not there
	// where they are Forward and Reverse.
	Metrics map[string]Metric `json:"metrics"`
}

// abandon makes messages without a reply of what is pending when a run was killed. For how
// long they waited is not known: each counts with the smallest delay of the interval.
func (i *Interval) abandon(metrics ...string) error {
	pending := i.Pending
	i.Sent, i.Pending = i.Sent+pending, 0
	all := map[string]Latencies{}
	for name, m := range i.Metrics {
		l, err := m.Latencies()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all[name] = l
	}
	for _, name := range metrics {
		l := NewLatencies()
		l.Merge(all[name])
		l.Censored.RecordN(l.Measured.Min(), pending)
		all[name] = l
	}
	i.Metrics = NewMetrics(all, all[RTT].censored())
	return nil
}

// SetRate sets Rate by the rest.
func (i *Interval) SetRate() {
	i.Rate = 0
	if i.Duration > 0 {
		i.Rate = float64(i.Received-i.Late) / float64(i.Duration) * 1e9
	}
}

// join adds what a later interval holds. An error is of a histogram.
func (i *Interval) join(o Interval) error {
	i.Duration = max(i.Start+i.Duration, o.Start+o.Duration) - i.Start
	i.Sent += o.Sent
	i.Received += o.Received
	i.Failed += o.Failed
	i.Late += o.Late
	i.Pending = o.Pending
	i.BytesSent += o.BytesSent
	i.BytesReceived += o.BytesReceived
	i.SetRate()
	i.Errors = maps.Clone(i.Errors)
	addErrors(i.Errors, o.Errors)
	joined, err := mergeMetrics(i.Metrics, o.Metrics)
	i.Metrics = joined
	return err
}

// count adds what an interval counts, and reports whether the sums fit.
func (t *Totals) count(i Interval) (fits bool) {
	return t.add(Totals{
		Sent: i.Sent, Received: i.Received, Failed: i.Failed, Late: i.Late,
		BytesSent: i.BytesSent, BytesReceived: i.BytesReceived, Errors: i.Errors,
	})
}

func addErrors(to, from map[string]int64) (fits bool) {
	fits = true
	for kind, n := range from {
		sum := to[kind]
		fits = addTo(&sum, n) && fits
		to[kind] = sum
	}
	return fits
}

// MaxIntervals is how many a run has at most.
const MaxIntervals = 3600

// A Series collects the intervals of one run. Of a run that has too many, two that follow
// each other become one: those of the past a pair with each new one, so that there is no
// second in which all of them are, and new ones when they come. So none but the last is
// more than twice as long as another. The zero Series is empty.
type Series struct {
	list   []Interval
	factor int // how many one is to be of
	filled int // how many the last is of
	next   int // where the next two of the past are that become one
}

// Add adds the interval that follows.
func (s *Series) Add(i Interval) error {
	if s.filled < s.factor {
		s.filled++
		return s.list[len(s.list)-1].join(i)
	}
	s.list = append(s.list, i)
	s.filled, s.factor = 1, max(s.factor, 1)
	if len(s.list) <= MaxIntervals {
		return nil
	}
	if s.next == 0 {
		s.factor *= 2
	}
	err := s.list[s.next].join(s.list[s.next+1])
	s.list = slices.Delete(s.list, s.next+1, s.next+2)
	s.next = (s.next + 1) % (MaxIntervals / 2)
	return err
}

// Intervals returns what was collected.
func (s *Series) Intervals() []Interval {
	if s.list == nil {
		return []Interval{}
	}
	return s.list
}

// raws are what the directions are where the clocks are taken as they stand.
var raws = map[string]string{ForwardRaw: Forward, ReverseRaw: Reverse}

// Settle has Forward and Reverse of each interval be what they are of the whole run. It is
// called once, when the relation of the clocks is known.
func (r *Run) Settle() {
	if !r.Clock.IsRaw() {
		return
	}
	for _, i := range r.Intervals {
		for raw, name := range raws {
			delete(i.Metrics, name) // the corrected one, which is of no use
			if m, ok := i.Metrics[raw]; ok {
				i.Metrics[name] = m
				delete(i.Metrics, raw)
			}
		}
	}
}
