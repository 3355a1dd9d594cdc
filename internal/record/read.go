package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
)

// Read reads runs, one after another: records as Write writes them, and streams. An
// error names the place, in what is called so, and comes without any run. What a stream
// lacks because its run was killed is no error: the run is then interrupted. All of it may
// be compressed by gzip. It reads no further than the first byte that is wrong, and keeps no
// more than MaxFile.
func Read(name string, r io.Reader) ([]*Run, error) { return readWithin(usual, name, r) }

func readWithin(l limits, name string, r io.Reader) ([]*Run, error) {
	text, err := newSource(r, l)
	if err != nil {
		return nil, unreadable(name, err)
	}
	rd := newReader(l, name, text)
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

func unreadable(name string, err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err // which has a path that may not be the name
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}

// reader reads the values of a file.
type reader struct {
	limits  limits
	name    string
	text    *source
	decoder *json.Decoder
	at      int64   // where the value at hand begins
	stream  *stream // that is not at its end
	runs    []*Run
	weight  int64 // of the runs
}

func newReader(l limits, name string, text *source) *reader {
	return &reader{limits: l, name: name, text: text, decoder: json.NewDecoder(text)}
}

// next reads a record, or a line of a stream.
func (r *reader) next() error {
	r.begin()
	open, err := r.decoder.Token()
	if err == io.EOF {
		return err
	}
	if err != nil {
		return r.broken(err)
	}
	if open != json.Delim('{') {
		return r.wrong(r.text.mark(r.at), "valid JSON, but not an echostamp record")
	}
	o := value{start: r.text.mark(r.at), marks: map[string]mark{}}
	before := r.weight
	if err := r.fields(func(key string) error { return r.field(&o, key) }); err != nil {
		return err
	}
	o.weight = r.weight - before
	return r.take(&o)
}

// begin is called before a value, and forgets what comes before that.
func (r *reader) begin() {
	r.text.forget(r.decoder.InputOffset())
	r.at = r.text.begin(r.text.from)
}

// fields calls a function with each key of an object, to read its value, and reads the end of the
// object.
func (r *reader) fields(f func(key string) error) error {
	for r.more() {
		key, err := r.decoder.Token()
		if err != nil {
			return r.broken(err)
		}
		if err := f(Printable(key.(string))); err != nil {
			return err
		}
	}
	return r.close()
}

// more reports whether a list or an object goes on.
func (r *reader) more() bool {
	r.begin()
	return r.decoder.More()
}

// close reads the end of a list or an object.
func (r *reader) close() error {
	r.begin()
	if _, err := r.decoder.Token(); err != nil {
		return r.broken(err)
	}
	return nil
}

// raw reads a value.
func (r *reader) raw() (json.RawMessage, error) {
	r.begin()
	var raw json.RawMessage
	err := r.decoder.Decode(&raw)
	r.at = r.text.begin(r.text.from)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		// The decoder counts from elsewhere.
		var again json.RawMessage
		if errors.As(json.Unmarshal(r.text.text[r.at-r.text.from:], &again), &syntax) {
			r.at += max(0, syntax.Offset-1)
		}
	}
	if err != nil {
		return nil, r.broken(err)
	}
	if r.weight += weigh(raw); r.weight > r.limits.file {
		return nil, r.wrong(r.text.mark(r.at), "%v", errTooMuch)
	}
	return raw, nil
}

// broken is the error of what cannot be read on, at r.at.
func (r *reader) broken(err error) error {
	syntax := (*json.SyntaxError)(nil)
	switch cut := errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF; {
	case cut && r.stream != nil:
		return io.EOF // killed while it wrote a line
	case cut:
		return r.wrong(r.text.mark(r.text.from+int64(len(r.text.text))), "truncated record; copy the file again")
	case errors.Is(r.text.err, errTooLong):
		return r.wrong(r.text.mark(r.at), "%v", errTooLong)
	case r.text.err != nil:
		return unreadable(r.name, r.text.err)
	case errors.As(err, &syntax):
		return r.wrong(r.text.mark(r.at), "not valid JSON: %v", err)
	}
	return r.wrong(r.text.mark(r.at), "%v", err)
}

// each reads a list or an object and calls a function with its values, and what they are called there.
func (r *reader) each(what string, open json.Delim, f func(place path, raw json.RawMessage) error) error {
	r.begin()
	token, err := r.decoder.Token()
	switch {
	case err != nil:
		return r.broken(err)
	case token == nil: // null
		return nil
	case token != open:
		return r.wrong(r.text.mark(r.at), "%s does not begin with %v", what, open)
	}
	value := func(key string) error {
		raw, err := r.raw()
		if err != nil {
			return err
		}
		return f(path{what, key}, raw)
	}
	if open == '{' {
		return r.fields(value)
	}
	for i := 0; r.more(); i++ {
		if err := value(strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return r.close()
}

// unmarshal decodes a value that was just read, which is at a place of a record.
func (r *reader) unmarshal(place path, raw json.RawMessage, to any) error {
	err := json.Unmarshal(raw, to)
	if typed := (*json.UnmarshalTypeError)(nil); errors.As(err, &typed) {
		if typed.Field != "" {
			place = append(place, strings.Split(typed.Field, ".")...)
		}
		return r.wrong(r.text.mark(r.at+typed.Offset), "%s is no %s", place, typed.Type)
	}
	if err != nil {
		return r.wrong(r.text.mark(r.at), "%v", err)
	}
	clean(reflect.ValueOf(to))
	return nil
}

// fault is an error about a place within a value that was just read.
func (r *reader) fault(at, within path, raw json.RawMessage, err error) error {
	return r.wrong(r.text.mark(r.at+offsetOf(raw, within)), "%s: %w", append(at, within...), err)
}

// wrong is an error about a place.
func (r *reader) wrong(m mark, format string, args ...any) error {
	return fmt.Errorf("%s, line %d (byte %d): %s", r.name, m.line, m.at, Printable(fmt.Errorf(format, args...).Error()))
}
