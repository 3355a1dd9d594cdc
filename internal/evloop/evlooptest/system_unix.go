//go:build unix

package evlooptest

import (
	"errors"
	"net"
	"syscall"
)

// IsRefused reports whether err is the system's "connection refused".
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// neverAccept shortens the queue of ln, so that further connections wait.
func neverAccept(ln *net.TCPListener) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	if e := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); e != nil {
		return e
	}
	return err
}
