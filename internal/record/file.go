package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
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
	b.Write(text)
	before := ",\n  \"intervals\": ["
	for _, i := range r.Intervals {
		line, err := json.Marshal(i)
		if err != nil {
			return err
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

// A File is where a run, or what is made of one, will be saved. It appears whole or not at all: a reader
// never finds half of it, nor a failed run a lost one.
type File struct {
	path string   // empty for what is written directly
	tmp  *os.File // nil once it is saved or discarded
}

// Create prepares to save to path, so that what can be known to fail fails
// before the run. What is no regular file, such as a pipe, is written directly.
func Create(path string) (*File, error) {
	path = follow(path)
	mode := fs.FileMode(0o666) // less the process's umask
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a directory")
	case err == nil && !info.Mode().IsRegular():
		// Without a reader, a pipe is refused instead of waited for.
		f, err := os.OpenFile(path, os.O_WRONLY|nonblock, 0)
		return &File{tmp: f}, cause(err)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, cause(err)
	}
	// Not os.CreateTemp, whose files others may not read.
	tmp, err := os.OpenFile(fmt.Sprintf("%s.%d.tmp", path, os.Getpid()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return nil, cause(err)
	}
	return &File{path: path, tmp: tmp}, nil
}

// OpenStream opens a file that is to be written while a run goes on, and empties it. Without a
// reader, a pipe is refused instead of waited for.
func OpenStream(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|nonblock, 0o666)
	return f, cause(err)
}

// follow returns what a path leads to, also where that is still to be made.
func follow(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	to, err := os.Readlink(path)
	switch {
	case err != nil:
		return path
	case filepath.IsAbs(to):
		return to
	}
	return filepath.Join(filepath.Dir(path), to)
}

// cause is the error without the path, which would be that of the temporary file.
func cause(err error) error {
	if errors.Is(err, syscall.ENXIO) {
		return errors.New("nobody reads from that pipe: start its reader first")
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Save has the file written and puts it in its place. On an error what was at the
// path before is still there.
func (f *File) Save(write func(io.Writer) error) error {
	err := write(f.tmp)
	if err == nil && f.path != "" {
		err = f.tmp.Sync()
	}
	if err = errors.Join(err, f.tmp.Close()); err != nil {
		f.Discard()
		return cause(err)
	}
	if f.path != "" {
		err = os.Rename(f.tmp.Name(), f.path)
	}
	if err != nil {
		f.Discard()
		return cause(err)
	}
	f.tmp = nil
	return nil
}

// Discard leaves things as they were, unless Save has succeeded.
func (f *File) Discard() {
	if f.tmp == nil {
		return
	}
	_ = f.tmp.Close()
	if f.path != "" {
		_ = os.Remove(f.tmp.Name())
	}
	f.tmp = nil
}
