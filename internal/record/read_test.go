package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// written is what Write makes of runs.
func written(t testing.TB, runs ...*Run) string {
	t.Helper()
	var b bytes.Buffer
	for _, r := range runs {
		if err := Write(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// streamed is a run as a stream: its lines, of which the corrected ones come later.
func streamed(t testing.TB, r *Run) (lines []string) {
	t.Helper()
	add := func(l Line) {
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(b)+"\n")
	}
	facts := r.Facts()
	begin := facts
	begin.Totals, begin.Duration, begin.Clock = Totals{Errors: map[string]int64{}}, 0, Clock{}
	add(Line{Schema: StreamSchema, Begin: &begin})
	for _, i := range r.Intervals {
		corrected := map[string]Metric{Forward: i.Metrics[Forward]}
		i.Metrics = map[string]Metric{RTT: i.Metrics[RTT], ForwardRaw: i.Metrics[ForwardRaw]}
		add(Line{Interval: &i})
		add(Line{Corrected: &Correction{Start: i.Start, Metrics: corrected}})
	}
	add(Line{End: &facts})
	return lines
}

func sample() *Run { return makeRun(rand.New(rand.NewPCG(1, 9)), 3).run }

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	a, b := sample(), makeRun(rand.New(rand.NewPCG(2, 9)), 1).run
	runs, err := Read("runs", strings.NewReader(written(t, a, b)))
	if err != nil || len(runs) != 2 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if d := cmp.Diff([]*Run{a, b}, runs); d != "" {
		t.Error(d)
	}
	if again := written(t, runs...); again != written(t, a, b) {
		t.Error("written again it is another text")
	}
}

func TestReadCompressed(t *testing.T) {
	r := sample()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(written(t, r)))
	_ = z.Close()
	for name, text := range map[string]string{"gzip": b.String(), "a byte order mark": "\ufeff" + written(t, r)} {
		runs, err := Read("FILE", strings.NewReader(text))
		if err != nil || len(runs) != 1 || written(t, runs...) != written(t, r) {
			t.Errorf("%s: %d runs, %v", name, len(runs), err)
		}
	}
}

func TestReadStream(t *testing.T) {
	r := sample()
	lines := streamed(t, r)
	runs, err := Read("stream", strings.NewReader(strings.Join(lines, "")+written(t, r)+strings.Join(lines, "")))
	if err != nil || len(runs) != 3 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for _, got := range runs {
		same(t, "streaming", got, r)
	}
}

