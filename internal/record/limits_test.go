package record

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// endless is a text that begins in some way, and never ends.
type endless struct {
	begin, more string
	n           int64 // bytes that were read
}

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		k := 0
		if e.n < int64(len(e.begin)) {
			k = copy(b[n:], e.begin[e.n:])
		} else {
			k = copy(b[n:], e.more[(e.n-int64(len(e.begin)))%int64(len(e.more)):])
		}
		n += k
		e.n += int64(k)
	}
	return n, nil
}

// TestReadIsBounded holds that of what never ends no more is read than it takes to see that.
func TestReadIsBounded(t *testing.T) {
	small := usual
	small.value, small.runs = 1<<16, 100
	const head = `{"schema":"echostamp.run.v1",`
	one := sample()
	one.Intervals = nil
	begin := `{"schema":"echostamp.stream.v1","begin":` + strings.TrimSuffix(written(t, one), "\n") + "}\n"
	for name, tc := range map[string]struct {
		begin, more string
		most        int64
		says        string
	}{
		"zeros":             {"", "\x00", 1 << 18, "FILE, line 1 (byte 0): not valid JSON: invalid character"},
		"zeros behind":      {written(t, sample()), "\x00", 1 << 20, "not valid JSON: invalid character"},
		"junk within":       {head + `"host":{"os":`, "\xff", 1 << 18, fmt.Sprintf("FILE, line 1 (byte %d): not valid JSON", len(head)+13)},
		"white space":       {"", " \n", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"space in a record": {head, " ", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"space in a value":  {head + `"host":{`, " ", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"a string":          {head + `"warnings":["`, "a", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"a key":             {`{"`, "a", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"a number":          {head + `"duration_ns":`, "1", 1<<16 + 1<<18, "value longer than 4 MiB"},
		"depth":             {head + `"x":`, "[", 1 << 18, "exceeded max depth"},
		"objects":           {head + `"x":`, `{"a":`, 1 << 18, "exceeded max depth"},
		"parts":             {head + `"parts":[{"started":"2024-01-01T00:00:00Z"}`, `,{"started":"2024-01-01T00:00:00Z"}`, 1 << 18, "1001 parts are more than 1000"},
		"metrics":           {head + `"metrics":{`, `"x":{},`, 1 << 18, "metrics.x"},
		"errors":            {head + `"totals":{"errors":{"x":1`, `,"x":1`, 1<<16 + 1<<18, "value longer than 4 MiB"},
		"runs":              {"", `{"schema":"echostamp.run.v1","started":"2024-01-01T00:00:00Z","metrics":{}}`, 1 << 20, "a file has at most 100 runs"},
		"a stream's line":   {begin + `{"interval":{"start_ns":0,"errors":{"`, "a", 1<<16 + 1<<19, "value longer than 4 MiB"},
		"other JSON":        {`[`, `1,`, 1 << 18, "valid JSON, but not an echostamp record"},
		"foreign JSON":      {`{"rows":[1`, `,1`, 1<<16 + 1<<18, "value longer than 4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			text := &endless{begin: tc.begin, more: tc.more}
			runs, err := readWithin(small, "FILE", text)
			if err == nil || !strings.Contains(err.Error(), tc.says) || runs != nil {
				t.Errorf("it says %.200v, want %s", err, tc.says)
			}
			if text.n > tc.most {
				t.Errorf("%d bytes were read, want at most %d", text.n, tc.most)
			}
		})
	}
}

// TestReadRefusesBombs holds that half a megabyte of gzip does not take gigabytes.
func TestReadRefusesBombs(t *testing.T) {
	small := usual
	small.unpacked, small.value = 1<<18, 1<<16
	for name, tc := range map[string]struct{ begin, more, says string }{
		"white space": {"", " ", "value longer than 4 MiB"},
		"lines":       {`{"schema":"echostamp.run.v1","a":1`, `,"a":` + strings.Repeat(" ", 1000) + `1`, "it unpacks to more than 100 times its size, as no record does"},
		"runs":        {"", strings.Repeat(" ", 5000) + `{"schema":"echostamp.run.v1","started":"2024-01-01T00:00:00Z","metrics":{}}`, "it unpacks to more than 100 times"},
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.Copy(z, io.LimitReader(&endless{begin: tc.begin, more: tc.more}, 2<<20)); err != nil {
			t.Fatal(err)
		}
		_ = z.Close()
		if _, err := readWithin(small, "FILE", &b); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %.200v, want %s", name, err, tc.says)
		}
	}
	if usual.value != MaxValue || usual.unpacked != MaxUnpacked || usual.file != MaxFile || usual.runs != MaxRuns {
		t.Errorf("the limits are %+v", usual)
	}
	// A histogram that unpacks to 2 MB.
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 2<<20))
	_ = z.Close()
	bomb := binary.BigEndian.AppendUint32(nil, 0x1c849304|0x10)
	bomb = append(binary.BigEndian.AppendUint32(bomb, uint32(packed.Len())), packed.Bytes()...)
	text := strings.Replace(written(t, sample()), sample().Intervals[2].Metrics[RTT].HDR, base64.StdEncoding.EncodeToString(bomb), 1)
	if _, err := Read("FILE", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "intervals.2.metrics.rtt: it is not in HdrHistogram's format") {
		t.Errorf("a histogram: %.200v", err)
	}
}

// TestReadKeepsNoMoreThanToldOf holds the weight of all that is kept of a file.
func TestReadKeepsNoMoreThanToldOf(t *testing.T) {
	text := written(t, sample())
	weigh := func() int64 {
		src, err := newSource(strings.NewReader(text), usual)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, src, 0).weight
	}()
	if weigh < int64(len(text)) || weigh > 4*int64(len(text))+partWeight {
		t.Errorf("a record of %d bytes weighs %d", len(text), weigh)
	}
	src, _ := newSource(strings.NewReader(text), usual)
	rd := newReader(usual, "FILE", src)
	rd.weight = MaxFile - weigh/2
	if err := rd.next(); err == nil || !strings.Contains(err.Error(), "give its runs in several files") {
		t.Errorf("more than is read of a file: %v", err)
	}
}

