//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
)

// example is a block of commands in a document, and the lines of output that are
// shown after it.
type example struct {
	commands string
	shown    []string
}

// examples reads the blocks of a document that are marked sh, each with those marked
// text up to the next.
func examples(t *testing.T, file string) (out []example) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```(sh|text)\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		switch kind, text := block[1], block[2]; {
		case kind == "sh":
			out = append(out, example{commands: text})
		case len(out) > 0:
			last := &out[len(out)-1]
			last.shown = append(last.shown, strings.Split(strings.TrimSpace(text), "\n")...)
		}
	}
	return out
}

// TestMeasuringDocument runs the commands of docs/measuring.md. Their figures are of
// another machine; but each must end with a report, and every row and line that the
// document shows must be there under the same name. A verdict other than valid is no
// failure: that depends on the machine.
func TestMeasuringDocument(t *testing.T) {
	t.Parallel()
	sh := peers.Need(t, "sh")
	all := examples(t, filepath.Join("..", "..", "docs", "measuring.md"))
	if len(all) < 5 {
		t.Fatalf("the document has %d examples", len(all))
	}
	for _, e := range all {
		name, _, _ := strings.Cut(e.commands, "\n")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(sh, "-c", e.commands)
			path := program(t)
			cmd.Dir = t.TempDir()
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			started := start(t, cmd)
			defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // a server that was left
			r := started.wait(t)
			if r.code != exitDone && r.code != exitInvalid {
				t.Errorf("exit code %d: %s", r.code, r.errOut)
			}
			if want, got := strings.Count(e.commands, "echostamp load"), strings.Count(r.out, "\nverdict "); got != want {
				t.Errorf("%d reports of %d: %s%s", got, want, r.out, r.errOut)
			}
			for _, line := range e.shown {
				if strings.HasPrefix(strings.TrimSpace(line), "-") {
					continue // a reason
				}
				label := strings.Fields(line)[0]
				if !regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(label) + ` `).MatchString(r.out) {
					t.Errorf("there is no line %q in\n%s", label, r.out)
				}
			}
		})
	}
}
