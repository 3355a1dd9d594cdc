package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"regexp"
)

// Read reads runs, one after another: records as Write writes them, and streams. An
// error names the place, in what is called so, and comes without any run. What a stream
// lacks because its run was killed is no error: the run is then interrupted. All of it may
// be compressed by gzip.
func Read(name string, r io.Reader) ([]*Run, error) {
	text, err := io.ReadAll(r)
	if err == nil {
		text, err = plain(text)
	}
	if err != nil {
		if p := (*fs.PathError)(nil); errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	rd := reader{name: name, text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	for err == nil {
		err = rd.next()
	}
	if err == io.EOF {
		err = rd.finish()
	}
	if err != nil {
		return nil, err
	}
	return rd.runs, nil
}

// plain takes away what a file may be wrapped in: gzip, or a byte order mark.
func plain(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

// reader reads the values of a file.
type reader struct {
	name    string
	text    []byte
	decoder *json.Decoder
	at      int64   // where the value at hand begins
	stream  *stream // that is not at its end
	runs    []*Run
}

// next reads a value.
func (r *reader) next() error {
	r.at = r.begin(r.decoder.InputOffset())
	var raw json.RawMessage
	err := r.decoder.Decode(&raw)
	syntax := (*json.SyntaxError)(nil)
	switch {
	case err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) && r.stream != nil:
		return io.EOF // killed while it wrote a line
	case errors.Is(err, io.ErrUnexpectedEOF):
		return r.wrong(int64(len(r.text)), "it ends in the middle of a record: was it copied whole?")
	case errors.As(err, &syntax):
		return r.wrong(max(r.at, syntax.Offset-1), "it is no JSON: %v", err)
	case err != nil:
		return r.wrong(r.at, "%v", err)
	}
	if r.stream != nil {
		return r.line(raw)
	}
	return r.value(raw)
}

// begin skips white space.
func (r *reader) begin(at int64) int64 {
	for at < int64(len(r.text)) && bytes.IndexByte([]byte(" \t\r\n"), r.text[at]) >= 0 {
		at++
	}
	return at
}

var ours = regexp.MustCompile(`^echostamp\.(run|stream)\.v(\d+)$`)

// value takes a record, or the first line of a stream.
func (r *reader) value(raw json.RawMessage) error {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return r.wrong(r.at, "it is JSON, and no record of a run")
	}
	switch head.Schema {
	case Schema:
		var run Run
		if err := r.unmarshal(raw, &run); err != nil {
			return err
		}
		if err := r.check(raw, &run); err != nil {
			return err
		}
		r.runs = append(r.runs, &run)
		return nil
	case StreamSchema:
		return r.line(raw)
	}
	if ours.MatchString(head.Schema) {
		return r.wrong(r.at, "its schema %s is newer than this program, which reads %s and %s: use a newer echostamp", head.Schema, Schema, StreamSchema)
	}
	var l Line
	if json.Unmarshal(raw, &l) == nil && (l.Interval != nil || l.Corrected != nil || l.End != nil) {
		return r.wrong(r.at, "it is a line of a stream that lacks its first, which says what was measured")
	}
	return r.wrong(r.at, "it is JSON with the schema %q, and no record of a run", head.Schema)
}

// line takes a line of a stream.
func (r *reader) line(raw json.RawMessage) error {
	var l Line
	if err := r.unmarshal(raw, &l); err != nil {
		return err
	}
	switch {
	case l.Begin != nil:
		if r.stream != nil {
			if err := r.end(nil); err != nil {
				return err
			}
		}
		if l.Schema != StreamSchema || l.Begin.Schema != Schema {
			return r.wrong(r.at, "its schemas %q and %q are not %s and %s: a newer echostamp may read it", l.Schema, l.Begin.Schema, StreamSchema, Schema)
		}
		r.stream = newStream(*l.Begin)
		return nil
	case r.stream == nil:
		return r.wrong(r.at, "it is not the beginning of a stream")
	case l.End != nil:
		return r.end(l.End)
	}
	if err := r.stream.take(l); err != nil {
		return r.wrong(r.at, "%v", err)
	}
	return nil
}

// finish ends what the file ends in the middle of.
func (r *reader) finish() error {
	if r.stream != nil {
		return r.end(nil)
	}
	if len(r.runs) == 0 {
		return fmt.Errorf("%s is empty: nothing was saved there", r.name)
	}
	return nil
}

// end ends a stream, with its last line or without.
func (r *reader) end(facts *Run) error {
	run, err := r.stream.run(facts)
	if err == nil {
		_, err = run.untimely()
	}
	if err == nil {
		err = run.disagreement()
	}
	if err != nil {
		return r.wrong(r.at, "%v", err)
	}
	r.stream = nil
	r.runs = append(r.runs, run)
	return nil
}

func (r *reader) unmarshal(raw json.RawMessage, to any) error {
	err := json.Unmarshal(raw, to)
	if typed := (*json.UnmarshalTypeError)(nil); errors.As(err, &typed) {
		return r.wrong(r.at+typed.Offset, "%s is no %s", typed.Field, typed.Type)
	}
	if err != nil {
		return r.wrong(r.at, "%v", err)
	}
	clean(reflect.ValueOf(to))
	return nil
}

// check holds a record to what every reader relies on.
func (r *reader) check(raw json.RawMessage, run *Run) error {
	place, err := run.fault()
	if err == nil {
		return nil
	}
	if len(place) > 0 {
		err = fmt.Errorf("%s: %w", place, err)
	}
	return r.wrong(r.at+offsetOf(raw, place), "%v", err)
}

// wrong is an error about a place.
func (r *reader) wrong(at int64, format string, args ...any) error {
	at = min(at, int64(len(r.text)))
	line := 1 + bytes.Count(r.text[:at], []byte("\n"))
	return fmt.Errorf("%s, line %d (byte %d): %s", r.name, line, at, Printable(fmt.Sprintf(format, args...)))
}
