package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
)

// typing is what a person types when they see something.
type typing struct{ see, keys string }

// onTerminal runs echostamp on a terminal of its own, and returns all that was
// shown there.
func onTerminal(t *testing.T, typed []typing, args ...string) result {
	t.Helper()
	return onTerminalWith(t, nil, typed, args...)
}

// onTerminalWith is onTerminal with variables of the environment.
func onTerminalWith(t *testing.T, env []string, typed []typing, args ...string) result {
	t.Helper()
	script := peers.Need(t, "script") // of util-linux
	cmd := exec.Command(script, "-qefc", "stty cols 100 rows 30 && exec "+program(t)+" "+strings.Join(args, " "), "/dev/null")
	cmd.Env = append(append(os.Environ(), "TERM=xterm", "NO_COLOR="), env...)
	keys, err := cmd.StdinPipe() // stays open: the person is still there
	if err != nil {
		t.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	var shown strings.Builder
	b := make([]byte, 4096)
	seen := 0
	for {
		n, err := screen.Read(b)
		shown.Write(b[:n])
		if len(typed) > 0 && strings.Contains(shown.String()[seen:], typed[0].see) {
			seen = shown.Len()
			if _, err := io.WriteString(keys, typed[0].keys); err != nil {
				t.Fatal(err)
			}
			typed = typed[1:]
		}
		if err != nil {
			break
		}
	}
	_ = cmd.Wait()
	if !stuck.Stop() {
		t.Fatalf("%v did not end; the terminal shows %q", args, &shown)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: shown.String()}
}

func TestChatOnATerminal(t *testing.T) {
	t.Parallel()
	p := startPeer(t, honest)
	shown := regexp.MustCompile(`^> hello\r\n\d{10}\.\d{9}:\d{10}\.\d{9}:\d{10}\.\d{9}:hello\r\n> `)
	for name, leave := range map[string]string{"Ctrl-D": "\x04", "Ctrl-C": "\x03"} {
		t.Run(name, func(t *testing.T) {
			r := onTerminal(t, []typing{{"> ", "hello\n"}, {"> ", leave}}, "chat", p.addr())
			if r.code != exitDone || !shown.MatchString(r.out) {
				t.Errorf("exit code %d; the terminal shows %q", r.code, r.out)
			}
		})
	}
}
