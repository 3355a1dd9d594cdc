//go:build darwin || freebsd || netbsd || openbsd

package record

import "golang.org/x/sys/unix"

// systemIDs reads what the kernel tells: macOS of the boot, FreeBSD and others of the machine.
func systemIDs() ids {
	var own ids
	own.boot, _ = unix.Sysctl("kern.bootsessionuuid")
	own.machine, _ = unix.Sysctl("kern.hostuuid")
	return own
}
