//go:build !unix

package evlooptest

import (
	"errors"
	"net"
	"strings"
)

// IsRefused reports whether err is the system's "connection refused".
func IsRefused(err error) bool { return err != nil && strings.Contains(err.Error(), "refused") }

func neverAccept(*net.TCPListener) error { return errors.ErrUnsupported }
