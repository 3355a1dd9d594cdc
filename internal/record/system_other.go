//go:build !(unix && !solaris && !illumos && !aix)

package record

func kernelRelease() string { return "" }
