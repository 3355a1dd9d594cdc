package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echostamp/echostamp/internal/record"
)

// TestStreamIsWhole holds that lines come in their order, and that closing twice is once.
func TestStreamIsWhole(t *testing.T) {
	var out bytes.Buffer
	s, err := ui{out: &out}.openStream(t.Context(), "-", true)
	if err != nil {
		t.Fatal(err)
	}
	s.add(record.Line{Schema: record.StreamSchema, Begin: &record.Run{}})
	s.add(record.Line{Interval: &record.Interval{Start: 7}})
	if err := errors.Join(s.close(), s.close()); err != nil {
		t.Error(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"own":true`) || !strings.Contains(lines[1], `"start_ns":7`) {
		t.Errorf("lines %q", lines)
	}
}

// pipedStream opens a stream to standard output, and returns both ends of that.
func pipedStream(t *testing.T, ctx context.Context) (*streamer, *io.PipeReader, *io.PipeWriter) {
	t.Helper()
	reader, writer := io.Pipe()
	s, err := ui{out: writer}.openStream(ctx, "-", false)
	if err != nil {
		t.Fatal(err)
	}
	return s, reader, writer
}

// TestStreamOfAStuckReader holds that the run does not wait for one who does not read, and
// ends in bounded time.
func TestStreamOfAStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, reader, _ := pipedStream(t, t.Context())
		for range 100 {
			s.add(record.Line{Interval: &record.Interval{}})
		}
		if err := s.close(); err == nil || !strings.Contains(err.Error(), "cannot stream to standard output: no reader for 3s") {
			t.Error(err)
		}
		_ = reader.Close() // lets the writer go
	})
}

// slowly reads from a pipe: so many bytes, a moment after another.
func slowly(reader io.Reader, at int, pause time.Duration) <-chan []byte {
	all := make(chan []byte, 1)
	go func() {
		var got []byte
		b := make([]byte, at)
		for {
			n, err := reader.Read(b)
			if got = append(got, b[:n]...); err != nil {
				all <- got
				return
			}
			time.Sleep(pause)
		}
	}()
	return all
}

// big is an interval whose line has a size.
func big(start int64, size int) record.Line {
	m := record.Metric{HDR: strings.Repeat("A", size)}
	return record.Line{Interval: &record.Interval{Start: start, Metrics: map[string]record.Metric{"rtt": m}}}
}

// TestStreamOfASlowReader holds that one who is slow, and not behind by more than there is memory, loses
// nothing, however long that takes after the run.
func TestStreamOfASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, reader, writer := pipedStream(t, t.Context())
		const lines = 50
		for i := range int64(lines) {
			s.add(big(i, 100<<10))
		}
		got := slowly(reader, 100<<10, 2*time.Second) // 4 KB each time: 40 minutes
		began := time.Now()
		if err := s.close(); err != nil {
			t.Error(err)
		}
		_ = writer.Close()
		if n := bytes.Count(<-got, []byte("\n")); n != lines || time.Since(began) < time.Minute || s.lost != 0 {
			t.Errorf("%d lines in %v, %d lost", n, time.Since(began), s.lost)
		}
	})
}

// TestStreamOfAReaderWhoIsBehind holds that a slow reader does not take all memory, and that what is lost
// is told where it happened, in the record, and at once.
func TestStreamOfAReaderWhoIsBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, reader, writer := pipedStream(t, t.Context())
		var told []string
		s.telling(func(text string) { told = append(told, text) })
		s.add(record.Line{Schema: record.StreamSchema, Begin: &record.Run{}})
		for i := range int64(200) {
			s.add(big(i, 1<<20))
			if s.bytes > mostWaiting {
				t.Fatalf("%d bytes wait", s.bytes)
			}
		}
		var all []byte
		read := make(chan struct{})
		go func() { all, _ = io.ReadAll(reader); close(read) }()
		synctest.Wait()
		s.add(big(200, 10))
		end := &record.Run{}
		s.add(record.Line{End: end})
		run := &record.Run{}
		s.describe(run)
		_ = writer.Close()
		<-read
		var kinds []string
		var lost int64
		for line := range bytes.Lines(all) {
			var l record.Line
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			switch {
			case l.Lost != nil:
				lost += l.Lost.Lines
				kinds = append(kinds, "lost")
			case l.Interval != nil && (len(kinds) == 0 || kinds[len(kinds)-1] != "intervals"):
				kinds = append(kinds, "intervals")
			}
		}
		if want := []string{"intervals", "lost", "intervals"}; !slices.Equal(kinds, want) || lost != 137 {
			t.Errorf("the stream has %v, with %d lines lost; want %v with 137", kinds, lost, want)
		}
		if run.StreamLost != lost || end.StreamLost != lost || len(run.Warnings) != 1 || !strings.Contains(run.Warnings[0], "lost 137 lines of the stream to standard output: its reader was more than 64 MB behind") {
			t.Errorf("in the record %d lines are lost, in the end %d: %q", run.StreamLost, end.StreamLost, run.Warnings)
		}
		if len(told) != 1 || !strings.Contains(told[0], "lines are lost until it catches up") {
			t.Errorf("it was told %q", told)
		}
	})
}

// TestStreamOfAReaderWhoGoesAway holds that this is told at once, and that what is lost is counted.
func TestStreamOfAReaderWhoGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, reader, _ := pipedStream(t, t.Context())
		var told []string
		s.telling(func(text string) { told = append(told, text) })
		_ = reader.CloseWithError(syscall.EPIPE)
		for i := range int64(10) {
			s.add(big(i, 10))
			synctest.Wait()
		}
		run := &record.Run{}
		s.describe(run)
		if want := "cannot stream to standard output: its reader closed the pipe (broken pipe); streaming stopped"; len(told) != 1 || told[0] != want || run.Warnings[0] != want {
			t.Errorf("it was told %q, the record has %q", told, run.Warnings)
		}
		if run.StreamLost != 10 {
			t.Errorf("%d lines are lost, want 10", run.StreamLost)
		}
	})
}

// TestStreamOfAnInterruptedProgram holds that a reader who is slow does not keep it.
func TestStreamOfAnInterruptedProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		s, reader, writer := pipedStream(t, ctx)
		for i := range int64(50) {
			s.add(big(i, 100<<10))
		}
		got := slowly(reader, 100<<10, time.Second)
		time.AfterFunc(10*time.Second, interrupt)
		began := time.Now()
		if err := s.close(); err == nil || !strings.Contains(err.Error(), "bytes left") || s.lost == 0 || time.Since(began) != 10*time.Second+drained {
			t.Errorf("after %v: %v, %d lines lost", time.Since(began), err, s.lost)
		}
		_ = writer.Close()
		<-got
	})
}