// read reads a record.
func read(t *testing.T, src *source, weight int64) *reader {
	t.Helper()
	rd := newReader(usual, "FILE", src)
	rd.weight = weight
	if err := rd.next(); err != nil {
		t.Fatal(err)
	}
	return rd
}

// TestReadInAnyOrder holds that a record means the same whatever the order of its fields is, and that
// names of fields in another case are not a way round what is checked.
func TestReadInAnyOrder(t *testing.T) {
	text := written(t, sample())
	body := strings.TrimSuffix(strings.TrimPrefix(text, "{\n"), "\n}\n")
	at := strings.Index(body, `  "metrics": `)
	turned := "{" + body[at:] + ",\n" + strings.TrimSuffix(body[:at], ",\n") + "}\n"
	runs, err := Read("FILE", iotest.OneByteReader(strings.NewReader(turned)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "order", runs[0], sample())
	for from, to := range map[string]string{`"metrics": {`: `"METRICS": {`, `"intervals": [`: `"Interval\u017f": [`} {
		runs, err := Read("FILE", strings.NewReader(strings.Replace(text, from, to, 1)))
		if err == nil && len(runs[0].Intervals) != 0 {
			t.Errorf("%s: %d intervals that were not checked", to, len(runs[0].Intervals))
		}
	}
}

// TestLongStreams holds that a stream which goes on for longer than a run has intervals is added up
// while it is read.
func TestLongStreams(t *testing.T) {
	r := sample()
	lines := streamed(t, r)
	src, err := newSource(strings.NewReader(lines[0]), usual)
	if err != nil {
		t.Fatal(err)
	}
	rd := read(t, src, 0)
	const n = 3 * MaxIntervals
	var weight int64
	for i := range int64(n) {
		v := Interval{Start: i * 1e9, Duration: 1e9, Errors: map[string]int64{"timeout": 1}, Metrics: map[string]Metric{}}
		if i%1000 == 0 {
			v.Metrics[RTT] = r.Intervals[0].Metrics[RTT]
			v.Received = v.Metrics[RTT].Count
		}
		if err := rd.line(&value{line: Line{Interval: &v}, weight: 1000}); err != nil {
			t.Fatal(err)
		}
		weight = max(weight, rd.weight)
		rd.weight += 1000 // as reading it does
	}
	if kept := len(rd.stream.latest) + len(rd.stream.past.list); kept > 2*MaxIntervals || rd.weight > 2*MaxIntervals*1000+1<<20 {
		t.Errorf("%d intervals are kept, which weigh %d", kept, rd.weight)
	}
	if err := rd.finish(); err != nil {
		t.Fatal(err)
	}
	run := rd.runs[0]
	if run.Duration != n*1e9 || run.Totals.Errors["timeout"] != n || run.Metrics[RTT].Count != 11*r.Intervals[0].Received {
		t.Errorf("%d ns, totals %+v", run.Duration, run.Totals)
	}
}

// TestStreamWithLostLines holds that what a slow reader lost is told, at the place and in the run, and
// that the rest can be read.
func TestStreamWithLostLines(t *testing.T) {
	r := sample()
	lines := streamed(t, r)
	const lost = `{"lost":{"lines":2}}` + "\n"
	// Without the second interval, and the corrections of the first and the second.
	text := lines[0] + lines[1] + lost + lines[5] + lines[6] + lost + lines[7]
	runs, err := Read("FILE", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got, received := runs[0], r.Intervals[0].Received+r.Intervals[2].Received
	if got.StreamLost != 4 || got.Interrupted || got.Validity.Verdict != Invalid || !strings.Contains(strings.Join(got.Validity.Reasons, "\n"), "4 lines of the stream were lost") {
		t.Errorf("lost %d, validity %+v", got.StreamLost, got.Validity)
	}
	if got.Totals.Received != received || got.Metrics[RTT].Count != received || got.Duration != 2e9 || len(got.Intervals) != 2 {
		t.Errorf("%d replies in %d ns, want %d in 2 s", got.Totals.Received, got.Duration, received)
	}
	if n, want := got.Metrics[Forward].Count, r.Intervals[2].Metrics[Forward].Count; n != want {
		t.Errorf("forward of %d replies, want %d", n, want)
	}
	again, err := Read("again", strings.NewReader(written(t, got)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "writing", again[0], got)
	// A correction whose interval was lost.
	if _, err := Read("FILE", strings.NewReader(lines[0]+lost+lines[2]+lines[7])); err != nil {
		t.Error(err)
	}
	if _, err := Read("FILE", strings.NewReader(lines[0]+`{"lost":{"lines":-1}}`+"\n"+lines[7])); err == nil {
		t.Error("less than nothing is lost")
	}
}

// TestStreamOfUnansweredMessages holds that a run which was killed, or of which lines were lost, can be
// read though messages got no reply: intervals do not count those that were under way at the end.
func TestStreamOfUnansweredMessages(t *testing.T) {
	r := sample()
	l, err := r.Intervals[0].Metrics[RTT].Latencies()
	if err != nil {
		t.Fatal(err)
	}
	l.Censored = of(300*ms, 50)
	r.Intervals[0].Metrics[RTT] = l.Metric()
	lines := streamed(t, r)
	for name, text := range map[string]string{
		"killed": lines[0] + lines[1],
		"lost":   lines[0] + lines[1] + `{"lost":{"lines":2}}` + "\n" + lines[7],
	} {
		runs, err := Read("FILE", strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := runs[0].Totals; got.Unanswered+got.Failed != 50 {
			t.Errorf("%s: %+v", name, got)
		}
		if _, err := Read("again", strings.NewReader(written(t, runs[0]))); err != nil {
			t.Errorf("%s, written: %v", name, err)
		}
	}
}

// TestPendingMessagesOfAKilledRun holds that what was under way when a run was killed is not forgotten:
// of a server that answered no more the maximum was told as 12 ms, after seconds of silence.
func TestPendingMessagesOfAKilledRun(t *testing.T) {
	r := sample()
	r.Config.Mode = Open
	r.Intervals[0].Pending, r.Intervals[1].Pending = 7, 600
	lines := streamed(t, r)
	silent := `{"interval":{"start_ns":1000000000,"duration_ns":1000000000,"pending":600,"errors":{},"metrics":{}}}` + "\n"
	for name, second := range map[string]string{"answering": lines[3], "silent": silent} {
		runs, err := Read("FILE", strings.NewReader(lines[0]+lines[1]+second))
		if err != nil {
			t.Fatal(err)
		}
		got := runs[0]
		for _, metric := range []string{RTT, Response} {
			if m := got.Metrics[metric]; m.Unanswered() != 600 || !m.IsAtLeast("max") {
				t.Errorf("%s: %s: %d without a reply, lower bounds %q", name, metric, m.Unanswered(), m.AtLeast)
			}
		}
		if got.Totals.Unanswered != 600 {
			t.Errorf("%s: %+v", name, got.Totals)
		}
		again, err := Read("again", strings.NewReader(written(t, got)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "writing", again[0], got)
	}
}

// TestWriteRefusesWhatCannotBeRead holds that no record is written that is too large to be read again.
func TestWriteRefusesWhatCannotBeRead(t *testing.T) {
	r := sample()
	text := strings.Repeat("A", MaxValue)
	r.Intervals[1].Metrics["x"] = Metric{HDR: text}
	if err := Write(io.Discard, r); err != errUnreadable {
		t.Errorf("an interval that is too long: %v", err)
	}
	size := int64(len(written(t, sample())))
	if err := write(io.Discard, sample(), size); err != errUnreadable {
		t.Errorf("more than a file holds: %v", err)
	}
	if err := write(io.Discard, sample(), 10*size); err != nil {
		t.Errorf("what a file holds: %v", err)
	}
}
