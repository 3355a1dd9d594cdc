//go:build unix

package launch

import "os/exec"

// shell is a command line for the system's shell.
func shell(line string) *exec.Cmd { return exec.Command("sh", "-c", line) }
