package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes r as one indented JSON object and a newline.
func Write(w io.Writer, r *Run) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// A File is where a run will be saved. It appears whole or not at all: a reader
// never finds half a record, nor a failed run a lost one.
type File struct {
	path string
	tmp  *os.File
}

// Create prepares to save to path, so that what can be known to fail fails
// before the run. What is no regular file, such as a pipe, is written directly.
func Create(path string) (*File, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &File{tmp: f}, err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	// Not os.CreateTemp, whose files others may not read.
	tmp, err := os.OpenFile(fmt.Sprintf("%s.%d.tmp", path, os.Getpid()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	return &File{path: path, tmp: tmp}, nil
}

// Save writes r and puts the file in its place. On an error what was at the
// path before is still there.
func (f *File) Save(r *Run) error {
	err := Write(f.tmp, r)
	if err == nil && f.path != "" {
		err = f.tmp.Sync()
	}
	err = errors.Join(err, f.tmp.Close())
	if f.path == "" {
		return err
	}
	if err == nil {
		err = os.Rename(f.tmp.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(f.tmp.Name())
	}
	return err
}
