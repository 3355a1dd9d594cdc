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

	"go.yaml.in/yaml/v3"

	"github.com/echostamp/echostamp/internal/peers"
)

// TestCIDocument runs the commands of docs/ci.md that are marked sh.
func TestCIDocument(t *testing.T) {
	t.Parallel()
	all := examples(t, filepath.Join("..", "..", "docs", "ci.md"))
	if len(all) != 2 {
		t.Fatalf("the document has %d examples", len(all))
	}
	for _, e := range all {
		r := execute(t, inShell(t, t.TempDir(), e.commands))
		if r.code != exitDone {
			t.Errorf("%s\nexit code %d: %s%s", e.commands, r.code, r.out, r.errOut)
		}
	}
}

// inShell is a script, in which echostamp is this test's program. It stops at the first
// command that fails, as in CI.
func inShell(t *testing.T, dir, script string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(peers.Need(t, "bash"), "-eo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// yamlExamples are the blocks of docs/ci.md that are marked yaml.
func yamlExamples(t *testing.T) (github, gitlab string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(b), -1)
	if len(blocks) != 2 {
		t.Fatalf("the document has %d blocks of YAML", len(blocks))
	}
	return blocks[0][1], blocks[1][1]
}

// readYAML reads YAML as far as a type has places for it.
func readYAML[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// step is one of a workflow or an action of GitHub.
type step struct {
	Name string
	Uses string
	Run  string
	With map[string]string
	Env  map[string]string
}

// action is the repository's.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct{ Steps []step }
}

func readAction(t *testing.T) (text string, a action) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b), readYAML[action](t, string(b))
}

// stepNamed returns the step of a name.
func stepNamed(t *testing.T, steps []step, name string) step {
	t.Helper()
	for _, s := range steps {
		if strings.HasPrefix(s.Name, name) {
			return s
		}
	}
	t.Fatalf("there is no step %q", name)
	return step{}
}

