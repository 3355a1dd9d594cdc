package record

import "fmt"

// field returns what a field of a line is decoded into.
func (l *Line) field(key string) any {
	switch key {
	case "begin":
		return &l.Begin
	case "interval":
		return &l.Interval
	case "corrected":
		return &l.Corrected
	case "lost":
		return &l.Lost
	case "end":
		return &l.End
	}
	return nil
}

// line takes a line of a stream.
func (r *reader) line(o *value) error {
	l := o.line
	switch {
	case l.Begin != nil:
		if r.stream != nil {
			if err := r.end(nil, o.start); err != nil {
				return err
			}
		}
		if l.Schema != StreamSchema || l.Begin.Schema != Schema {
			return r.wrong(o.start, "its schemas %q and %q are not %s and %s: a newer echostamp may read it", l.Schema, l.Begin.Schema, StreamSchema, Schema)
		}
		r.stream = newStream(*l.Begin)
		return nil
	case r.stream == nil:
		return r.wrong(o.start, "the stream's \"begin\" line is missing")
	case l.End != nil:
		return r.end(l.End, o.start)
	}
	freed, err := r.stream.take(l, o.weight)
	if err != nil {
		return r.wrong(o.start, "%w", err)
	}
	r.weight -= freed
	return nil
}

// finish ends what the file ends in the middle of.
func (r *reader) finish() error {
	if r.stream != nil {
		return r.end(nil, r.text.mark(r.at))
	}
	if len(r.runs) == 0 {
		return fmt.Errorf("%s is empty: nothing was saved there", r.name)
	}
	return nil
}

// end ends a stream, with its last line or without.
func (r *reader) end(facts *Run, m mark) error {
	run, err := r.stream.run(facts)
	if err == nil {
		_, err = run.fault()
	}
	if err != nil {
		return r.wrong(m, "%w", err)
	}
	r.stream = nil
	return r.keep(run, m)
}
