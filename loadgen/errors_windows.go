package loadgen

import (
	"errors"

	"golang.org/x/sys/windows"

	"github.com/echostamp/echostamp/internal/evloop"
)

var connectErrors = []connectError{
	{evloop.ErrDeadline, connectTimeout},
	{windows.WSAETIMEDOUT, connectTimeout},
	{windows.WSAECONNREFUSED, refused},
	{windows.WSAEHOSTUNREACH, unreachable},
	{windows.WSAENETUNREACH, unreachable},
	{windows.WSAEMFILE, descriptors},
	{windows.WSAEADDRNOTAVAIL, ports},
	{windows.WSAECONNRESET, refused},
}

// IsReset reports whether err is what the system says of a connection that the
// peer has broken off.
func IsReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
