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

func isReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
