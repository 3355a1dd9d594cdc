package main

import (
	"os/exec"
	"regexp"
	"testing"
)

// TestProgressTellsOfRepliesThatAreAwaited has a server that does not answer, so that a run
// waits when its time is over.
func TestProgressTellsOfRepliesThatAreAwaited(t *testing.T) {
	t.Parallel()
	eachEngine(t, "silent", func(t *testing.T, engine string) {
		t.Parallel()
		s := startPeer(t, silent)
		r := execute(t, exec.Command(program(t), "load", "-c", "3", "-d", "200ms", "--timeout", "3s", "--progress", "100ms", "--engine", engine, s.addr()))
		if !regexp.MustCompile(`(?m)^echostamp: \S+ waiting for 3 replies, at most [1-3] s more, 3 of 3 connected, `).MatchString(r.errOut) {
			t.Errorf("exit code %d, %s", r.code, r.errOut)
		}
	})
}
