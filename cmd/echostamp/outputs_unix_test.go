//go:build unix && !solaris && !illumos && !aix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
)

// inBash runs a script of bash, in which $E is the program and $L a short run, in a folder with a saved
// run, a.json.
func inBash(t *testing.T, script string) (result, string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(peers.Need(t, "bash"), "-c", script)
	e := program(t)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "E="+e, "L="+e+" load -q -c 1 -n 50 --accept-invalid")
	if r := execute(t, exec.Command(e, "load", "-q", "-c", "1", "-n", "50", "--accept-invalid", "-o", filepath.Join(dir, "a.json"))); r.code != exitDone {
		t.Fatal(r.errOut)
	}
	return execute(t, cmd), dir
}

// TestOutputsToPipes holds that whatever writes a file writes to a command's input too.
func TestOutputsToPipes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ command, begins string }{
		"load -o":             {`$L -o >(cat >got)`, "{\n  \"schema\""},
		"load --html":         {`$L --html >(cat >got)`, "<!doctype html"},
		"load --junit":        {`$L --assert 'rtt.p50<1m' --junit >(cat >got)`, "<?xml"},
		"load --stream":       {`$L --stream >(cat >got)`, `{"schema":"echostamp.stream`},
		"load github-summary": {`GITHUB_STEP_SUMMARY=>(cat >got) $L --github-summary`, "#"},
		"load -o stderr":      {`$L -o /dev/stderr 2>got`, "{\n  \"schema\""},
		"load -o descriptor":  {`$L -o /dev/fd/3 3>&1 >/dev/null | cat >got`, "{\n  \"schema\""},
		"load -o null":        {`$L -o /dev/null --html /dev/null --stream /dev/null && echo none >got`, "none"},
		"load named pipe":     {`mkfifo p; cat p >got & exec 9>p; $L -o p`, "{\n  \"schema\""},
		"report -o":           {`$E report -o >(cat >got) a.json`, "echostamp load of"},
		"report --html":       {`$E report --html >(cat >got) a.json`, "<!doctype html"},
		"report -o stdout":    {`$E report -f json -o /dev/stdout a.json >got`, "{\n  \"schema\""},
		"report --html file":  {`$E report --html /dev/stdout a.json >got`, "<!doctype html"},
		"report of a pipe":    {`$E report -o got <(cat a.json)`, "echostamp load of"},
		"merge -o":            {`$E merge -o >(cat >got) a.json`, "{\n  \"schema\""},
		"compare -o":          {`$E compare --force -o >(cat >got) a.json -- a2.json`, "echostamp compare"},
		"ab -o":               {`$E ab --a "$E server -l {addr}" --b "$E server -l {addr}" -p 8 --figure rtt.p50 -n 20 -c 1 --warmup 0 --accept-invalid -q -o >(cat >got)`, "{"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What the commands are written by may end a moment after.
			r, dir := inBash(t, `cp a.json a2.json; { `+tc.command+`; } >/dev/null; code=$?; exec 9>&-; wait; `+
				`for i in $(seq 100); do [ -s got ] && break; sleep 0.1; done; exit $code`)
			got, err := os.ReadFile(filepath.Join(dir, "got"))
			if err != nil || !strings.HasPrefix(strings.ToLower(string(got)), tc.begins) {
				t.Errorf("exit code %d, it got %.80q (%v); %s", r.code, got, err, r.errOut)
			}
		})
	}
}