// TestReadStreamOfAKilledRun holds that a stream which ends anywhere has all that came
// before its last line.
func TestReadStreamOfAKilledRun(t *testing.T) {
	r := sample()
	lines := streamed(t, r)
	for n := 1; n < len(lines); n++ {
		for _, rest := range []string{"", lines[n][:len(lines[n])/2]} {
			runs, err := Read("stream", strings.NewReader(strings.Join(lines[:n], "")+rest))
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d lines: %v", n, err)
			}
			got := runs[0]
			var received int64
			for _, i := range r.Intervals[:n/2] {
				received += i.Received
			}
			if !got.Interrupted || got.Validity.Verdict != Invalid || len(got.Intervals) != n/2 || got.Totals.Received != received {
				t.Errorf("%d lines: interrupted %v, %d intervals, %d replies; want %d and %d", n, got.Interrupted, len(got.Intervals), got.Totals.Received, n/2, received)
			}
			if _, corrected := got.Metrics[Forward]; corrected != (n > 1) || n > 1 && got.Metrics[RTT].Count != received {
				t.Errorf("%d lines: metrics %v", n, got.Metrics)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := written(t, sample())
	lines := streamed(t, sample())
	line := func(text, part string) string {
		return fmt.Sprintf("line %d ", 1+strings.Count(text[:strings.Index(text, part)], "\n"))
	}
	hdr := sample().Intervals[2].Metrics[RTT].HDR
	broken := strings.Replace(whole, hdr, hdr[:20]+"AAAA"+hdr[24:], 1)
	for name, tc := range map[string]struct{ text, says string }{
		"nothing":           {"", "FILE is empty"},
		"white space":       {" \n ", "FILE is empty"},
		"no JSON":           {"hello", "FILE, line 1 (byte 0): not valid JSON"},
		"a broken line":     {"\n{\"schema\": x}", "FILE, line 2 (byte 12): not valid JSON"},
		"truncated":         {whole[:len(whole)/2], fmt.Sprintf("(byte %d): truncated record", len(whole)/2)},
		"another's JSON":    {`{"p50": 1}`, `FILE, line 1 (byte 0): valid JSON with the schema "", but not an echostamp record`},
		"JSON of no object": {`[1, 2]`, "valid JSON, but not an echostamp record"},
		"the future":        {strings.Replace(whole, "run.v1", "run.v2", 1), "its schema echostamp.run.v2 is newer than this program"},
		"a future stream":   {strings.Replace(lines[0], "stream.v1", "stream.v7", 1), "its schema echostamp.stream.v7 is newer"},
		"a wrong type":      {strings.Replace(whole, `"duration_ns": 3000000000`, `"duration_ns": "3s"`, 1), "duration_ns is no int64"},
		"a wrong histogram": {broken, line(whole, hdr)},
		"a wrong count":     {strings.Replace(whole, `"count": `, `"count": 1`, 1), "metrics."},
		"no metrics":        {strings.Replace(whole, `"metrics": {`, `"matrix": {`, 1), "it has no metrics"},
		"behind a record":   {whole + "and more", "not valid JSON"},
		"a lost first line": {strings.Join(lines[1:], ""), `the stream's "begin" line is missing`},
		"a future run":      {strings.Replace(lines[0], "run.v1", "run.v2", 1), "a newer echostamp may read it"},
		"a lost line":       {strings.Join(append([]string{lines[0]}, lines[2:]...), ""), "FILE, line 2 "},
		"a line twice":      {strings.Join(append(lines[:2:2], lines[1:]...), ""), "a line is missing, or there twice"},
		"corrected twice":   {strings.Join(append(lines[:3:3], lines[2:]...), ""), "is corrected twice"},
		"a lost end":        {strings.Join(append(lines[:5:5], lines[len(lines)-1]), ""), "and 25 have a round trip"},
		"other totals":      {strings.Replace(whole, `"received": `, `"received": 1`, 1), "have a round trip"},
		"another time":      {strings.Replace(whole, `"started": "2024`, `"started": "0024`, 1), "started: no run can have begun then"},
		"other percentiles": {strings.Replace(whole, `"50": `, `"50": 1`, 1), "its percentiles are"},
		"a broken stream":   {strings.Join(lines[:2], "") + "{]\n" + lines[2], "FILE, line 3 "},
	} {
		runs, err := Read("FILE", strings.NewReader(tc.text))
		if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "FILE") {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
		if runs != nil {
			t.Errorf("%s: an error, and %d runs", name, len(runs))
		}
	}
}

// TestReadCleansTexts holds that what is shown of a file is nothing that a terminal obeys.
func TestReadCleansTexts(t *testing.T) {
	r := sample()
	r.Config.Target = "h\x1b]0;title\x07\x1b[2J\nverdict     valid\u202e"
	r.Totals.Errors["\x1b[31m"] = 1
	r.Command = []string{"two\twords", "Grüße, 世界 ±µ"}
	runs, err := Read("FILE", strings.NewReader(written(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	got := runs[0]
	if want := `h\x1b]0;title\a\x1b[2J\nverdict     valid\u202e`; got.Config.Target != want {
		t.Errorf("target %q, want %q", got.Config.Target, want)
	}
	if got.Totals.Errors[`\x1b[31m`] != 1 || len(got.Totals.Errors) != 2 {
		t.Errorf("errors %v", got.Totals.Errors)
	}
	if want := []string{`two\twords`, "Grüße, 世界 ±µ"}; !slices.Equal(got.Command, want) {
		t.Errorf("command %q, want %q", got.Command, want)
	}
}

// TestReadOldRecords holds that files are read that earlier versions wrote, and written
// again without loss.
func TestReadOldRecords(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		runs, err := Read(file, bytes.NewReader(text))
		if err != nil || len(runs) != 1 {
			t.Errorf("%d runs, %v", len(runs), err)
			continue
		}
		var before, after map[string]any
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(written(t, runs[0])), &after); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("%s: written again it differs:\n%s", file, d)
		}
	}
}

// FuzzRead holds that no file does harm, and that what is accepted can be written and read
// again, and so can what is merged of it.
func FuzzRead(f *testing.F) {
	r := sample()
	f.Add(written(f, r))
	f.Add(strings.Join(streamed(f, r), ""))
	f.Add(`{"schema":"echostamp.run.v1","metrics":{},"intervals":[{}],"parts":[{}]}`)
	early, many := sample(), makeRun(testRand(8), 2).run
	early.Started = time.Unix(100, 0).UTC()
	many.Totals.Sent = math.MaxInt64
	many.Intervals = []Interval{}
	f.Add(written(f, r, early))
	f.Add(written(f, many, many))
	f.Fuzz(func(t *testing.T, text string) {
		runs, err := Read("fuzz", strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := Read("again", strings.NewReader(written(t, runs...))); err != nil {
			t.Error(err)
		}
		whole, err := Merge(runs)
		if err != nil { // it says which part is in the way
			return
		}
		again, err := Read("merged", strings.NewReader(written(t, whole)))
		if err != nil || len(again) != 1 || len(again[0].Parts) < len(runs) {
			t.Errorf("merged and read again: %v", err)
		}
	})
}
