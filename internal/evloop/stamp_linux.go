package evloop

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiver receives with one system call into a buffer, and reads the kernel's
// timestamp if it sent one. The format is that of the kernel's
// Documentation/networking/timestamping.rst: a control message with three
// timespecs, of which the first is the software stamp, by CLOCK_REALTIME.
type receiver struct {
	header  unix.Msghdr
	vector  unix.Iovec
	control [64]byte // a header of 16 bytes and three timespecs of 16
}

func (r *receiver) init(buf []byte) {
	r.vector.Base = &buf[0]
	r.vector.SetLen(len(buf))
	r.header.Iov = &r.vector
	r.header.SetIovlen(1)
}

// receive returns the number of bytes, and when the last of them arrived, in
// Unix nanoseconds, or 0 if the kernel did not say.
func (r *receiver) receive(fd int32, stamps bool) (n int, arrived int64, errno unix.Errno) {
	if !stamps {
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(r.vector.Base)),
			uintptr(r.vector.Len), unix.MSG_DONTWAIT, 0, 0)
		return int(got), 0, errno
	}
	r.header.Control = &r.control[0]
	r.header.SetControllen(len(r.control))
	got, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, 0, errno
	}
	return int(got), r.stamp(), 0
}

// stamp reads the control message.
func (r *receiver) stamp() int64 {
	if int(r.header.Controllen) < unix.SizeofCmsghdr+16 {
		return 0
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&r.control[0]))
	if h.Level != unix.SOL_SOCKET || h.Type != unix.SO_TIMESTAMPING_NEW {
		return 0
	}
	// Seconds and nanoseconds, of 64 bits each.
	t := (*[2]int64)(unsafe.Pointer(&r.control[unix.SizeofCmsghdr]))
	return t[0]*1e9 + t[1]
}
