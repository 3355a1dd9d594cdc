package loadgen

import (
	"errors"

	"golang.org/x/sys/windows"

	"github.com/echostamp/echostamp/internal/evloop"
)

// errNoAddress is that of a host that has no address to connect from.
const errNoAddress = windows.WSAEADDRNOTAVAIL

var connectErrors = []connectError{
	{evloop.ErrDeadline, connectTimeout, ""},
	{windows.WSAETIMEDOUT, connectTimeout, ""},
	{windows.WSAECONNREFUSED, refused, ""},
	{windows.WSAECONNRESET, reset, ""},
	{windows.WSAECONNABORTED, reset, ""},
	{windows.WSAEHOSTUNREACH, unreachable, "is the host up, and is there a route to it?"},
	{windows.WSAENETUNREACH, unreachable, "is there a route to the host?"},
	{windows.WSAENETDOWN, unreachable, "is the network up?"},
	{windows.WSAEMFILE, descriptors, ""},
	{windows.WSAEADDRNOTAVAIL, ports, ""},
	{windows.WSAEADDRINUSE, ports, ""},
	{windows.WSAEACCES, connectOther, "does a firewall of this host reject it?"},
	{windows.WSAEINVAL, connectOther, "is it an address to connect to?"},
	{windows.WSAEAFNOSUPPORT, connectOther, "this host does not support this address family; is IPv6 disabled? Use an IPv4 address"},
	{windows.WSAENOBUFS, ports, ""}, // what Windows says when it has no ports left
}

// IsReset reports whether err is what the system says of a connection that the
// peer has broken off.
func IsReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
