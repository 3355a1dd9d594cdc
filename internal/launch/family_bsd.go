//go:build unix && !linux

package launch

import "os/exec"

// markChildren does nothing: the system does not tell of the environments of others.
func markChildren(*exec.Cmd) string { return "" }

// strays are not known here.
func (f *family) strays() []stray { return nil }
