package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A temporary is a new file beside another. Where the system can, it has no name until it is
// complete, so that nothing of it stays when the program is killed.
type temporary struct {
	*os.File
	dir  string
	name string // empty if it has none yet
}

// temporary makes one with the mode that a new file has: less the umask.
func (f *File) temporary() (*temporary, error) {
	dir := filepath.Dir(f.path)
	if unnamed, err := openUnnamed(dir); err == nil {
		return &temporary{File: unnamed, dir: dir}, nil
	}
	t := &temporary{dir: dir}
	err := t.tryNames(func(name string) (err error) {
		t.File, err = openNamed(name)
		return err
	})
	return t, err
}

// openNamed makes a file, which must be new: a link that somebody put there is not followed.
func openNamed(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// giveName gives it a name, if it has none.
func (t *temporary) giveName() error {
	if t.name != "" {
		return nil
	}
	return t.tryNames(func(name string) error { return link(t.File, name) })
}

// tryNames takes names by chance until one is new. Not those of os.CreateTemp, whose files others
// may not read.
func (t *temporary) tryNames(take func(name string) error) error {
	const attempts = 100
	var err error
	for range attempts {
		name := filepath.Join(t.dir, fmt.Sprintf(".echostamp-%016x.tmp", rand.Uint64()))
		if err = take(name); err == nil {
			t.name = name
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// remove removes its name.
func (t *temporary) remove() {
	if t.name != "" {
		_ = os.Remove(t.name)
	}
}
