package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/echostamp/echostamp/internal/record"
)

// TestStreamIsWhole holds that lines come in their order, and that closing twice is once.
func TestStreamIsWhole(t *testing.T) {
	var out bytes.Buffer
	s, err := ui{out: &out}.openStream("-", true)
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

// TestStreamOfAStuckReader holds that the run does not wait for one who does not read, and
// ends in bounded time.
func TestStreamOfAStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, stuck := io.Pipe()
		s, err := ui{out: stuck}.openStream("-", false)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			s.add(record.Line{Interval: &record.Interval{}})
		}
		if err := s.close(); err == nil || !strings.Contains(err.Error(), "cannot stream to standard output: for 3s nobody has read from it") {
			t.Error(err)
		}
		_ = stuck.Close() // lets the writer go
	})
}

// TestStreamOfAReaderWhoIsBehind holds that a slow reader does not take all memory.
func TestStreamOfAReaderWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		s, err := ui{out: writer}.openStream("-", false)
		if err != nil {
			t.Fatal(err)
		}
		big := record.Metric{HDR: strings.Repeat("A", 1<<20)}
		for range 200 {
			s.add(record.Line{Interval: &record.Interval{Metrics: map[string]record.Metric{"rtt": big}}})
		}
		if s.bytes > mostWaiting+2<<20 {
			t.Errorf("%d bytes wait", s.bytes)
		}
		go func() { _, _ = io.Copy(io.Discard, reader) }()
		if err := s.close(); err == nil || !strings.Contains(err.Error(), "its reader is 64 MB behind") {
			t.Error(err)
		}
		_ = writer.Close()
	})
}
