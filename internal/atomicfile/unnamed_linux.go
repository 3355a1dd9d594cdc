package atomicfile

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a file without a name. Not every file system can, and it takes /proc to give
// it one later.
func openUnnamed(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_WRONLY|unix.O_TMPFILE, 0o666)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(self(f)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// link gives a file without a name one, which must be new.
func link(f *os.File, name string) error {
	err := unix.Linkat(unix.AT_FDCWD, self(f), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	return os.NewSyscallError("link", err)
}

func self(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
