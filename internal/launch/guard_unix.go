//go:build unix

package launch

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// guard is a process that kills a process group when this one has ended without having
// released it: killed, or interrupted twice.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser // it waits for a line, or for the end
}

// newGuard starts one. Where that fails there is none, and nil: it is a second line of
// defence.
func newGuard(group int) *guard {
	cmd := exec.Command("sh", "-c", `read line || kill -s KILL -- "-$1"`, "sh", strconv.Itoa(group))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from a terminal is not for it
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return nil
	}
	return &guard{cmd, in}
}

// release lets a group be, and ends the guard.
func (g *guard) release() {
	if g == nil {
		return
	}
	_, _ = io.WriteString(g.in, "released\n")
	_ = g.cmd.Wait()
}