// TestOutputsAreNotMixed holds that two outputs never go to one place, by whatever names.
func TestOutputsAreNotMixed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ command, says string }{
		"report and stdout, a pipe":      {`$L -f csv -o /dev/stdout | cat`, "--output: /dev/stdout is also where the report goes"},
		"report and stdout, a file":      {`$L -o out >out`, "--output: out is also where the report goes"},
		"report and descriptor 1":        {`$L --html /dev/fd/1 | cat`, "--html: /dev/fd/1 is also where the report goes"},
		"report and stderr":              {`$L -o /dev/stderr 2>&1 | cat >&2`, "is also where the report goes"},
		"stream and report":              {`$L --stream /dev/stdout | cat`, "--stream - moves the report to standard error"},
		"stream and output":              {`$L --stream - -o /dev/stdout | cat`, "--output: /dev/stdout is also where the stream goes"},
		"moved report":                   {`$L --stream - -o /dev/fd/2 2>err; cat err >&2`, "is also where the report goes"},
		"progress":                       {`$E load -c 1 -n 50 --progress 1s -o /dev/stderr 2>err; cat err >&2`, "is also where progress goes"},
		"two to one pipe":                {`$L -o /dev/fd/3 --html /dev/fd/3 3> >(cat >got)`, "--html and --output both write to /dev/fd/3"},
		"two descriptors of one pipe":    {`$L -o /dev/fd/3 --junit /dev/fd/4 --assert 'rtt.p50<1m' 3> >(cat >got) 4>&3`, "--junit and --output both write to /dev/fd/4"},
		"two to one named pipe":          {`mkfifo p; ln -s p q; $L -o p --html q`, "--html and --output both write to q"},
		"a link to nothing yet":          {`ln -s a.html b.html; $L -o a.html --html b.html`, "--html and --output both write to b.html"},
		"a hard link":                    {`ln a.json b.json; $L -o a.json --html b.json`, "--html and --output both write to b.json"},
		"the summary":                    {`GITHUB_STEP_SUMMARY=sum $L --github-summary -o ./sum`, "--github-summary and --output both write to sum"},
		"annotations":                    {`$L --assert 'rtt.p50<1m' --github-annotations --junit /dev/stderr 2>err; cat err >&2`, "is also where --github-annotations goes"},
		"report of what it writes":       {`$E report -o b.json a.json b.json`, "b.json is also an input and would be overwritten"},
		"report over standard input":     {`$E report -o a.json - <a.json`, "a.json is also an input and would be overwritten"},
		"report over a link":             {`ln -s a.json l; $E report --html l a.json`, "l is also an input and would be overwritten"},
		"report into the printed":        {`$E report --html /dev/stdout -f text a.json | cat`, "--html: /dev/stdout is also where the report goes"},
		"merge into a pipe that is read": {`mkfifo p; exec 3<>p; $E merge -o p p`, "p is also an input and would be overwritten"},
		"compare":                        {`cp a.json b.json; $E compare -o b.json a.json b.json`, "b.json is also an input and would be overwritten"},
		"compare and JUnit":              {`cp a.json b.json; $E compare --gate --junit /dev/stdout a.json b.json | cat`, "--junit: /dev/stdout is also where the comparison goes"},
		"ab":                             {`$E ab --a :1 --b :2 -o /dev/stdout | cat`, "--output: /dev/stdout is also where the report goes"},
		"ab and progress":                {`$E ab --a :1 --b :2 -o /dev/stderr 2>err; cat err >&2`, "--output: /dev/stderr is also where progress goes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := inBash(t, "set -o pipefail; "+tc.command+`; exit ${PIPESTATUS[0]}`)
			if !strings.Contains(r.errOut, tc.says) || strings.Contains(r.out, "schema") {
				t.Errorf("exit code %d, it says %.300s, want %s", r.code, r.errOut, tc.says)
			}
		})
	}
	r, _ := inBash(t, `$L -f csv -o /dev/stdout | cat; exit ${PIPESTATUS[0]}`)
	if r.code != exitUsage || r.out != "" {
		t.Errorf("exit code %d, it prints %q", r.code, r.out)
	}
}

// TestKilledRunLeavesNothing holds that a run which is killed while it measures leaves no temporary file.
func TestKilledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	r, dir := inBash(t, `$E load -q -c 1 -d 1h -o run.json --html run.html --stream >(head -c 1 >began) & p=$!
for i in $(seq 300); do [ -s began ] && break; sleep 0.1; done; kill -9 $p; wait $p; echo $?`)
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 2 || !strings.HasPrefix(r.out, "137") {
		t.Errorf("left behind %v; %s%s", names, r.out, r.errOut)
	}
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".*")); len(hidden) != 0 {
		t.Errorf("left behind %v", hidden)
	}
}

// TestFullDiskLosesNothing holds that what was measured is printed where it cannot be saved.
func TestFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		peers.Lack(t, "/dev/full", err)
	}
	r, dir := inBash(t, `$L -o /dev/full --html page.html`)
	if r.code != exitFailed || !strings.Contains(r.out, "verdict") || !strings.Contains(r.errOut, "cannot save to /dev/full: no space left on device; the report has been printed") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "page.html")); err != nil || len(page) == 0 {
		t.Errorf("the page was not saved (%v)", err)
	}
	r, dir = inBash(t, `$L -o run.json >/dev/full`)
	if _, err := os.Stat(filepath.Join(dir, "run.json")); err != nil || r.code != exitFailed || !strings.Contains(r.errOut, "no space left on device") {
		t.Errorf("exit code %d, %v; %s", r.code, err, r.errOut)
	}
}

// TestReadersWhoGoAway holds that a broken pipe ends neither the run nor what else is saved of it.
func TestReadersWhoGoAway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ command, says string }{
		"stream":         {`$L --stream - -o run.json >&3`, "cannot stream to standard output: its reader closed the pipe (broken pipe)"},
		"stream to pipe": {`$L --stream /dev/fd/3 -o run.json`, "its reader closed the pipe (broken pipe)"},
		"report":         {`$L -o run.json >&3`, "cannot print the report: broken pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, dir := inBash(t, `exec 3> >(true); wait $!; `+tc.command)
			if r.code != exitFailed || !strings.Contains(r.errOut, tc.says) {
				t.Errorf("exit code %d, it says %s", r.code, r.errOut)
			}
			run := saved(t, filepath.Join(dir, "run.json"))
			if stream := strings.Contains(name, "stream"); stream != (run.StreamLost > 0) || run.Totals.Received == 0 {
				t.Errorf("%d replies, %d lines of the stream lost", run.Totals.Received, run.StreamLost)
			}
		})
	}
}
