package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A process is one as /proc shows it at some time. Its number and when it began tell it from
// all others: numbers are used again.
type process struct {
	pid, parent int
	began       uint64 // clock ticks since the system started
	name        string
	ended       bool // only its parent has not heard of it yet
}

// id is what stays the same of it.
func (p process) id() process { return process{pid: p.pid, began: p.began} }

func (p process) String() string { return fmt.Sprintf("%s (%d)", p.name, p.pid) }

// descendants returns the processes below one, in the order of their numbers, without those
// that have ended.
func descendants(root int) (below []process) {
	children := map[int][]process{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if p, ok := processOf(pid); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	for parents := []int{root}; len(parents) > 0; parents = parents[1:] {
		for _, p := range children[parents[0]] {
			parents = append(parents, p.pid)
			if !p.ended {
				below = append(below, p)
			}
		}
	}
	return below
}

// processOf reads a process's status (proc_pid_stat(5)); false if there is none.
func processOf(pid int) (p process, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if err != nil || open < 0 || end < open {
		return p, false
	}
	const state, parent, threads, began = 0, 1, 17, 19 // after the name
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) <= began {
		return p, false
	}
	p = process{pid: pid, name: string(text[open+1 : end])}
	p.parent, _ = strconv.Atoi(fields[parent])
	p.began, _ = strconv.ParseUint(fields[began], 10, 64)
	left, _ := strconv.Atoi(fields[threads]) // may go on without the first, which looks like one that ended
	p.ended = fields[state] == "X" || fields[state] == "Z" && left <= 1
	return p, true
}

// signal sends a signal to a process below root, unless it has ended by now. It is held by a
// handle while it is looked at again, so that no other that got its number is meant.
func (p process) signal(s syscall.Signal, root int) error {
	handle, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Release() }()
	now, ok := processOf(p.pid)
	if !ok || now.began != p.began || now.parent != p.parent && now.parent != root {
		return nil
	}
	if err := handle.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
