package report

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// hdrJar is where Debian's libhdrhistogram-java puts the reference implementation.
const hdrJar = "/usr/share/java/hdrhistogram.jar"

// readLog has the reference implementation read a log.
func readLog(t *testing.T, log string, args ...string) string {
	t.Helper()
	java := peers.Need(t, "java")
	peers.Need(t, "javac") // without which java runs no source
	if _, err := os.Stat(hdrJar); err != nil {
		peers.Lack(t, "the reference HdrHistogram (libhdrhistogram-java)", err)
	}
	file := filepath.Join(t.TempDir(), "run.hlog")
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(java, slices.Concat([]string{"-cp", hdrJar, "testdata/ReadLog.java", file}, args)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	return string(out)
}

// javaRow is what ReadLog tells of a tag.
type javaRow struct {
	lines           int
	start, end      int64 // ms
	count, min, max int64
	percentiles     map[string]int64
}

func javaRows(t *testing.T, out string) map[string]javaRow {
	t.Helper()
	rows := map[string]javaRow{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		n := make([]int64, len(fields))
		for i, f := range fields[1:] {
			v, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			n[i+1] = v
		}
		row := javaRow{int(n[1]), n[2], n[3], n[4], n[5], n[6], map[string]int64{}}
		for i, q := range record.Percentiles {
			row.percentiles[record.PercentileName(q)] = n[7+i]
		}
		rows[fields[0]] = row
	}
	return rows
}

// side is a histogram of the values on one side of zero, as magnitudes: what a tag of a
// log has.
func side(t *testing.T, m record.Metric, below bool) *hist.Histogram {
	t.Helper()
	h, err := m.Histogram()
	if err != nil {
		t.Fatal(err)
	}
	out := hist.New()
	for b := range h.Buckets() {
		for range b.Count {
			if v := b.Value(); below && v < 0 {
				out.Record(-v)
			} else if !below && v >= 0 {
				out.Record(v)
			}
		}
	}
	return out
}

// javaPercentiles are what Java may say percentile q is. It answers with the highest value
// that the bucket can hold, which may be above the largest value, where we do not go. And up
// to HdrHistogram 2.1.11 it rounds the rank to the nearest; we, and it later, round it up. So
// it is our value, or where the rank is not whole the one before it.
func javaPercentiles(h *hist.Histogram, q float64) []int64 {
	up := highestLike(h.Percentile(q))
	rank := math.Floor(q/100*float64(h.Count()) + 0.5)
	before := highestLike(h.Percentile(100 * (max(rank, 1) - 0.5) / float64(h.Count())))
	return []int64{up, before}
}

func checkJava(t *testing.T, tag string, got javaRow, h *hist.Histogram) {
	t.Helper()
	// Java's minimum is the lowest value of its bucket.
	if got.count != h.Count() || got.max != highestLike(h.Max()) || highestLike(got.min) != highestLike(h.Min()) {
		t.Errorf("%s: %d values from %d to %d, want %d from about %d to %d", tag, got.count, got.min, got.max, h.Count(), h.Min(), highestLike(h.Max()))
	}
	for _, q := range record.Percentiles {
		if p := got.percentiles[record.PercentileName(q)]; !slices.Contains(javaPercentiles(h, q), p) {
			t.Errorf("%s: p%v is %d, want one of %d", tag, q, p, javaPercentiles(h, q))
		}
	}
}

func TestJavaReadsTheLog(t *testing.T) {
	for name, intervals := range map[string]bool{"in intervals": true, "as a whole": false} {
		t.Run(name, func(t *testing.T) {
			r, lines := formatRun(), 4
			if !intervals {
				r.Intervals, lines = nil, 1
			}
			got := javaRows(t, readLog(t, rendered(t, "hlog", "", r)))
			for metric, m := range r.Metrics {
				for tag, h := range map[string]*hist.Histogram{metric: side(t, m, false), metric + hlogNegative: side(t, m, true)} {
					row, ok := got[tag]
					if ok != (h.Count() > 0) && !(tag == record.Lag && ok) { // what has no values may be there
						t.Errorf("%s is there: %v, with %d values wanted", tag, ok, h.Count())
					}
					if h.Count() == 0 {
						continue
					}
					checkJava(t, tag, row, h)
					began := r.Started.UnixMilli()
					if row.lines != lines || row.start != began || row.end < began+3999 || row.end > began+4001 {
						t.Errorf("%s: %d lines from %d to %d", tag, row.lines, row.start, row.end)
					}
				}
			}
			// Where the rank is whole there is one answer.
			for q, ns := range r.Metrics[record.RTT].Percentiles {
				if p := got[record.RTT].percentiles[q]; p != highestLike(ns) {
					t.Errorf("rtt: p%s is %d, the record has %d", q, p, ns)
				}
			}
		})
	}
}

// TestHgrmIsJavas holds .hgrm files to what Java prints of the same histogram, to the byte;
// but for the line of the mean, which is exact here.
func TestHgrmIsJavas(t *testing.T) {
	deep := hist.New() // of very many values, most of them equal, so that the percentiles go far
	for i, v := range spread(3000, 900, 1_000_000) {
		deep.Record(v)
		if i%100 == 0 {
			more := hist.New()
			more.Merge(deep)
			deep.Merge(more)
		}
	}
	metrics := map[string]record.Metric{
		"rtt": metricOf(spread(20_000, 41_234, 23_456)), "few": metricOf(spread(7, 3, 3000)), "one": metricOf([]int64{12_345}),
		"zero": metricOf([]int64{0, 0}), "odd": metricOf(spread(12_347, 5, 500)), "far": metricOf([]int64{1, 1 << 40, math.MaxInt64}),
		"deep": record.NewMetric(deep),
	}
	r := &record.Run{Duration: 1e9, Metrics: metrics}
	prints := map[string]string{}
	for _, text := range strings.Split(readLog(t, rendered(t, "hlog", "", r), "percentiles"), "Tag=")[1:] {
		name, distribution, _ := strings.Cut(text, "\n")
		prints[name] = distribution
	}
	for name := range metrics {
		want, got := strings.Split(prints[name], "\n"), strings.Split(rendered(t, "hgrm", name, r), "\n")
		if len(got) != len(want) {
			t.Errorf("%s: %d lines, Java prints %d", name, len(got), len(want))
		}
		for i := range min(len(want), len(got)) {
			if strings.HasPrefix(want[i], "#[Mean") {
				m := metrics[name]
				want[i] = fmt.Sprintf("#[Mean    = %12s, StdDeviation   = %12s]", javaFixed(m.Mean, 3), javaFixed(m.StdDev, 3))
			}
			if got[i] != want[i] {
				t.Fatalf("%s, line %d: %q, want %q", name, i+1, got[i], want[i])
			}
		}
	}
}
