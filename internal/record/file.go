package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// Write writes r as one JSON object and a newline: indented, but for the intervals, of
// which each has a line. A run that is too large to be read again is an error, of which part
// may be written.
func Write(w io.Writer, r *Run) error { return write(w, r, MaxFile) }

// write writes a run that weighs some amount at most.
func write(w io.Writer, r *Run, most int64) error {
	rest := *r
	rest.Intervals = nil
	text, err := json.MarshalIndent(rest, "", "  ")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if r.Intervals != nil { // the last of the fields
		text = bytes.TrimSuffix(text, []byte("\n}"))
	}
	text = EscapeJSON(text)
	b.Write(text)
	before := ",\n  \"intervals\": ["
	weight := weigh(text) + int64(len(r.Parts)+1)*partWeight + int64(len(r.Metrics)+fieldsOfRun)*valueWeight
	for _, i := range r.Intervals {
		line, err := json.Marshal(i)
		if err != nil {
			return err
		}
		line = EscapeJSON(line)
		if weight += weigh(line); weight > most || len(line) > MaxValue {
			return errUnreadable
		}
		b.WriteString(before)
		b.WriteString("\n    ")
		b.Write(line)
		before = ","
	}
	switch {
	case len(r.Intervals) > 0:
		b.WriteString("\n  ]\n}")
	case r.Intervals != nil:
		b.WriteString(before + "]\n}")
	}
	b.WriteByte('\n')
	return b.Flush()
}
