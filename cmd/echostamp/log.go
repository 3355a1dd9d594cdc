package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/internal/wire"
	"github.com/echostamp/echostamp/server"
)

// eventLog writes events to a stream that may be slow or stuck, without ever
// making the server wait: what does not fit is lost, and counted.
type eventLog struct {
	w        io.Writer
	events   bool // log connections
	messages bool // log these too
	lines    chan []byte
	lost     atomic.Int64
	written  chan struct{} // closed when all lines have been
}

// newEventLog returns a log at the level that --log names: off, connections or
// messages. What the server is short of is in it at every level.
func newEventLog(w io.Writer, level string) (*eventLog, error) {
	switch level {
	case "off", "connections", "messages":
	default:
		return nil, fmt.Errorf("--log: %q is none of off, connections, messages", level)
	}
	l := &eventLog{w: w, events: level != "off", messages: level == "messages", lines: make(chan []byte, 4096), written: make(chan struct{})}
	go l.write()
	return l, nil
}

// into has the events of a server be logged.
func (l *eventLog) into(cfg *server.Config) {
	cfg.Refused = l.refused
	if l.events { // nobody is to make events that are not wanted
		cfg.Log = l.add
	}
}

func (l *eventLog) add(e server.Event) {
	if e.Kind == server.Message && !l.messages {
		return
	}
	l.line(appendEvent(nil, e))
}

// refused logs that the server is out of descriptors.
func (l *eventLog) refused(r server.Refusal) {
	l.line(fmt.Appendf(nil, "echostamp: %s\n", refusalText(r)))
}

func (l *eventLog) line(b []byte) {
	select {
	case l.lines <- b:
	default:
		l.lost.Add(1)
	}
}

// refusalText says how many connections were closed at once, why, and what to do. Their clients
// see them made and closed, not refused.
func refusalText(r server.Refusal) string {
	n := "closed " + unit.Plural(r.Count, "new connection")
	if r.Since > 0 {
		n += " in the last " + unit.Duration(float64(r.Since))
	}
	switch {
	case errors.Is(r.Err, syscall.EMFILE):
		return "out of file descriptors: " + n + "; raise the limit (ulimit -n) or connect fewer clients"
	case errors.Is(r.Err, syscall.ENFILE):
		return "the whole system is out of file descriptors: " + n + "; raise fs.file-max or end other programs"
	}
	return fmt.Sprintf("cannot accept connections (%v): %s", r.Err, n)
}

func (l *eventLog) write() {
	defer close(l.written)
	for line := range l.lines {
		_, _ = l.w.Write(line) // who closes the log does not stop the server
		if n := l.lost.Swap(0); n > 0 {
			fmt.Fprintf(l.w, "echostamp: %d lines of the log were lost, for they came faster than they could be written\n", n)
		}
	}
}

// close writes what is left, unless that takes too long. Nothing may be added
// any more.
func (l *eventLog) close() {
	close(l.lines)
	select {
	case <-l.written:
	case <-time.After(time.Second):
	}
}

// appendEvent appends the line of an event: "[ip:port] t2:"data"" for a message,
// "[ip:port] time connected" and "… closed" for a connection. Data is quoted, so
// that no client can write a line of its own, nor reach a terminal.
func appendEvent(b []byte, e server.Event) []byte {
	b = append(b, '[')
	b = e.Remote.AppendTo(b)
	b = append(b, "] "...)
	b = wire.AppendTime(b, e.Time)
	switch e.Kind {
	case server.Message:
		b = append(b, ':')
		b = strconv.AppendQuoteToASCII(b, string(e.Data))
	case server.Connected:
		b = append(b, " connected"...)
	case server.Closed:
		b = append(b, " closed"...)
		if e.Err != nil {
			b = append(b, ": "...)
			b = append(b, e.Err.Error()...)
		}
	}
	return append(b, '\n')
}