// TestGitHubExampleIsWellFormed has actionlint read the example, and the action that it uses.
func TestGitHubExampleIsWellFormed(t *testing.T) {
	t.Parallel()
	example, _ := yamlExamples(t)
	text, _ := readAction(t)
	dir := t.TempDir()
	// Where the action is local, actionlint reads it too.
	write(t, filepath.Join(dir, ".github", "workflows", "latency.yml"), strings.Replace(example, "uses: echostamp/echostamp@main", "uses: ./", 1))
	write(t, filepath.Join(dir, "action.yml"), text)
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	tools, err := filepath.Abs(filepath.Join("..", "..", "tools", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := exec.Command("go", "tool", "-modfile="+tools, "-n", "actionlint").Output()
	if err != nil {
		t.Fatalf("building actionlint: %v", err)
	}
	lint := exec.Command(strings.TrimSpace(string(path)), "-no-color", "-shellcheck=", "-pyflakes=")
	lint.Dir = dir
	if r := execute(t, lint); r.code != 0 {
		t.Errorf("%s%s", r.out, r.errOut)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// exampleServer is the server of a project that gates its changes. It waits before it answers.
const exampleServer = `package main

import (
	"flag"
	"fmt"
	"net"
	"time"
)

func main() {
	listen := flag.String("listen", "", "")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		panic(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			b := make([]byte, 1024)
			for {
				n, err := c.Read(b)
				if err != nil || b[0] == 0xFF {
					return
				}
				time.Sleep(WAIT)
				now := time.Now()
				fmt.Fprintf(c, "%d.%09d:%s", now.Unix(), now.Nanosecond(), b[:n])
			}
		}()
	}
}
`

// project makes a repository of a project whose last commit made its server slower, and
// returns it with the commit before.
func project(t *testing.T) (dir, base string) {
	t.Helper()
	peers.Need(t, "git")
	dir = t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		cmd.Dir = dir
		r := execute(t, cmd)
		if r.code != 0 {
			t.Fatalf("git %v: %s", args, r.errOut)
		}
		return strings.TrimSpace(r.out)
	}
	git("init", "-q")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/server\n\ngo 1.26\n")
	for _, wait := range []string{"time.Millisecond", "20*time.Millisecond"} {
		write(t, filepath.Join(dir, "cmd", "server", "main.go"), strings.Replace(exampleServer, "WAIT", wait, 1))
		git("add", ".")
		git("commit", "-q", "-m", "server: wait "+wait)
	}
	return dir, git("rev-parse", "HEAD~1")
}

// quick are options of ab in place of those of the examples, which take minutes.
const quick = "-p 7 -c 4 -n 20 --warmup 0s --figure rtt.p50"

// TestGitHubExampleAndAction runs the steps of both as GitHub's runner does.
func TestGitHubExampleAndAction(t *testing.T) {
	t.Parallel()
	example, _ := yamlExamples(t)
	workflow := readYAML[struct {
		Jobs map[string]struct{ Steps []step }
	}](t, example)
	_, action := readAction(t)
	dir, base := project(t)
	temp := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	build := stepNamed(t, workflow.Jobs["gate"].Steps, "Build the server")
	if r := execute(t, inShell(t, dir, build.Run, "BASE="+base, "RUNNER_TEMP="+temp)); r.code != 0 {
		t.Fatalf("building the servers: %s", r.errOut)
	}
	if r := execute(t, inShell(t, root, stepNamed(t, action.Runs.Steps, "Build echostamp").Run, "RUNNER_TEMP="+temp)); r.code != 0 {
		t.Fatalf("building echostamp: %s", r.errOut)
	}
	var with map[string]string
	for _, s := range workflow.Jobs["gate"].Steps {
		if s.Uses == "echostamp/echostamp@main" {
			with = s.With
		}
	}
	if !strings.Contains(with["options"], "--budget 5m") {
		t.Fatalf("the example uses the action with %v", with)
	}
	for name, tc := range map[string]struct {
		options, verdict string
		code             int
	}{
		"regression": {quick, "regression", exitRegression},
		"invalid":    {quick + " --figure rtt.p99.9999 -p 8", "invalid", exitInvalid},
		"usage":      {"--pairs 1", "", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "space here")
			write(t, filepath.Join(in, "runs", "1-001-A.json"), "of an earlier gate")
			write(t, filepath.Join(in, "ab.json"), `  "verdict": "pass",`)
			summary, output := filepath.Join(temp, name+".md"), filepath.Join(temp, name+".out")
			inputs := map[string]string{"a": with["a"], "b": with["b"], "options": strings.Replace(with["options"], "--budget 5m", tc.options, 1), "directory": in}
			env := []string{"RUNNER_TEMP=" + temp, "GITHUB_STEP_SUMMARY=" + summary, "GITHUB_OUTPUT=" + output}
			gate := stepNamed(t, action.Runs.Steps, "Compare A with B")
			for key, value := range gate.Env {
				for input, text := range inputs {
					value = strings.ReplaceAll(value, "${{ inputs."+input+" }}", text)
				}
				env = append(env, key+"="+strings.ReplaceAll(value, "${{ runner.temp }}", temp))
			}
			r := execute(t, inShell(t, dir, gate.Run, env...))
			if r.code != tc.code {
				t.Fatalf("exit code %d, want %d: %s%s", r.code, tc.code, r.out, r.errOut)
			}
			if tc.verdict == "" {
				if b, _ := os.ReadFile(output); len(b) > 0 {
					t.Errorf("the output is %s", b)
				}
				return
			}
			for file, want := range map[string]string{
				output:                         "verdict=" + tc.verdict + "\n",
				summary:                        "## echostamp ab: " + tc.verdict + "\n",
				filepath.Join(in, "junit.xml"): `<testsuite name="echostamp ab"`,
				filepath.Join(in, "ab.json"):   `"verdict": "` + tc.verdict + `"`,
			} {
				if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), want) {
					t.Errorf("%s: %v, without %q: %s", file, err, want, b)
				}
			}
			if annotated := strings.Contains(r.errOut, "\n::error title=echostamp ab::rtt.p50: "); annotated != (tc.verdict == "regression") {
				t.Errorf("annotated %v: %s", annotated, r.errOut)
			}
			if runs, _ := filepath.Glob(filepath.Join(in, "runs", "*.json")); len(runs) == 0 {
				t.Error("no run is saved")
			}
		})
	}
}

// TestGitLabExample runs the script of the example, but for the installation.
func TestGitLabExample(t *testing.T) {
	t.Parallel()
	_, example := yamlExamples(t)
	job := readYAML[map[string]struct {
		Script    []string
		Artifacts struct {
			Paths   []string
			Reports struct{ Junit string }
		}
	}](t, example)["latency"]
	install, script := job.Script[0], strings.Join(job.Script[1:], "\n")
	if install != "go install github.com/echostamp/echostamp/cmd/echostamp@latest" {
		t.Errorf("it is installed by %q", install)
	}
	dir, base := project(t)
	script = strings.ReplaceAll(script, "/tmp/", t.TempDir()+"/")
	if !strings.Contains(script, "--budget 5m") {
		t.Fatal("the example has no budget")
	}
	script = strings.Replace(script, "--budget 5m", quick, 1)
	if r := execute(t, inShell(t, dir, script, "CI_MERGE_REQUEST_DIFF_BASE_SHA="+base)); r.code != exitRegression {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.errOut)
	}
	for _, file := range append(job.Artifacts.Paths, job.Artifacts.Reports.Junit) {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("an artifact of the job: %v", err)
		}
	}
}
