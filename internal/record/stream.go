package record

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// StreamSchema is the schema of the first line of a stream.
const StreamSchema = "echostamp.stream.v1"

// A Line is one of a stream: a run as newline-delimited JSON, while it goes on. The
// first has Schema and Begin, the last End; between them is an Interval, Corrected or Lost
// each. What a run that was killed has not streamed is missing, and nothing else.
type Line struct {
	Schema    string      `json:"schema,omitempty"`
	Begin     *Run        `json:"begin,omitempty"` // facts, of which nothing is measured
	Interval  *Interval   `json:"interval,omitempty"`
	Corrected *Correction `json:"corrected,omitempty"`
	Lost      *Lost       `json:"lost,omitempty"`
	End       *Run        `json:"end,omitempty"` // facts
}

// A Correction has the metrics of an interval that need the server's clock. They come
// later, because it is known best by the replies before and after.
type Correction struct {
	Start   int64             `json:"start_ns"` // of the interval
	Metrics map[string]Metric `json:"metrics"`
}

// Lost stands where lines are missing, because the reader of the stream was too slow.
type Lost struct {
	Lines int64 `json:"lines"`
}

// stream puts a run together from its lines. It keeps the latest intervals as they are, because they
// may still be corrected, and adds up those before, so that a stream may go on for ever.
type stream struct {
	begin   Run
	latest  []latest
	past    Series
	sums    sums
	totals  Totals // of past
	covered int64  // how long past and latest are together
	until   int64  // when the last interval ends
	lost    int64  // lines
	gap     bool   // lines are lost since the last interval
}

// latest is an interval that may be corrected, and what it weighs.
type latest struct {
	Interval
	weight int64
}

func newStream(begin Run) *stream {
	return &stream{begin: begin, sums: sums{}, totals: Totals{Errors: map[string]int64{}}}
}

// take takes a line between the first and the last, of some weight, and returns how much weight was
// added up into what was there.
func (s *stream) take(l Line, weight int64) (freed int64, err error) {
	switch {
	case l.Interval != nil:
		return s.interval(*l.Interval, weight)
	case l.Corrected != nil:
		return 0, s.correct(*l.Corrected, weight)
	case l.Lost != nil:
		if l.Lost.Lines < 0 || l.Lost.Lines > ever {
			return 0, fmt.Errorf("%d lines cannot be lost", l.Lost.Lines)
		}
		s.lost, s.gap = min(s.lost+l.Lost.Lines, ever), true
	}
	return weight, nil // a kind of line that is newer than this program is not kept
}

func (s *stream) interval(i Interval, weight int64) (freed int64, err error) {
	if place, err := i.fault(); err != nil {
		return 0, fmt.Errorf("interval.%s: %w", place, err)
	}
	if i.Start != s.until && !(s.gap && i.Start > s.until) {
		return 0, fmt.Errorf("an interval from %d ns follows what ends at %d ns: a line is missing, or there twice", i.Start, s.until)
	}
	s.gap, s.until = false, i.Start+i.Duration
	s.covered += i.Duration
	s.latest = append(s.latest, latest{i, weight})
	if len(s.latest) > MaxIntervals {
		return s.settle()
	}
	return 0, nil
}

// correct adds the directions of an interval, unless the line with that was lost.
func (s *stream) correct(c Correction, weight int64) error {
	if name, err := faultyMetric(c.Metrics); err != nil {
		return fmt.Errorf("corrected.metrics.%s: %w", name, err)
	}
	for i := range slices.Backward(s.latest) {
		if v := &s.latest[i]; v.Start == c.Start {
			if _, again := v.Metrics[Forward]; again {
				return fmt.Errorf("the interval from %d ns is corrected twice", v.Start)
			}
			maps.Copy(v.Metrics, c.Metrics)
			v.weight += weight
			if len(v.Metrics) > maxNames {
				return errTooManyNames
			}
			return nil
		}
	}
	if s.lost > 0 {
		return nil
	}
	return fmt.Errorf("what is corrected is of no interval: none begins at %d ns", c.Start)
}

// settle adds the first of the latest intervals to the past.
func (s *stream) settle() (freed int64, err error) {
	first := s.latest[0]
	s.latest[0] = latest{}
	s.latest = s.latest[1:]
	if !s.totals.count(first.Interval) {
		return 0, errors.New("the sum of the counts of the intervals overflows 63 bits")
	}
	if err := s.sums.add(first.Metrics); err != nil {
		return 0, err
	}
	before := len(s.past.list)
	if err := s.past.Add(first.Interval); err != nil {
		return 0, err
	}
	if len(s.past.list) > before {
		return 0, nil
	}
	return first.weight, nil
}

// run returns the run: with the facts of the last line, or, if that never came, with what
// the intervals tell.
func (s *stream) run(end *Run) (*Run, error) {
	if end == nil {
		if err := s.abandon(); err != nil {
			return nil, err
		}
	}
	for len(s.latest) > 0 {
		if _, err := s.settle(); err != nil {
			return nil, err
		}
	}
	r := s.begin
	if end != nil {
		r = *end
	}
	r.Schema = Schema
	r.Metrics, r.Intervals = s.sums.metrics(), s.past.Intervals()
	if end == nil || s.lost > 0 {
		s.infer(&r, end != nil)
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

// abandon gives up what was pending when the run was killed.
func (s *stream) abandon() error {
	if len(s.latest) == 0 {
		return nil
	}
	last := &s.latest[len(s.latest)-1].Interval
	switch {
	case last.Pending == 0:
		return nil
	case s.begin.Config.Mode == Open:
		return last.abandon(RTT, Response)
	}
	return last.abandon(RTT)
}

// infer tells what the intervals do of a run that was killed, or of whose stream lines were lost.
func (s *stream) infer(r *Run, ended bool) {
	told := r.Totals
	r.Duration, r.Totals, r.StreamLost = s.covered, s.totals, s.lost
	r.Totals.Unanswered = max(0, r.Metrics[RTT].Unanswered()-r.Totals.Failed) // which intervals do not count
	r.Totals.Unserved, r.Totals.Starved = told.Unserved, told.Starved
	if r.Duration > 0 {
		r.Totals.Rate = float64(r.Totals.Received-r.Totals.Late) / float64(r.Duration) * 1e9
	}
	var reasons []string
	if !ended {
		r.Interrupted = true
		reasons = append(reasons, "the stream has no \"end\" line: the run was killed or is still running; no verdict")
		s.inferClock(r)
	} else {
		reasons = append(reasons, r.Validity.Reasons...)
	}
	if s.lost > 0 {
		reasons = append(reasons, fmt.Sprintf("%d lines of the stream were lost to a slow reader; the figures cover the remaining lines", s.lost))
	}
	r.Validity = Validity{Verdict: Invalid, Reasons: reasons, Limited: r.Validity.Limited}
	if corrected := r.Metrics[Forward].Count; 0 < corrected && corrected < r.Totals.Received {
		of := "forward_excess and reverse_excess are"
		if r.Clock.Relation == Corrected {
			of = "forward, reverse and their excess are"
		}
		which := "the first %d replies"
		if s.lost > 0 {
			which = "%d replies"
		}
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s of "+which+" only: the others had not been corrected", of, corrected))
	}
}

// inferClock tells how the clocks of a run that was killed relate, which would have been found out at
// its end: the directions are by the clocks as they stand, unless these cannot be the same.
func (s *stream) inferClock(r *Run) {
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
}
