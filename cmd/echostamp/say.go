package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/echostamp/echostamp/report"
)

// fail tells an error that ends the command.
func (t ui) fail(e *exit) {
	for _, line := range sentences(e.err) {
		t.say(line)
	}
	if e.code == exitUsage {
		fmt.Fprintln(t.errOut, "Try the command with --help.")
	}
}

// print has a report written to standard output.
func (t ui) print(write func(io.Writer) error) error {
	if err := write(t.out); err != nil {
		return fmt.Errorf("cannot print the report: %w", pathless(err))
	}
	return nil
}

// pathless is the error of a file without its path, which the sentence around it names.
func pathless(err error) error {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// warn tells what does not end the command.
func (t ui) warn(format string, args ...any) { t.say(fmt.Sprintf(format, args...)) }

// say prints a line to standard error. All errors and warnings come by here: what they echo
// of file names, arguments and answers must not reach a terminal or a CI runner as a command.
func (t ui) say(line string) { fmt.Fprintf(t.errOut, "echostamp: %s\n", report.Inert(line)) }

// sentences are what an error says, a line for each of those that were joined.
func sentences(err error) []string {
	if e, ok := err.(*exit); ok {
		return sentences(e.err)
	}
	joined, ok := joinedIn(err)
	if !ok {
		return []string{sentence(err)}
	}
	var all []string
	for _, e := range joined {
		all = append(all, sentences(e)...)
	}
	return all
}

// sentence is what an error says in one line. A line break in it is of a join that it wraps,
// or of what it echoes: that one stays, to be escaped.
func sentence(err error) string {
	if joined, ok := joinedIn(err); ok {
		var all []string
		for _, e := range joined {
			all = append(all, sentence(e))
		}
		return strings.Join(all, "; ")
	}
	text := err.Error()
	if w, ok := err.(interface{ Unwrap() error }); ok && w.Unwrap() != nil {
		text = strings.Replace(text, w.Unwrap().Error(), sentence(w.Unwrap()), 1)
	}
	return text
}

// joinedIn returns what errors.Join joined.
func joinedIn(err error) ([]error, bool) {
	j, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	var texts []string
	for _, e := range j.Unwrap() {
		texts = append(texts, e.Error())
	}
	return j.Unwrap(), strings.Join(texts, "\n") == err.Error()
}
