package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// What a file may hold. Whoever made it does not decide how much memory it takes to read it.
const (
	// MaxValue is how many bytes an interval, a part, a metric, another field of a record, or a line of a
	// stream takes at most, with the white space before it.
	MaxValue = 4 << 20
	// MaxFile is what all that is kept of a file weighs at most: its bytes, and more for values that
	// take more memory than text. It is about 700 MB of records.
	MaxFile = 1 << 30
	// MaxRuns is how many runs a file has at most, and MaxParts how many a merged run is of.
	MaxRuns, MaxParts = 10_000, 1_000
	// MaxRatio is how many times as large as its compressed bytes a file may be, from MaxUnpacked on.
	MaxRatio, MaxUnpacked = 100, 16 << 20

	maxNames = 64 // of metrics, and of kinds of errors
)

// limits are those of a file; tests have smaller ones.
type limits struct {
	value          int
	unpacked, file int64
	runs           int
}

var usual = limits{value: MaxValue, unpacked: MaxUnpacked, file: MaxFile, runs: MaxRuns}

// What a value takes in memory besides its text.
const (
	valueWeight = 256
	partWeight  = 4096
	fieldWeight = 32
	fieldsOfRun = 64 // at most
)

// weigh estimates the memory that a value takes.
func weigh(raw []byte) int64 {
	return valueWeight + int64(len(raw)) + fieldWeight*int64(bytes.Count(raw, []byte(",")))
}

var errTooMuch = fmt.Errorf("the file holds more than the %d MiB that are read of one: give its runs in several files", MaxFile>>20)

var errUnreadable = fmt.Errorf("the record would be more than the %d MiB that can be read again", MaxFile>>20)

// errTooLong is of a value that does not end.
var errTooLong = fmt.Errorf("value longer than %d MiB", MaxValue>>20)

var errBomb = fmt.Errorf("it unpacks to more than %d times its size, as no record does", MaxRatio)

// unpacked reads what was compressed, unless that is a bomb.
type unpacked struct {
	z   io.Reader
	in  *counter
	out int64
	few int64 // bytes that may be unpacked of anything
}

func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.z.Read(b)
	if u.out += int64(n); u.out > u.few && u.out > MaxRatio*u.in.n {
		return 0, errBomb
	}
	return n, err
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// tooMany says of what a run has too many.
func (r *Run) tooMany() (place path, err error) {
	switch {
	case len(r.Parts) > MaxParts:
		return path{"parts"}, fmt.Errorf("%d parts are more than %d", len(r.Parts), MaxParts)
	case len(r.Intervals) > MaxIntervals*max(1, len(r.Parts)):
		return path{"intervals"}, fmt.Errorf("%d intervals are more than %d for each run", len(r.Intervals), MaxIntervals)
	case len(r.Metrics) > maxNames:
		return path{"metrics"}, errTooManyNames
	case len(r.Totals.Errors) > maxNames:
		return path{"totals", "errors"}, errTooManyNames
	}
	return nil, nil
}

var errTooManyNames = errors.New("it has more names than there are kinds")
