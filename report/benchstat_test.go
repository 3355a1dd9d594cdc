package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/echostamp/echostamp/internal/record"
)

// benchRuns saves some runs, whose replies are spread out to a scale, in Go's benchmark format.
func benchRuns(t *testing.T, file string, scale int64) {
	t.Helper()
	var runs []*record.Run
	for i := range 6 {
		r := seriesRun(0)
		r.Interrupted = false
		r.Metrics[record.RTT] = metricOf(spread(2000+i, 50_000, scale))
		runs = append(runs, r)
	}
	if err := os.WriteFile(file, []byte(rendered(t, "gobench", "", runs...)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBenchstatCompares has the real benchstat compare runs with others whose replies are
// spread out twice as far. It is of the module that the tests read the format with, so that
// go has it.
func TestBenchstatCompares(t *testing.T) {
	dir := t.TempDir()
	benchstat := filepath.Join(dir, "benchstat.exe") // a name that all systems start
	if out, err := exec.Command("go", "build", "-o", benchstat, "golang.org/x/perf/cmd/benchstat").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	benchRuns(t, filepath.Join(dir, "old"), 10_000)
	benchRuns(t, filepath.Join(dir, "new"), 20_000)
	cmd := exec.Command(benchstat, "old", "new")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		`(?m)^target: host:12345$`, `(?m)^verdict: valid$`,
		// It shows what ends in -ns in seconds.
		`│ +old +│ +new +│\n +│ +p99-sec +│ +p99-sec +vs base +│\n` +
			`Echostamp/metric=rtt/clients=2 +[0-9.]+µ ± [0-9]+% +[0-9.]+µ ± [0-9]+% +\+4[0-9]\.[0-9]+% \(p=0\.002 n=6\)`,
		`│ +replies/s +│ +replies/s +vs base +│\nEchostamp/throughput/clients=2 +20\.00 ± 0% +20\.00 ± 0% +~`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
}
