package record

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// value is a value of a file while it is read: a record, or a line of a stream.
type value struct {
	start  mark
	marks  map[string]mark // where fields of a record are
	run    Run             // without what is read in pieces
	pieces Run             // its metrics, intervals and parts
	line   Line
	isLine bool
	weight int64
}

// field reads a field. Those that may be long are read in pieces.
func (r *reader) field(o *value, key string) error {
	r.begin()
	if len(o.marks) < maxNames {
		o.marks[key] = r.text.mark(r.at)
	}
	run := &o.pieces
	switch key {
	case "metrics":
		run.Metrics = map[string]Metric{}
		return r.each(key, '{', func(place path, raw json.RawMessage) error { return r.metric(run, place, raw) })
	case "intervals":
		run.Intervals = []Interval{}
		return r.each(key, '[', func(place path, raw json.RawMessage) error { return r.interval(run, place, raw) })
	case "parts":
		run.Parts = nil
		return r.each(key, '[', func(place path, raw json.RawMessage) error { return r.part(run, place, raw) })
	}
	raw, err := r.raw()
	if err != nil {
		return err
	}
	if to := o.line.field(key); to != nil {
		o.isLine = true
		return r.unmarshal(path{key}, raw, to)
	}
	if err := r.other(&o.run, key, raw); err != nil {
		return err
	}
	if key == "schema" {
		return r.known(o)
	}
	return nil
}

func (r *reader) metric(run *Run, place path, raw json.RawMessage) error {
	var m Metric
	if err := r.unmarshal(place, raw, &m); err != nil {
		return err
	}
	if err := m.fault(); err != nil {
		return r.fault(place, nil, raw, err)
	}
	run.Metrics[place[1]] = m
	return r.few(run, "metrics")
}

func (r *reader) interval(run *Run, place path, raw json.RawMessage) error {
	var i Interval
	if err := r.unmarshal(place, raw, &i); err != nil {
		return err
	}
	if within, err := i.fault(); err != nil {
		return r.fault(place, within, raw, err)
	}
	run.Intervals = append(run.Intervals, i)
	if len(run.Intervals) > MaxIntervals*MaxParts {
		return r.few(run, "intervals")
	}
	return nil
}

func (r *reader) part(run *Run, place path, raw json.RawMessage) error {
	var p Run
	if err := r.unmarshal(place, raw, &p); err != nil {
		return err
	}
	p = p.Facts()
	if within, err := p.untrue(); err != nil {
		return r.fault(place, within, raw, err)
	}
	run.Parts = append(run.Parts, p)
	r.weight += partWeight
	return r.few(run, "parts")
}

// few checks that a run has not too much of something, before all of it is read.
func (r *reader) few(run *Run, what string) error {
	if place, err := run.tooMany(); err != nil && place[0] == what {
		return r.wrong(r.text.mark(r.at), "%s: %w", place, err)
	}
	return nil
}

// facts is a run without what is read in pieces.
type facts Run

// ignored takes any JSON.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// other decodes any other field of a record.
func (r *reader) other(run *Run, key string, raw json.RawMessage) error {
	name, err := json.Marshal(key)
	if err != nil {
		return r.wrong(r.text.mark(r.at), "%v", err)
	}
	into := struct {
		*facts
		// Whatever the case of their names is.
		Metrics, Intervals, Parts ignored
	}{facts: (*facts)(run)}
	text := fmt.Appendf(nil, "{%s:%s}", name, raw)
	shift := int64(len(name) + 2)
	r.at -= shift
	err = r.unmarshal(nil, text, &into)
	r.at += shift
	return err
}

var ours = regexp.MustCompile(`^echostamp\.(run|stream)\.v(\d+)$`)

// known checks a schema, as soon as it is read.
func (r *reader) known(o *value) error {
	switch schema := o.run.Schema; {
	case schema == Schema:
		return nil
	case schema == StreamSchema:
		o.line.Schema = schema
		return nil
	case ours.MatchString(schema):
		return r.wrong(o.start, "its schema %s is newer than this program, which reads %s and %s: use a newer echostamp", schema, Schema, StreamSchema)
	default:
		return r.wrong(o.start, "valid JSON with the schema %q, but not an echostamp record", schema)
	}
}

// take takes what was read.
func (r *reader) take(o *value) error {
	switch {
	case o.run.Schema == Schema:
		return r.record(o)
	case o.isLine || r.stream != nil:
		return r.line(o)
	}
	return r.wrong(o.start, "valid JSON with the schema %q, but not an echostamp record", o.run.Schema)
}

// record takes a record.
func (r *reader) record(o *value) error {
	if r.stream != nil { // whose run was killed
		if err := r.end(nil, o.start); err != nil {
			return err
		}
	}
	run := &o.run
	run.Metrics, run.Intervals, run.Parts = o.pieces.Metrics, o.pieces.Intervals, o.pieces.Parts
	place, err := run.fault()
	if err == nil {
		return r.keep(run, o.start)
	}
	m := o.start
	if len(place) > 0 {
		err = fmt.Errorf("%s: %w", place, err)
		if field, there := o.marks[place[0]]; there {
			m = field
		}
	}
	return r.wrong(m, "%w", err)
}

// keep keeps a run.
func (r *reader) keep(run *Run, m mark) error {
	if len(r.runs) == r.limits.runs {
		return r.wrong(m, "a file has at most %d runs", r.limits.runs)
	}
	r.runs = append(r.runs, run)
	r.weight += partWeight
	return nil
}
