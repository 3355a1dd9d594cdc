package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody runs f without the rights of root, where the test has them: this thread only.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// TestReadOnlyFolder holds that a file which may be written is, also where none may be made beside it,
// and that one which may not is left alone.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	open, shut := filepath.Join(dir, "open"), filepath.Join(dir, "shut")
	mustWrite(t, open, "something long and old", 0o666)
	mustWrite(t, shut, "old", 0o444)
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	asNobody(t, func() {
		f, err := Create(open)
		if err == nil {
			err = f.Save(saving("new"))
		}
		if err != nil {
			t.Errorf("a file that may be written: %v", err)
		}
		for _, path := range []string{shut, filepath.Join(dir, "fresh")} {
			if _, err := Create(path); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %v", filepath.Base(path), err)
			}
		}
	})
	holds(t, open, "new")
	holds(t, shut, "old")
}

func TestFullDisk(t *testing.T) {
	if err := mustCreate(t, "/dev/full").Save(saving("new")); err == nil || err.Error() != "no space left on device" {
		t.Error(err)
	}
}
