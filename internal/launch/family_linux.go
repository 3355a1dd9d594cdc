package launch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// variable marks all that a server starts: whoever leaves its process group has it in the
// environment all the same.
const variable = "ECHOSTAMP_SERVER"

// markChildren marks what a command will start, and makes this process the parent of those
// whose parents end, so that it can bury them: the first process of a container may not.
func markChildren(cmd *exec.Cmd) string {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // as far as it goes
	mark := fmt.Sprintf("%s=%x", variable, rand.Uint64())   // by chance, for process numbers repeat in containers
	cmd.Env = append(os.Environ(), mark)
	return mark
}

// strays are those that have the mark or are in the group, and have not ended.
func (f *family) strays() (all []stray) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		name, group, ok := statusOf(dir)
		if ok && (group == f.cmd.Process.Pid || f.hasMark(dir)) {
			all = append(all, stray{pid, group, name})
		}
	}
	return all
}

// hasMark reports whether a process has the mark in its environment.
func (f *family) hasMark(dir string) bool {
	environ, err := os.ReadFile(dir + "/environ")
	return err == nil && bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+f.mark+"\x00"))
}

// statusOf returns the name and the process group of a process, and false if it has ended
// (proc_pid_stat(5)).
func statusOf(dir string) (name string, group int, ok bool) {
	text, err := os.ReadFile(dir + "/stat")
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if err != nil || open < 0 || end < open {
		return "", 0, false
	}
	fields := strings.Fields(string(text[end+1:])) // state, parent, group
	if len(fields) < 3 || fields[0] == "Z" || fields[0] == "X" {
		return "", 0, false
	}
	group, _ = strconv.Atoi(fields[2])
	return string(text[open+1 : end]), group, true
}
