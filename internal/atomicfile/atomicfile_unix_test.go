//go:build unix && !solaris && !illumos && !aix

package atomicfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDescriptors holds that what a descriptor leads to is written as it is: a pipe, a socket, and a
// file at the place where others write to it.
func TestDescriptors(t *testing.T) {
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	peer, socket := os.NewFile(uintptr(pair[0]), "peer"), os.NewFile(uintptr(pair[1]), "socket")
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString("before ")
	for name, to := range map[string]*os.File{"pipe": pipe, "socket": socket, "file": file} {
		if err := mustCreate(t, fmt.Sprintf("/dev/fd/%d", to.Fd())).Save(saving("saved ")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := to.WriteString("after"); err != nil {
			t.Errorf("%s: it was closed: %v", name, err)
		}
		_ = to.Close()
	}
	holds(t, file.Name(), "before saved after")
	for _, from := range []*os.File{reader, peer} {
		if b, err := io.ReadAll(from); err != nil || string(b) != "saved after" {
			t.Errorf("%s: %q, %v", from.Name(), b, err)
		}
		_ = from.Close()
	}
	if _, err := Create(fmt.Sprintf("/dev/fd/%d", 1<<20)); err == nil || !strings.Contains(err.Error(), "is not open") {
		t.Errorf("a descriptor that is not open: %v", err)
	}
	in, err := os.Open(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := Create(fmt.Sprintf("/dev/fd/%d", in.Fd())); err == nil || !strings.Contains(err.Error(), "for reading only") {
		t.Errorf("a descriptor for reading: %v", err)
	}
}

// TestNamedPipes holds that a pipe is written to, and refused where nobody reads from it.
func TestNamedPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(string) error{
		"create": func(path string) error { _, err := Create(path); return err },
		"stream": func(path string) error { _, err := OpenStream(path); return err },
		"append": func(path string) error { _, err := OpenAppend(path); return err },
	} {
		if err := open(path); err == nil || !strings.Contains(err.Error(), "nobody reads from that pipe") {
			t.Errorf("%s without a reader: %v", name, err)
		}
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	f := mustCreate(t, path)
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(reader)
		got <- string(b)
	}()
	long := strings.Repeat("x", 1<<20) // more than a pipe holds
	if err := f.Save(saving(long)); err != nil {
		t.Fatal(err)
	}
	if b := <-got; b != long {
		t.Errorf("%d bytes came, want %d", len(b), len(long))
	}
	gone, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	f = mustCreate(t, path)
	_ = gone.Close()
	_ = reader.Close()
	if err := f.Save(saving(long)); err == nil || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("to a reader who went away: %v", err)
	}
}

// TestPlantedLinksAreNotFollowed holds that whoever can write in the folder cannot have another file
// overwritten by guessing the name of a temporary one, as path.PID.tmp could be.
func TestPlantedLinksAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "run.json"), filepath.Join(dir, "victim")
	mustWrite(t, victim, "precious", 0o600)
	if err := os.Symlink(victim, fmt.Sprintf("%s.%d.tmp", path, os.Getpid())); err != nil {
		t.Fatal(err)
	}
	if err := mustCreate(t, path).Save(saving("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, victim, "precious")
	holds(t, path, "new")
	planted := &temporary{dir: dir}
	var names []string
	err := planted.tryNames(func(name string) (err error) {
		if names = append(names, name); len(names) == 1 {
			if err := os.Symlink(victim, name); err != nil {
				t.Fatal(err)
			}
		}
		planted.File, err = openNamed(name)
		return err
	})
	if err != nil || len(names) != 2 {
		t.Fatalf("names %v: %v", names, err)
	}
	_, _ = planted.WriteString("new")
	_ = planted.Close()
	holds(t, victim, "precious")
}

// TestModeIsThatOfAnOrdinaryFile holds that a new file can be read by whom the umask lets.
func TestModeIsThatOfAnOrdinaryFile(t *testing.T) {
	dir := t.TempDir()
	ordinary, err := os.Create(filepath.Join(dir, "ordinary"))
	if err != nil {
		t.Fatal(err)
	}
	_ = ordinary.Close()
	want, err := os.Stat(ordinary.Name())
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "saved")
	if err := mustCreate(t, saved).Save(saving("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(saved); err != nil || info.Mode() != want.Mode() {
		t.Errorf("the mode is %v, want %v", info.Mode(), want.Mode())
	}
}
