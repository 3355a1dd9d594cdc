//go:build unix && !linux

package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Keep does nothing here: see the keeper of Linux.
func Keep() bool { return false }

// family is a process and its process group. The system does not tell of those that left it.
type family struct {
	cmd   *exec.Cmd
	group int
	asked bool // to end
	guard *guard
	err   error // why the group could not be signalled
}

// newFamily prepares a command, before it is started, to be the first of a family.
func newFamily(cmd *exec.Cmd, output *os.File, _ <-chan struct{}) *family {
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &family{cmd: cmd}
}

// start starts the first of the family.
func (f *family) start() error {
	err := f.cmd.Start()
	if err == nil {
		f.group = f.cmd.Process.Pid
		f.guard = newGuard(f.group)
	}
	return err
}

// wait waits for the first of the family to end, and returns how it did.
func (f *family) wait() error { return f.cmd.Wait() }

// ask asks all to end, once, however often it is called.
func (f *family) ask() {
	if !f.asked {
		f.asked = true
		f.signal(syscall.SIGTERM)
	}
}

// kill ends all.
func (f *family) kill() { f.signal(syscall.SIGKILL) }

// signal signals the group, and keeps why that failed, unless it had ended.
func (f *family) signal(s syscall.Signal) {
	if err := syscall.Kill(-f.group, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		f.err = err
	}
}

// failure says why something that was killed does not end.
func (f *family) failure() error {
	if f.err != nil {
		return f.err
	}
	return errors.New("SIGKILL had no effect")
}

// awaitEmpty waits until none is left, kills those that are left when patience is over, and
// returns what they were. The first process has ended before. An error is that they do not
// end.
func (f *family) awaitEmpty(p *patience) (left []string, err error) {
	defer f.guard.release()
	for ; f.remains(); time.Sleep(between) {
		switch {
		case p.exhausted():
			return left, fmt.Errorf("what it left running cannot be ended: %s: %w", strings.Join(left, ", "), f.failure())
		case p.over():
			if len(left) == 0 {
				left = f.names()
			}
			f.kill()
		}
	}
	return left, nil
}

// remains reports whether any is left, and buries those that have ended.
func (f *family) remains() bool {
	for {
		if pid, err := syscall.Wait4(-f.group, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
			break
		}
	}
	return syscall.Kill(-f.group, 0) == nil
}

// names tell what is left.
func (f *family) names() []string { return []string{"of its process group " + strconv.Itoa(f.group)} }

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
