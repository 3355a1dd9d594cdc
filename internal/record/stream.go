package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
		if end := s.end(); l.Interval.Start != end {
			return fmt.Errorf("an interval from %d ns follows what ends at %d ns: a line is missing, or there twice", l.Interval.Start, end)
		}
		s.intervals = append(s.intervals, *l.Interval)
	case l.Corrected != nil:
		if name, err := faultyMetric(l.Corrected.Metrics); err != nil {
			return fmt.Errorf("corrected.metrics.%s: %w", name, err)
		}
		for i := range slices.Backward(s.intervals) {
			if v := &s.intervals[i]; v.Start == l.Corrected.Start {
				if _, again := v.Metrics[Forward]; again {
					return fmt.Errorf("the interval from %d ns is corrected twice", v.Start)
				}
				maps.Copy(v.Metrics, l.Corrected.Metrics)
				return nil
			}
		}
		return fmt.Errorf("what is corrected is of no interval: none begins at %d ns", l.Corrected.Start)
	}
	return nil // a kind of line that is newer than this program
}

// end is when the last interval ends.
func (s *stream) end() int64 {
	if len(s.intervals) == 0 {
		return 0
	}
	last := s.intervals[len(s.intervals)-1]
	return last.Start + last.Duration
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

// infer tells of a run that was killed what its intervals do. How the clocks relate would
// have been found out at its end: the directions are by the clocks as they stand, unless
// these cannot be the same.
func (s *stream) infer(r *Run) {
	r.Interrupted = true
	r.Duration = s.end()
	r.Totals = Totals{Errors: map[string]int64{}}
	for _, i := range s.intervals {
		r.Totals.count(i)
	}
	if r.Duration > 0 {
		r.Totals.Rate = float64(r.Totals.Received-r.Totals.Late) / float64(r.Duration) * 1e9
	}
	const reason = "the stream has no end: the run was killed, or still goes on, and it was not judged"
	r.Validity = Validity{Verdict: Invalid, Reasons: []string{reason}}
	corrected := r.Metrics[Forward].Count
	_, directions := r.Metrics[ForwardRaw]
	switch {
	case strings.HasPrefix(r.Config.Clock, "synced"):
		r.Clock.Relation = Asserted
	case corrected > 0 && min(r.Metrics[ForwardRaw].Min, r.Metrics[ReverseRaw].Min) < 0:
		r.Clock.Relation = Corrected
	case directions:
		r.Warnings = append(r.Warnings, "how the clocks relate was not found out: forward and reverse are by the clocks as they stand")
	}
	if 0 < corrected && corrected < r.Totals.Received {
		of := "forward_excess and reverse_excess are"
		if r.Clock.Relation == Corrected {
			of = "forward, reverse and their excess are"
		}
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s of the first %d replies only: the others had not been corrected", of, corrected))
	}
}
