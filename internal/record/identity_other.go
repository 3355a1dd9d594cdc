//go:build !linux && !windows && !darwin && !freebsd && !netbsd && !openbsd

package record

func systemIDs() ids { return ids{} }
