package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// list returns the names of what is in a folder.
func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// saving writes a text.
func saving(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// holds checks what is in a file.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(path), b, err, want)
	}
}

func mustWrite(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func mustCreate(t *testing.T, path string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old.json"), filepath.Join(dir, "fresh.json")
	mustWrite(t, old, "old", 0o640)
	for _, path := range []string{old, fresh} {
		f := mustCreate(t, path)
		if path == old {
			holds(t, path, "old")
		}
		if names := list(t, dir); slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "tmp") }) {
			t.Errorf("what is killed now leaves %v", names)
		}
		if err := f.Save(saving("new")); err != nil {
			t.Fatal(err)
		}
		f.Discard()
		holds(t, path, "new")
	}
	if info, err := os.Stat(old); err != nil || filepath.Separator == '/' && info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v now (%v)", info.Mode(), err)
	}
	if names := list(t, dir); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
}

// TestNamedTemporaries holds the way of systems and file systems that have no files without names.
func TestNamedTemporaries(t *testing.T) {
	dir := t.TempDir()
	named := &temporary{dir: dir}
	var taken []string
	err := named.tryNames(func(name string) error {
		if taken = append(taken, name); len(taken) < 3 {
			return fs.ErrExist
		}
		return nil
	})
	if err != nil || len(slices.Compact(taken)) != 3 || named.name != taken[2] {
		t.Errorf("it takes %v of %v: %v", named.name, taken, err)
	}
	if err := named.tryNames(func(string) error { return fs.ErrExist }); !errors.Is(err, fs.ErrExist) {
		t.Errorf("where every name is taken: %v", err)
	}
}

func TestFailureLeavesThingsAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	mustWrite(t, path, "old", 0o600)
	full := errors.New("full")
	err := mustCreate(t, path).Save(func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of")
		return full
	})
	if !errors.Is(err, full) {
		t.Error(err)
	}
	f := mustCreate(t, path)
	f.Discard()
	f.Discard()
	holds(t, path, "old")
	if names := list(t, dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestSaveThroughALinkKeepsTheLink(t *testing.T) {
	for name, exists := range map[string]bool{"to a file": true, "to nothing yet": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			real, link, second := filepath.Join(dir, "real.json"), filepath.Join(dir, "link.json"), filepath.Join(dir, "second.json")
			if exists {
				mustWrite(t, real, "", 0o600)
			}
			if err := errors.Join(os.Symlink("real.json", link), os.Symlink(link, second)); err != nil {
				t.Skipf("no symbolic links here: %v", err)
			}
			if err := mustCreate(t, second).Save(saving("new")); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{link, second} {
				if info, err := os.Lstat(path); err != nil || info.Mode().IsRegular() {
					t.Errorf("the link has become a file (%v)", err)
				}
			}
			holds(t, real, "new")
		})
	}
}

func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if err := mustCreate(t, os.DevNull).Save(saving("new")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Fatalf("%s has become %v, %v", os.DevNull, after, err)
	}
}

func TestCreateFailsBeforeTheRun(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"a folder":             dir,
		"a folder that is not": filepath.Join(dir, "no", "run.json"),
	} {
		if _, err := Create(path); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if names := list(t, dir); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestAFolderTakesThePlace holds that what is made at the path in the meantime is not lost.
func TestAFolderTakesThePlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	f := mustCreate(t, path)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(path, "inside"), "", 0o600)
	if err := f.Save(saving("new")); err == nil {
		t.Error("it is saved")
	}
	if names := list(t, dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}
