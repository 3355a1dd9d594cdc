package evloop

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// spare is a descriptor that is held to be given up when the system has no other:
// a connection can then be taken with it and closed. Whoever connects is told off
// at once, instead of waiting in the backlog until it gives up. It belongs to one
// goroutine.
type spare struct{ file *os.File }

// hold makes sure that there is one.
func (s *spare) hold() (err error) {
	if s.file == nil {
		s.file, err = os.Open(os.DevNull)
	}
	return err
}

// release gives it up.
func (s *spare) release() {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// startPoller has Go's runtime make its poller now. It would otherwise do so when it
// needs the first timer, which may be when all descriptors are used up; and then it
// ends the program. So that it does not do that here, there must be descriptors enough.
func startPoller() error {
	const need = 4 // two of the poller, and two of the pipe for which it is made
	if err := probe(need); err != nil {
		return fmt.Errorf("no file descriptors for an event loop: %w; raise the limit of open files (ulimit -n)", err)
	}
	r, w, err := os.Pipe()
	if err == nil {
		_ = r.Close()
		_ = w.Close()
	}
	return err
}

// room returns an error unless there is a descriptor for a connection.
func room() error {
	if err := probe(1); err != nil {
		return fmt.Errorf("no file descriptor is left for a connection: %w", err)
	}
	return nil
}

// probe returns an error unless so many files can be opened.
func probe(files int) error {
	if files == 0 {
		return nil
	}
	fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	defer func() { _ = syscall.Close(fd) }()
	return probe(files - 1)
}

// isOutOfDescriptors reports whether the process has as many files open as it may,
// or the system has.
func isOutOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
