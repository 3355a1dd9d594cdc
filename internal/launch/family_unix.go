//go:build unix

package launch

import (
	"fmt"
	"os/exec"
	"strconv"
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
	dead  []int // strays that were signalled, which are to be buried
}

// newFamily prepares a command, before it is started, to be the first of a family.
func newFamily(cmd *exec.Cmd) *family {
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
	_ = syscall.Kill(-f.cmd.Process.Pid, s) // one that has ended is what is wanted
	for _, p := range f.strays() {
		_ = syscall.Kill(p.pid, s)
		f.dead = append(f.dead, p.pid)
	}
}

// awaitEmpty waits until none is left, kills those that are left at the deadline, and
// returns what they were. The first process has ended before.
func (f *family) awaitEmpty(deadline time.Time) (left []string) {
	const between = 10 * time.Millisecond
	killed := false
	for ; f.remains(); time.Sleep(between) {
		if killed || time.Now().Before(deadline) {
			continue
		}
		left, killed = f.names(), true
		f.kill()
	}
	f.guard.release()
	return left
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
	pid  int
	name string
}
