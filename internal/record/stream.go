package record

import (
	"fmt"
	"maps"
	"slices"
)

// StreamSchema is the schema of the first line of a stream.
const StreamSchema = "echostamp.stream.v1"

// A Line is one of a stream: a run as newline-delimited JSON, while it goes on. The
// first has Schema and Begin, the last End; between them is an Interval or Corrected
// each. What a run that was killed has not streamed is missing, and nothing else.
type Line struct {
	Schema    string      `json:"schema,omitempty"`
	Begin     *Run        `json:"begin,omitempty"` // facts, of which nothing is measured
	Interval  *Interval   `json:"interval,omitempty"`
	Corrected *Correction `json:"corrected,omitempty"`
	End       *Run        `json:"end,omitempty"` // facts
}

// A Correction has the metrics of an interval that need the server's clock. They come
// later, because it is known best by the replies before and after.
type Correction struct {
	Start   int64             `json:"start_ns"` // of the interval
	Metrics map[string]Metric `json:"metrics"`
}

// stream puts a run together from its lines.
type stream struct {
	begin     Run
	intervals []Interval
}

func newStream(begin Run) *stream { return &stream{begin: begin} }

// take takes a line between the first and the last.
func (s *stream) take(l Line) error {
	switch {
	case l.Interval != nil:
		if place, err := l.Interval.fault(0); err != nil {
			return fmt.Errorf("interval.%s: %w", place, err)
		}
		s.intervals = append(s.intervals, *l.Interval)
	case l.Corrected != nil:
		if name, err := faultyMetric(l.Corrected.Metrics); err != nil {
			return fmt.Errorf("corrected.metrics.%s: %w", name, err)
		}
		for i := range slices.Backward(s.intervals) {
			if v := &s.intervals[i]; v.Start == l.Corrected.Start {
				maps.Copy(v.Metrics, l.Corrected.Metrics)
				return nil
			}
		}
		return fmt.Errorf("what is corrected is of no interval: none begins at %d ns", l.Corrected.Start)
	}
	return nil // a kind of line that is newer than this program
}

// run returns the run: with the facts of the last line, or, if that never came, with what
// the intervals tell.
func (s *stream) run(end *Run) (*Run, error) {
	r := s.begin
	if end != nil {
		r = *end
	}
	r.Schema = Schema
	var all Series
	r.Metrics = map[string]Metric{}
	sums := sums{}
	for _, i := range s.intervals {
		if err := sums.add(i.Metrics); err != nil {
			return nil, err
		}
		if err := all.Add(i); err != nil {
			return nil, err
		}
	}
	r.Metrics, r.Intervals = sums.metrics(), all.Intervals()
	if end == nil {
		s.infer(&r)
	}
	if r.Clock.IsRaw() {
		for raw, name := range raws {
			if m, ok := r.Metrics[raw]; ok {
				r.Metrics[name] = m
			}
		}
	}
	r.Settle()
	return &r, nil
}

// infer tells of a run that was killed what its intervals do.
func (s *stream) infer(r *Run) {
	r.Interrupted = true
	t := &r.Totals
	t.Errors = map[string]int64{}
	for _, i := range s.intervals {
		t.Sent += i.Sent
		t.Received += i.Received
		t.Failed += i.Failed
		t.Late += i.Late
		t.BytesSent += i.BytesSent
		t.BytesReceived += i.BytesReceived
		addErrors(t.Errors, i.Errors)
		r.Duration = max(r.Duration, i.Start+i.Duration)
	}
	if r.Duration > 0 {
		t.Rate = float64(t.Received-t.Late) / float64(r.Duration) * 1e9
	}
	if _, corrected := r.Metrics[Forward]; corrected {
		r.Clock.Relation = Corrected
	}
	const reason = "the run was killed: its stream has no end, and it was not judged"
	r.Validity = Validity{Verdict: Invalid, Reasons: []string{reason}}
}
