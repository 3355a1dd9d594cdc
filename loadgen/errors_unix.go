//go:build unix

package loadgen

import (
	"errors"
	"syscall"

	"github.com/echostamp/echostamp/internal/evloop"
)

// errNoAddress is that of a host that has no address, or no port, to connect from.
const errNoAddress = syscall.EADDRNOTAVAIL

var connectErrors = []connectError{
	{evloop.ErrDeadline, connectTimeout, ""},
	{syscall.ETIMEDOUT, connectTimeout, ""},
	{syscall.ECONNREFUSED, refused, ""},
	{syscall.ECONNRESET, reset, ""},
	{syscall.EPIPE, reset, ""},
	{syscall.EHOSTUNREACH, unreachable, "is the host up, and is there a route to it?"},
	{syscall.ENETUNREACH, unreachable, "is there a route to the host?"},
	{syscall.EHOSTDOWN, unreachable, "is the host up?"},
	{syscall.ENETDOWN, unreachable, "is the interface up that leads there?"},
	{syscall.EMFILE, descriptors, ""},
	{syscall.ENFILE, descriptors, "the whole system is out of open files: raise fs.file-max, or end other programs"},
	{syscall.EADDRNOTAVAIL, ports, ""},
	{syscall.EADDRINUSE, ports, ""},
	{syscall.EACCES, connectOther, "does a route of this host prohibit it (ip route get), or a security policy?"},
	{syscall.EPERM, connectOther, "does a firewall of this host reject it?"},
	{syscall.EINVAL, connectOther, "is it an address to connect to, and does no blackhole route lead there (ip route get)?"},
	{syscall.ENODEV, connectOther, "is there such an interface on this host?"},
	{syscall.ENXIO, connectOther, "is there such an interface on this host?"},
	{syscall.EAFNOSUPPORT, connectOther, "this host does not support this address family; is IPv6 disabled? Use an IPv4 address"},
	{syscall.ENOBUFS, connectOther, "the system has no memory for another connection: use fewer clients"},
	{syscall.ENOMEM, connectOther, "the system has no memory for another connection: use fewer clients"},
}

// IsReset reports whether err is what the system says of a connection that the
// peer has broken off.
func IsReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
