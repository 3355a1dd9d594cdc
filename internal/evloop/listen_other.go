//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package evloop

import "syscall"

// reuseAddress does nothing here. Windows frees a port at once, and its SO_REUSEADDR
// would let another program take the port away.
func reuseAddress(_, _ string, _ syscall.RawConn) error { return nil }
