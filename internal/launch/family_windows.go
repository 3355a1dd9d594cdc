package launch

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// shell is a command line for the system's shell, which takes it as it stands.
func shell(line string) *exec.Cmd {
	cmd := exec.Command("cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		CmdLine:       `cmd /S /C "` + line + `"`,
		CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, // an interrupt from a console is not for it
	}
	return cmd
}

// family is a process and its children, as long as it goes on.
type family struct {
	cmd   *exec.Cmd
	ended <-chan struct{}
}

// Keep does nothing here: see the keeper of Linux.
func Keep() bool { return false }

func newFamily(cmd *exec.Cmd, output *os.File, ended <-chan struct{}) *family {
	cmd.Stdout, cmd.Stderr = output, output
	return &family{cmd, ended}
}

func (f *family) start() error { return f.cmd.Start() }

func (f *family) wait() error { return f.cmd.Wait() }

// ask ends all: a program without a window cannot be asked to.
func (f *family) ask() { f.kill() }

func (f *family) kill() {
	select {
	case <-f.ended: // another process may have its number by now
	default:
		_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(f.cmd.Process.Pid)).Run()
	}
}

// failure says why what was killed does not end.
func (f *family) failure() error { return errors.New("SIGKILL had no effect") }

// awaitEmpty has nothing to wait for: taskkill has ended the children.
func (f *family) awaitEmpty(*patience) ([]string, error) { return nil, nil }
