//go:build unix

package loadgen

import (
	"errors"
	"syscall"

	"github.com/echostamp/echostamp/internal/evloop"
)

var connectErrors = []connectError{
	{evloop.ErrDeadline, connectTimeout},
	{syscall.ETIMEDOUT, connectTimeout},
	{syscall.ECONNREFUSED, refused},
	{syscall.EHOSTUNREACH, unreachable},
	{syscall.ENETUNREACH, unreachable},
	{syscall.EMFILE, descriptors},
	{syscall.ENFILE, descriptors},
	{syscall.EADDRNOTAVAIL, ports},
	{syscall.ECONNRESET, refused},
}

// IsReset reports whether err is what the system says of a connection that the
// peer has broken off.
func IsReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
