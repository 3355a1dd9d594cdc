package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
)

// window is a terminal that interprets what is written to it, and can be resized.
type window struct {
	t            *testing.T
	tmux, socket string
	from         string // the first line to look at: "-" is of all that there were, "0" of those on the screen
}

// openWindow runs a command of the shell in a terminal of its own. Before it the
// terminal shows so many lines, and after it the exit code.
func openWindow(t *testing.T, columns, rows, before int, command string) *window {
	t.Helper()
	tmux := peers.Need(t, "tmux")
	dir, err := os.MkdirTemp("", "tmux") // a short path, as those of sockets have to be
	if err != nil {
		t.Fatal(err)
	}
	w := &window{t, tmux, filepath.Join(dir, "socket"), "-"}
	t.Cleanup(func() {
		_ = exec.Command(tmux, "-S", w.socket, "kill-server").Run()
		_ = os.RemoveAll(dir)
	})
	// The shell gets a Ctrl-C as well, and is to go on.
	script := fmt.Sprintf("trap : INT; seq -f 'line %%g' %d; %s; echo exit code $?; exec cat", before, command)
	w.do("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "sh", "-c", script)
	return w
}

// do has tmux carry out a command, and returns what it prints.
func (w *window) do(args ...string) string {
	w.t.Helper()
	cmd := exec.Command(w.tmux, append([]string{"-u", "-S", w.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (w *window) resize(columns, rows int) {
	w.t.Helper()
	w.do("resize-window", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows))
}

// lines are those that the terminal has, without the empty ones.
func (w *window) lines() (lines []string) {
	w.t.Helper()
	for line := range strings.Lines(w.do("capture-pane", "-p", "-S", w.from)) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// awaitLines waits until the terminal shows what is wanted.
func (w *window) awaitLines(what string, shown func([]string) bool) []string {
	w.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for until := time.Now().Add(patience); ; <-again.C {
		lines := w.lines()
		if shown(lines) {
			return lines
		}
		if time.Now().After(until) {
			w.t.Fatalf("waited for %s in vain; the terminal shows\n%s", what, strings.Join(lines, "\n"))
		}
	}
}

// showsOnly wants the lines from before and one more, which matches.
func showsOnly(before int, line *regexp.Regexp) func([]string) bool {
	return func(lines []string) bool {
		for i, l := range lines[:min(before, len(lines))] {
			if l != fmt.Sprint("line ", i+1) {
				return false
			}
		}
		return len(lines) == before+1 && line.MatchString(lines[before])
	}
}

// endsWith wants that the program has ended with an exit code.
func endsWith(code int) func([]string) bool {
	return func(lines []string) bool {
		return len(lines) > 0 && lines[len(lines)-1] == fmt.Sprint("exit code ", code)
	}
}

// endsInReport waits for the end, and holds that there is nothing but a report then
// behind so many lines.
func (w *window) endsInReport(before int) {
	w.t.Helper()
	lines := w.awaitLines("the end", endsWith(exitInterrupted))
	report := strings.Join(lines[before:], "\n")
	if !strings.HasPrefix(report, "echostamp load of ") || strings.Contains(report, " left  ") || strings.Contains(report, "^C") {
		w.t.Errorf("there is more than a report:\n%s", report)
	}
	if state := strings.TrimSpace(w.do("display-message", "-p", "#{cursor_flag} #{wrap_flag}")); state != "1 1" {
		w.t.Errorf("whether the cursor is shown and lines wrap is %q, want 1 1", state)
	}
}

var (
	wideBar   = regexp.MustCompile(`^\S+s left  \[=*> *\]  [\d,.]+/s  p50 +\S+  p99 +\S+  max +\S+  errors 0$`)
	narrowBar = regexp.MustCompile(`^\S+s left(  [\d,.]+/s)?(  p99 +\S+)?(  errors 0)?$`)
)

// size is that of a terminal, and what the bar looks like in it.
type size struct {
	columns, rows int
	bar           *regexp.Regexp
}

// TestResizedTerminal holds that there is one line of bar whatever the size of the
// terminal becomes, and that the end leaves nothing of it.
func TestResizedTerminal(t *testing.T) {
	t.Parallel()
	all := []size{{30, 10, narrowBar}, {120, 40, wideBar}, {20, 10, narrowBar}, {20, 30, narrowBar}, {100, 60, wideBar}}
	for name, tc := range map[string]struct {
		before int
		from   string
		sizes  []size
	}{
		"in the middle": {12, "-", all},
		"at the bottom": {40, "-", all},
		// When a line gets longer in tmux, the lines at the top leave the screen, and
		// there that is the bar itself: nothing can erase it then.
		"at the top": {0, "0", []size{{50, 70, narrowBar}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, 100, 30, tc.before, program(t)+" load -c 2 -d 1h --clock raw") // which has no warnings of clocks
			w.from = tc.from
			w.awaitLines("the bar", showsOnly(tc.before, wideBar))
			for _, size := range tc.sizes {
				w.resize(size.columns, size.rows)
				w.awaitLines(fmt.Sprintf("the bar in %d columns", size.columns), showsOnly(tc.before, size.bar))
			}
			w.do("send-keys", "C-c")
			w.endsInReport(tc.before)
		})
	}
}

func TestNarrowTerminal(t *testing.T) {
	t.Parallel()
	w := openWindow(t, 30, 10, 0, program(t)+" load --accept-invalid -c 2 -d 1h")
	w.awaitLines("the bar", showsOnly(0, narrowBar))
	w.do("send-keys", "C-c")
	lines := w.awaitLines("the end", endsWith(exitInterrupted))
	if text := strings.Join(lines, ""); !strings.HasPrefix(text, "echostamp load of ") || strings.Contains(text, " left") {
		t.Errorf("the bar is in what is left:\n%s", strings.Join(lines, "\n"))
	}
}

// TestWarningsOnATerminal holds that they stay above the bar, once each.
func TestWarningsOnATerminal(t *testing.T) {
	t.Parallel()
	p := startPeer(t, talk(garbage))
	w := openWindow(t, 100, 30, 0, program(t)+" load -c 2 -d 1h "+p.addr())
	warning := regexp.MustCompile(`^echostamp: warning: \S`)
	bar := regexp.MustCompile(`^\S+ left  .*errors [\d,]+$`)
	above := func(lines []string) []string { return lines[:max(0, len(lines)-1)] }
	w.awaitLines("a warning above the bar", func(lines []string) bool {
		return len(above(lines)) > 0 && warning.MatchString(lines[0]) && bar.MatchString(lines[len(lines)-1])
	})
	w.resize(80, 20)
	w.do("send-keys", "C-c")
	told := map[string]bool{}
	for _, l := range w.awaitLines("the end", endsWith(exitInterrupted)) {
		if warning.MatchString(l) {
			if told[l] {
				t.Errorf("told twice: %q", l)
			}
			told[l] = true
		}
	}
}
