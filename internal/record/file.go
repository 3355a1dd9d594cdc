package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// Write writes r as one JSON object and a newline: indented, but for the intervals, of
// which each has a line.
func Write(w io.Writer, r *Run) error {
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
	b.Write(EscapeJSON(text))
	before := ",\n  \"intervals\": ["
	for _, i := range r.Intervals {
		line, err := json.Marshal(i)
		if err != nil {
			return err
		}
		b.WriteString(before)
		b.WriteString("\n    ")
		b.Write(EscapeJSON(line))
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
