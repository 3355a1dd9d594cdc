package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sequence is what a terminal obeys rather than shows.
var sequence = regexp.MustCompile(`\x1b\[[?0-9;]*[A-Za-z]`)

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	r := onTerminal(t, nil, "load", "--accept-invalid", "-d", "1s", "-c", "2")
	bar, report, found := strings.Cut(r.out, "echostamp load of")
	if r.code != exitDone || !found {
		t.Fatalf("exit code %d, %q", r.code, r.out)
	}
	if !strings.HasSuffix(bar, erase) {
		t.Errorf("the bar is not cleared away: %q", bar)
	}
	if !regexp.MustCompile(`\ds left .* [\d,]+/s  p50 +\S+  p99 +\S+  max .* errors 0`).MatchString(sequence.ReplaceAllString(bar, "")) {
		t.Errorf("the bar was %q", bar)
	}
	if strings.Contains(report, "left") || sequence.MatchString(report) {
		t.Errorf("the bar goes on in the report: %q", report)
	}
}

var plainForm = regexp.MustCompile(`^echostamp: [\d.]+m?s (connecting|measuring, \ds left), [012] of 2 connected, [\d,]+ received, [\d,.]+/s, p50 \S+, p99 \S+, max \S+, errors 0\r?$`)

// arePlain holds all lines to be those of --progress or warnings, and wants some.
func arePlain(t *testing.T, shown string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
	if len(lines) < 2 {
		t.Errorf("only %q is shown", shown)
	}
	for _, l := range lines {
		if !plainForm.MatchString(l) && !strings.HasPrefix(l, "echostamp: warning: ") {
			t.Errorf("a line is %q", l)
		}
	}
}

func TestPlainProgress(t *testing.T) {
	t.Parallel()
	args := []string{"load", "--accept-invalid", "-d", "1s", "-c", "2", "--progress", "100ms"}
	r := execute(t, exec.Command(program(t), args...))
	if r.code != exitDone || !strings.HasPrefix(r.out, "echostamp load of") {
		t.Errorf("exit code %d, %q", r.code, r.out)
	}
	arePlain(t, r.errOut)

	r = onTerminal(t, nil, args...)
	shown, _, found := strings.Cut(r.out, "echostamp load of")
	if r.code != exitDone || !found {
		t.Errorf("exit code %d, %q", r.code, r.out)
	}
	arePlain(t, shown)
}

func TestProgressUsage(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--progress 99ms", "--progress -1s", "--progress 1s --find-rate rtt.p99<1s"} {
		var errOut strings.Builder
		code := run(append([]string{"load"}, strings.Fields(args)...), strings.NewReader(""), io.Discard, &errOut)
		if code != exitUsage || !strings.HasPrefix(errOut.String(), "echostamp: --progress: ") {
			t.Errorf("%s: exit code %d, %q", args, code, &errOut)
		}
	}
}

// TestWithoutBar holds that nothing is shown before the report where there is to be no
// bar.
func TestWithoutBar(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ env, args []string }{
		{nil, []string{"--quiet"}},
		{nil, []string{"--quiet", "--progress", "100ms"}},
		{[]string{"TERM=dumb"}, nil},
		{nil, []string{"2>/dev/null"}},
	} {
		r := onTerminalWith(t, tc.env, nil, append([]string{"load", "--accept-invalid", "-n", "100"}, tc.args...)...)
		if r.code != exitDone || !strings.HasPrefix(r.out, "echostamp load of") {
			t.Errorf("with %q %q: exit code %d, %q", tc.env, tc.args, r.code, r.out)
		}
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	p := startPeer(t, talk(garbage))
	for _, tc := range []struct {
		env      []string
		coloured bool
	}{
		{nil, true},
		{[]string{"NO_COLOR=1"}, false},
	} {
		r := onTerminalWith(t, tc.env, nil, "load", "-c", "2", "-d", "1s", p.addr())
		for _, red := range []string{"\x1b[31merrors ", "\x1b[33mwarning:"} {
			if strings.Contains(r.out, red) != tc.coloured {
				t.Errorf("with %q the terminal shows %q", tc.env, r.out)
			}
		}
	}
}

// TestWarnings holds that they are told where there is no terminal, once each, and not
// with --quiet.
func TestWarnings(t *testing.T) {
	t.Parallel()
	p := startPeer(t, talk(garbage))
	r := execute(t, exec.Command(program(t), "load", "-c", "2", "-d", "1s", p.addr()))
	told := map[string]int{}
	for line := range strings.Lines(r.errOut) {
		told[line]++
		if !strings.HasPrefix(line, "echostamp: ") || told[line] > 1 {
			t.Errorf("%q is told", line)
		}
	}
	if !strings.Contains(r.errOut, "echostamp: warning: ") {
		t.Errorf("no warning is in %q", r.errOut)
	}
	r = execute(t, exec.Command(program(t), "load", "-c", "2", "-d", "1s", "--quiet", p.addr()))
	if strings.Contains(r.errOut, "warning: ") {
		t.Errorf("--quiet tells %q", r.errOut)
	}
}

// TestStoppedTerminal holds that a run ends in time on a terminal that is stopped.
func TestStoppedTerminal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run.json")
	r := onTerminal(t, []typing{{" left", "\x13"}}, "load", "--accept-invalid", "-d", "3s", "-o", file, ">/dev/null")
	if r.code != exitDone { // in less than our patience
		t.Errorf("exit code %d", r.code)
	}
	if strings.HasSuffix(r.out, erase) {
		t.Errorf("the terminal was not stopped: %q", r.out)
	}
	if _, err := exec.Command(program(t), "report", file).Output(); err != nil {
		t.Error(err)
	}
}

// TestInterruptOnATerminal holds that the report follows on a line of its own.
func TestInterruptOnATerminal(t *testing.T) {
	t.Parallel()
	r := onTerminal(t, []typing{{"s left", "\x03"}}, "load", "-c", "2", "-d", "1h")
	if r.code != exitInterrupted || !strings.Contains(r.out, erase+"echostamp load of ") {
		t.Errorf("exit code %d; the terminal shows %q", r.code, r.out)
	}
}
