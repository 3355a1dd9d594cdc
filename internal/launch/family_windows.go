package launch

import (
	"os/exec"
	"strconv"
	"time"
)

// shell is a command line for the system's shell.
func shell(line string) *exec.Cmd { return exec.Command("cmd", "/C", line) }

// family is a process and its children.
type family struct{ cmd *exec.Cmd }

func newFamily(cmd *exec.Cmd) *family { return &family{cmd} }

func (f *family) start() error { return f.cmd.Start() }

// ask ends all: a program without a window cannot be asked to.
func (f *family) ask() { f.kill() }

func (f *family) kill() {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(f.cmd.Process.Pid)).Run()
}

// awaitEmpty has nothing to wait for: taskkill has ended the children.
func (f *family) awaitEmpty(time.Time) []string { return nil }
