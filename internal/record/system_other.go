//go:build !(unix && !solaris && !illumos && !aix)

package record

const nonblock = 0

func kernelRelease() string { return "" }
