package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// fault finds what a reader cannot rely on: a place in the record as path has it, and what
// is wrong there.
func (r *Run) fault() (place path, err error) {
	if r.Metrics == nil {
		return path{}, errors.New("it has no metrics")
	}
	if name, err := faultyMetric(r.Metrics); err != nil {
		return path{"metrics", name}, err
	}
	for i, v := range r.Intervals {
		if place, err := v.fault(len(r.Parts)); err != nil {
			return append(path{"intervals", strconv.Itoa(i)}, place...), err
		}
	}
	return nil, nil
}

// fault does the same for an interval of a run of so many parts.
func (i Interval) fault(parts int) (place path, err error) {
	const ever = 1 << 60 // nanoseconds
	switch {
	case i.Part < 0 || i.Part > 0 && i.Part >= parts:
		return path{"part"}, errors.New("it is of no part of the run")
	case i.Duration < 0 || i.Duration > ever || i.Start < -ever || i.Start > ever:
		return path{"duration_ns"}, errors.New("it ends before it begins, or is at no time")
	case i.Errors == nil || i.Metrics == nil:
		return nil, errors.New("it has no errors, or no metrics")
	}
	name, err := faultyMetric(i.Metrics)
	return path{"metrics", name}, err
}

func faultyMetric(metrics map[string]Metric) (name string, err error) {
	for name, m := range metrics {
		if _, err := m.Histogram(); err != nil {
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
