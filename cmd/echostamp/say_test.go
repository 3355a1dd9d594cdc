package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// obeyed is what a terminal or a CI runner would obey on standard error.
var obeyed = regexp.MustCompile(`(?m)^\s*::|##\w*\[|[\x00-\x09\x0b-\x1f\x7f]|\x{9b}|\x{202e}`)

// TestNothingThatIsEchoedIsObeyed gives each command arguments, options and names of files
// with control bytes and with commands of CI runners in them.
func TestNothingThatIsEchoedIsObeyed(t *testing.T) {
	dir := t.TempDir()
	for _, evil := range []string{"a\x1b[31mb", "a\n::error::b", "a\r\n  ::stop-commands::b", "a ##vso[task.complete]b", "a\u202eb", "a\x9bb", "a\x07\x00\tb"} {
		for _, args := range [][]string{
			{evil}, {"load", evil}, {"load", evil + ":1"}, {"load", "--" + evil}, {"load", "-f", evil}, {"load", "-n", evil}, {"load", "--source", evil},
			{"load", "--cpus", evil}, {"load", "--clock", evil}, {"load", "--stages", evil}, {"load", "--find-rate", evil}, {"load", "--until", evil},
			{"load", "--assert", evil}, {"load", "--rate", evil}, {"load", "--arrivals", evil, "-r", "1"}, {"load", "-o", filepath.Join(dir, "no", evil)},
			{"load", "--stream", filepath.Join(dir, "no", evil)}, {"load", "a", evil}, {"chat", evil}, {"server", "-l", evil}, {"server", "--log", evil},
			{"report", evil}, {"merge", evil, evil}, {"compare", evil, evil + "2"}, {"report", "--metric", evil, evil}, {"ab", evil},
			{"ab", "--a", evil, "--b", "b"}, {"ab", "--a", "{port}", "--b", "{port}", "--figure", evil}, {"completion", evil}, {"selftest", evil},
		} {
			var out, errOut bytes.Buffer
			code := run(args, strings.NewReader(""), &out, &errOut)
			if code == exitDone || errOut.Len() == 0 {
				t.Errorf("%q: exit code %d, %q", args, code, &errOut)
			}
			if at := obeyed.FindString(errOut.String() + out.String()); at != "" {
				t.Errorf("%q: %q is obeyed in %q", args, at, errOut.String()+out.String())
			}
			if lines := strings.Count(errOut.String(), "\n"); lines > 2 {
				t.Errorf("%q: %d lines: %q", args, lines, &errOut)
			}
		}
	}
}

func TestSentences(t *testing.T) {
	a, b := errors.New("a"), errors.New("b\nc")
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{a, []string{"a"}},
		{b, []string{"b\nc"}},
		{failed(errors.Join(a, b)), []string{"a", "b\nc"}},
		{fmt.Errorf("x: %w; y", errors.Join(a, fmt.Errorf("d: %w", errors.Join(a, b)))), []string{"x: a; d: a; b\nc; y"}},
		{fmt.Errorf("%w: %w", a, b), []string{"a: b\nc"}},
	} {
		if got := sentences(tc.err); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestUnknownCommands(t *testing.T) {
	for name, want := range map[string]string{
		"repot":    "echostamp: unknown command \"repot\"; did you mean report?\n",
		"nonsense": "echostamp: unknown command \"nonsense\"\n",
	} {
		var out, errOut bytes.Buffer
		if code := run([]string{name}, strings.NewReader(""), &out, &errOut); code != exitUsage || !strings.HasPrefix(errOut.String(), want) {
			t.Errorf("%s: exit code %d, %q", name, code, &errOut)
		}
	}
}
