//go:build unix

package launch

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shell is a command line for the system's shell.
func shell(line string) *exec.Cmd { return exec.Command("sh", "-c", line) }

// family is a process and all that it started: its process group, and where the system
// tells (see strays) those that left it.
type family struct {
	cmd   *exec.Cmd
	mark  string
	guard *guard
	dead  []int // those that were signalled, which are to be buried
	err   error // why one could not be signalled
}

// newFamily prepares a command, before it is started, to be the first of a family.
func newFamily(cmd *exec.Cmd, _ <-chan struct{}) *family {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &family{cmd: cmd, mark: markChildren(cmd)}
}

// start starts the first of the family.
func (f *family) start() error {
	err := f.cmd.Start()
	if err == nil {
		f.guard = newGuard(f.cmd.Process.Pid)
	}
	return err
}

// ask asks all to end.
func (f *family) ask() { f.signal(syscall.SIGTERM) }

// kill ends all.
func (f *family) kill() { f.signal(syscall.SIGKILL) }

func (f *family) signal(s syscall.Signal) {
	group := f.cmd.Process.Pid
	f.note(syscall.Kill(-group, s))
	for _, p := range f.strays() {
		if p.group != group { // or it would get two
			f.note(syscall.Kill(p.pid, s))
		}
		f.dead = append(f.dead, p.pid)
	}
}

// note keeps why something could not be signalled, unless it had ended.
func (f *family) note(err error) {
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		f.err = err
	}
}

// failure says why something that was killed does not end.
func (f *family) failure() error {
	if f.err != nil {
		return f.err
	}
	return errors.New("it was killed, and goes on")
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
	group := f.cmd.Process.Pid
	left := len(f.strays()) > 0
	for _, pid := range f.dead {
		if buried, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err == nil && buried == 0 {
			left = true // one that is about to end has no environment any more
		}
	}
	for {
		if pid, err := syscall.Wait4(-group, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
			break
		}
	}
	return left || syscall.Kill(-group, 0) == nil
}

// names tell what is left.
func (f *family) names() (names []string) {
	for _, p := range f.strays() {
		names = append(names, fmt.Sprintf("%s (%d)", p.name, p.pid))
	}
	if group := f.cmd.Process.Pid; len(names) == 0 && syscall.Kill(-group, 0) == nil {
		names = append(names, "of its process group "+strconv.Itoa(group))
	}
	return names
}

// stray is one of a family.
type stray struct {
	pid, group int
	name       string
}
