//go:build unix && !solaris && !illumos && !aix

package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	nonblock = unix.O_NONBLOCK
	nofollow = unix.O_NOFOLLOW
)

var (
	descriptorPath = regexp.MustCompile(`^/+(?:dev|proc/self)/+fd/+(\d{1,9})$`)
	streams        = map[string]int{"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
)

// number returns the descriptor that a path is the name of.
func number(path string) (fd int, ok bool) {
	if fd, ok := streams[path]; ok {
		return fd, true
	}
	if m := descriptorPath.FindStringSubmatch(path); m != nil {
		fd, err := strconv.Atoi(m[1])
		return fd, err == nil
	}
	return 0, false
}

// isDescriptor reports whether a path is the name of an open descriptor, as a shell's >(command) is.
func isDescriptor(path string) bool {
	_, ok := number(path)
	return ok
}

// descriptor returns a file of its own for the descriptor that a path is the name of. Opening the
// path instead would fail for a socket, and begin a file anew that others write to.
func descriptor(path string) (*os.File, error) {
	fd, _ := number(path)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is not open", fd)
	}
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, errors.New("it is open for reading only")
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(own), path), nil
}
