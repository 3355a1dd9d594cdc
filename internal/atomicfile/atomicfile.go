// Package atomicfile writes files that appear whole or not at all: a reader never finds half of one,
// and what was there stays until the new one is complete. What is no regular file is written as it is:
// a pipe, a device, a terminal, or an open descriptor such as /dev/fd/3.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A File is where something will be saved.
type File struct {
	path    string       // that the new file takes; empty if opened is written instead
	mode    *fs.FileMode // that the file at path has; nil if there is none
	opened  *os.File
	inPlace bool // opened is a regular file that cannot be replaced
}

// Create prepares to save to path, so that what can be known to fail fails now. A symbolic link is
// followed, and the file that it leads to keeps its mode. A file that may be written in a directory
// that may not is overwritten in place. A pipe that nobody reads is refused, not waited for.
func Create(path string) (*File, error) {
	opened, err := open(path, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f := &File{path: resolve(path)}
		return f, cause(f.try())
	case err != nil:
		return nil, cause(err)
	}
	info, err := opened.Stat()
	if err != nil || !info.Mode().IsRegular() || isDescriptor(path) {
		return &File{opened: opened}, cause(err)
	}
	mode := info.Mode().Perm()
	f := &File{path: resolve(path), mode: &mode}
	there, err := os.Lstat(f.path)
	if err == nil && os.SameFile(there, info) {
		err = f.try()
	}
	if err != nil || !os.SameFile(there, info) {
		return &File{opened: opened, inPlace: true}, nil
	}
	return f, opened.Close()
}

// OpenStream opens a file that is written bit by bit while others read it, and empties it.
func OpenStream(path string) (*os.File, error) {
	f, err := open(path, os.O_CREATE|os.O_TRUNC)
	return f, cause(err)
}

// OpenAppend opens a file that is written at its end.
func OpenAppend(path string) (*os.File, error) {
	f, err := open(path, os.O_CREATE|os.O_APPEND)
	return f, cause(err)
}

// Stat describes what a path leads to, which may be an open descriptor.
func Stat(path string) (fs.FileInfo, error) {
	if !isDescriptor(path) {
		return os.Stat(path)
	}
	f, err := descriptor(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// open opens a file for writing. Without a reader, a pipe is refused instead of waited for.
func open(path string, flags int) (*os.File, error) {
	if isDescriptor(path) {
		return descriptor(path)
	}
	return os.OpenFile(path, os.O_WRONLY|nonblock|flags, 0o666)
}

// Resolve returns the path that a path leads to, also where nothing is yet.
func Resolve(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return resolve(path)
}

// mostLinks is how many symbolic links are followed, as Linux does.
const mostLinks = 40

func resolve(path string) string {
	for range mostLinks {
		dir, base := filepath.Split(path)
		if real, err := filepath.EvalSymlinks(filepath.Join(dir, ".")); err == nil {
			path = filepath.Join(real, base)
		}
		to, err := os.Readlink(path)
		switch {
		case err != nil:
			return path
		case filepath.IsAbs(to):
			path = to
		default:
			path = filepath.Join(filepath.Dir(path), to)
		}
	}
	return path
}

// cause is the error without the path, which the caller tells, and which may be that of a temporary
// file.
func cause(err error) error {
	if errors.Is(err, syscall.ENXIO) {
		return errors.New("nobody reads from that pipe: start its reader first")
	}
	if errors.Is(err, syscall.EISDIR) {
		return errors.New("it is a directory; give a file name")
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	if l := (*os.LinkError)(nil); errors.As(err, &l) {
		return l.Err
	}
	return err
}

// Save has the file written and puts it in its place. On an error what was at the path before is
// still there, unless it had to be overwritten in place.
func (f *File) Save(write func(io.Writer) error) error {
	switch {
	case f.inPlace:
		return cause(overwrite(f.take(), write))
	case f.opened != nil:
		opened := f.take()
		return cause(errors.Join(write(opened), opened.Close()))
	}
	err := f.replace(write)
	if errors.Is(err, errNotReplaced) { // a mount point, or another's file in a directory such as /tmp
		if opened, e := os.OpenFile(f.path, os.O_WRONLY|nofollow, 0); e == nil {
			err = overwrite(opened, write)
		}
	}
	return cause(err)
}

// Discard leaves things as they were. After Save it does nothing.
func (f *File) Discard() {
	if f.opened != nil {
		_ = f.take().Close()
	}
}

// take returns what is opened, once.
func (f *File) take() *os.File {
	opened := f.opened
	f.opened = nil
	return opened
}

// overwrite writes a regular file anew. It is emptied only when all that it will hold is known.
func overwrite(to *os.File, write func(io.Writer) error) error {
	var b bytes.Buffer
	err := write(&b)
	if err == nil {
		err = to.Truncate(0)
	}
	if err == nil {
		_, err = to.Write(b.Bytes())
	}
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

var errNotReplaced = errors.New("cannot be replaced")

// replace writes a temporary file and has it take the path.
func (f *File) replace(write func(io.Writer) error) error {
	t, err := f.temporary()
	if err != nil {
		return err
	}
	err = write(t)
	if err == nil && f.mode != nil {
		err = t.Chmod(*f.mode)
	}
	if err == nil {
		err = t.Sync()
	}
	if err == nil {
		err = t.giveName()
	}
	if err = errors.Join(err, t.Close()); err == nil {
		if err = os.Rename(t.name, f.path); err == nil {
			return nil
		}
		err = fmt.Errorf("%w: %w", errNotReplaced, cause(err))
	}
	t.remove()
	return err
}

// try finds out whether there can be a temporary file.
func (f *File) try() error {
	t, err := f.temporary()
	if err != nil {
		return err
	}
	err = t.Close()
	t.remove()
	return err
}
