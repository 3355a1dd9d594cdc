package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// ever is longer than any run, in nanoseconds: sums of a few do not overflow.
const ever = 1 << 60

// fault finds what a reader cannot rely on, besides what is wrong within a metric or an interval: a
// place in the record as path has it, and what is wrong there.
func (r *Run) fault() (place path, err error) {
	if r.Metrics == nil {
		return nil, errors.New("it has no metrics")
	}
	if place, err := r.tooMany(); err != nil {
		return place, err
	}
	if place, err := r.untrue(); err != nil {
		return place, err
	}
	for i := range r.Parts {
		if place, err := r.Parts[i].untrue(); err != nil {
			return append(path{"parts", strconv.Itoa(i)}, place...), err
		}
	}
	for i, v := range r.Intervals {
		if v.Part > 0 && v.Part >= len(r.Parts) {
			return path{"intervals", strconv.Itoa(i), "part"}, errors.New("it is of no part of the run")
		}
	}
	return path{"totals"}, r.disagreement()
}

// untrue says what of the facts of a run cannot be.
func (r *Run) untrue() (place path, err error) {
	if place, err := r.untimely(); err != nil {
		return place, err
	}
	if rate := r.Config.Rate; rate < 0 || rate > fastest {
		return path{"config", "rate"}, errors.New("no run has such a rate")
	}
	if r.Config.Clients < 0 || r.Config.Clients > most {
		return path{"config", "clients"}, errors.New("no run has so many clients")
	}
	if r.Totals.negative() {
		return path{"totals"}, errors.New("a count is negative")
	}
	return nil, nil
}

// fastest is more than any rate, and most more than all clients of a run: sums of those of all parts
// are finite.
const fastest, most = 1e15, 1 << 40

// negative reports whether a count is below zero, as none is.
func (t *Totals) negative() bool {
	low := min(t.Due, t.Backlog, t.Sent, t.Received, t.Failed, t.Unanswered, t.Late, t.Unstamped, t.Unserved, t.Starved, t.BytesSent, t.BytesReceived)
	for _, n := range t.Errors {
		low = min(low, n)
	}
	return low < 0
}

// untimely says what is wrong with when a run was.
func (r *Run) untimely() (place path, err error) {
	if year := r.Started.Year(); year < 1970 || year > 2200 {
		return path{"started"}, errors.New("no run can have begun then")
	}
	if r.Duration < 0 || r.Duration > ever {
		return path{"duration_ns"}, errors.New("no run takes so long")
	}
	return nil, nil
}

// disagreement says in what the totals, the metrics and the intervals tell different
// things.
func (r *Run) disagreement() error {
	t := r.Totals
	if n := r.Metrics[RTT].Count; n != t.Received {
		return fmt.Errorf("%d replies were received, and %d have a round trip", t.Received, n)
	}
	if n := r.Metrics[RTT].Unanswered(); n > t.Failed+t.Unanswered {
		return fmt.Errorf("%d messages got no reply, and rtt has %d of them", t.Failed+t.Unanswered, n)
	}
	if len(r.Intervals) == 0 || len(r.Parts) > 0 { // parts may have none
		return nil
	}
	var sum Totals
	counts := map[string]int64{}
	for _, i := range r.Intervals {
		if !sum.count(i) {
			return errors.New("the sum of the counts of the intervals overflows 63 bits")
		}
		for name, m := range i.Metrics {
			counts[name] += m.Count
		}
	}
	if sum.Sent != t.Sent || sum.Received != t.Received || sum.Failed != t.Failed || sum.Late != t.Late || sum.BytesSent != t.BytesSent || sum.BytesReceived != t.BytesReceived {
		return fmt.Errorf("the intervals have %d messages and %d replies together, the totals %d and %d: some are missing, or there twice", sum.Sent, sum.Received, t.Sent, t.Received)
	}
	for name, m := range r.Metrics {
		if n, there := counts[name]; n != m.Count && (there || !r.Clock.IsRaw()) {
			return fmt.Errorf("the intervals have %d values of %s together, the whole %d", n, name, m.Count)
		}
	}
	return nil
}

// fault does the same for an interval, and for what is within its metrics.
func (i Interval) fault() (place path, err error) {
	var counts Totals
	counts.count(i)
	switch {
	case i.Part < 0:
		return path{"part"}, errors.New("it is of no part of the run")
	case i.Duration < 0 || i.Duration > ever || i.Start < -ever || i.Start > ever:
		return path{"duration_ns"}, errors.New("it ends before it begins, or is at no time")
	case i.Errors == nil || i.Metrics == nil:
		return nil, errors.New("it has no errors, or no metrics")
	case len(i.Errors) > maxNames || len(i.Metrics) > maxNames:
		return nil, errTooManyNames
	case counts.negative():
		return nil, errors.New("a count is negative")
	case i.Pending < 0 || i.Pending > ever:
		return path{"pending"}, errors.New("no interval has so many")
	case i.Metrics[RTT].Count != i.Received:
		return path{"received"}, fmt.Errorf("%d replies were received, and %d have a round trip", i.Received, i.Metrics[RTT].Count)
	}
	name, err := faultyMetric(i.Metrics)
	return path{"metrics", name}, err
}

func faultyMetric(metrics map[string]Metric) (name string, err error) {
	for name, m := range metrics {
		if err := m.fault(); err != nil {
			return name, err
		}
	}
	return "", nil
}

// path leads to a value in JSON: keys, and indices as decimals.
type path []string

func (p path) String() string {
	var b bytes.Buffer
	for i, key := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(key)
	}
	return b.String()
}

// offsetOf returns where in some valid JSON the value at a path begins; 0 if there is none.
func offsetOf(text []byte, p path) int64 {
	d := json.NewDecoder(bytes.NewReader(text))
	at, err := seek(d, p)
	if err != nil {
		return 0
	}
	for at < int64(len(text)) && bytes.IndexByte([]byte(" \t\r\n:,"), text[at]) >= 0 {
		at++
	}
	return at
}

// seek reads up to the value at a path.
func seek(d *json.Decoder, p path) (int64, error) {
	if len(p) == 0 {
		return d.InputOffset(), nil
	}
	open, err := d.Token()
	if err != nil {
		return 0, err
	}
	for i := 0; d.More(); i++ {
		key := strconv.Itoa(i)
		if open == json.Delim('{') {
			token, err := d.Token()
			if err != nil {
				return 0, err
			}
			key = fmt.Sprint(token)
		}
		if key == p[0] {
			return seek(d, p[1:])
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("not there")
}
