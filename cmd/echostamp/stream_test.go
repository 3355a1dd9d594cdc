package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
)

// saved reads the one run in a file.
func saved(t *testing.T, file string) *record.Run {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := record.Read(file, bytes.NewReader(text))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[0]
}

// TestKilledRunHasItsStream holds that nothing but the last interval is lost with a run
// that is killed, and that the stream can be read while it is written.
func TestKilledRunHasItsStream(t *testing.T) {
	t.Parallel()
	p := startPeer(t, honest)
	cmd := exec.Command(program(t), "load", "-c", "2", "-r", "200", "-d", "1h", "--interval", "100ms", "--stream", "-", p.addr())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	b := make([]byte, 1<<16)
	for bytes.Count(stream.Bytes(), []byte(`{"interval":`)) < 5 {
		n, err := out.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		stream.Write(b[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	stream.Write(rest)
	_ = cmd.Wait()

	file := filepath.Join(t.TempDir(), "run.ndjson")
	if err := os.WriteFile(file, stream.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	r := execute(t, exec.Command(program(t), "report", "--format", "json", file))
	run := saved(t, file)
	if r.code != exitDone || !run.Interrupted || len(run.Intervals) < 5 {
		t.Fatalf("exit code %d, interrupted %v, %d intervals; %s", r.code, run.Interrupted, len(run.Intervals), r.errOut)
	}
	var received int64
	for _, i := range run.Intervals {
		received += i.Received
	}
	if run.Totals.Received != received || run.Metrics[record.RTT].Count != received || run.Duration != int64(len(run.Intervals))*100e6 {
		t.Errorf("%d replies in %d ns, of which %d have a round trip; want %d in %d intervals",
			run.Totals.Received, run.Duration, run.Metrics[record.RTT].Count, received, len(run.Intervals))
	}
	if run.Metrics[record.Response].Count != received || run.Metrics[record.Forward].Count == 0 {
		t.Errorf("metrics %v", run.Metrics)
	}
}

// TestInterruptedStream holds that an interrupt leaves a stream that is whole, and says
// the same as the record.
func TestInterruptedStream(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skipf("no signals between processes on %s", runtime.GOOS)
	}
	t.Parallel()
	reached := make(chan struct{})
	n := 0
	p := startPeer(t, talk(func(m []byte) []byte {
		if n++; n == 100 {
			close(reached)
		}
		return answered(m)
	}))
	dir := t.TempDir()
	file, stream, page := filepath.Join(dir, "run.json"), filepath.Join(dir, "run.ndjson"), filepath.Join(dir, "run.html")
	started := start(t, exec.Command(program(t), "load", "-c", "1", "-r", "500", "-d", "1h", "--interval", "100ms", "-o", file, "--stream", stream, "--html", page, p.addr()))
	await(t, reached)
	if err := started.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r := started.wait(t)
	whole, streamed := saved(t, file), saved(t, stream)
	if r.code != exitInterrupted || !whole.Interrupted || !streamed.Interrupted {
		t.Errorf("exit code %d, interrupted %v and %v; %s", r.code, whole.Interrupted, streamed.Interrupted, r.errOut)
	}
	shown, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(shown), `data-verdict="interrupted"`) {
		t.Errorf("the page does not say that the run was interrupted (%v)", err)
	}
	again := execute(t, exec.Command(program(t), "report", stream))
	if again.out != r.out {
		t.Errorf("of the stream the report is\n%sand it was\n%s", again.out, r.out)
	}
}
