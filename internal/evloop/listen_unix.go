//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package evloop

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// reuseAddress lets a port be taken again at once, and by several servers, among
// which the kernel then divides the connections.
func reuseAddress(_, _ string, raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		if err == nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}
	}); e != nil {
		return e
	}
	return err
}
