//go:build unix && !solaris && !illumos && !aix

package record

import "golang.org/x/sys/unix"

// kernelRelease returns the running kernel's release, or nothing.
func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
