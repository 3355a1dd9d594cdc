//go:build !(unix && !solaris && !illumos && !aix)

package atomicfile

import (
	"errors"
	"os"
)

const nonblock, nofollow = 0, 0

func isDescriptor(string) bool { return false }

func descriptor(string) (*os.File, error) { return nil, errors.ErrUnsupported }
