package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// streamer writes the lines of a run while it goes on, to what may be slow or stuck,
// without ever making the run wait. What waits for a slow reader takes mostWaiting at most; lines
// beyond that are lost, which is told in the stream where it happened, and counted.
type streamer struct {
	w       io.WriteCloser
	name    string
	own     bool            // the server is in this process
	ctx     context.Context // when it is done, draining does not take long
	mu      sync.Mutex      // of what follows
	waiting [][]byte        // lines to be written
	bytes   int             // of them, and of the one that is written now
	written int64           // bytes so far
	lost    int64           // lines
	gap     int64           // of lost, those since the last that waits
	closed  bool            // none will come any more
	err     error           // of the first line that could not be written
	more    *sync.Cond      // waiting or closed has changed
	ended   chan struct{}   // closed when all lines have been written, or one could not be
	closing sync.Once
	tell    func(string) // of the first loss, at once; nil if nobody is to be told, or has been
}

// mostWaiting is how many bytes may wait for a reader who is slow, and chunk how many are written at
// once, so that one who reads at all is known to.
const (
	mostWaiting = 64 << 20
	chunk       = 4 << 10
)

// openStream prepares to stream to a file, or to standard output if that is "-".
func (t ui) openStream(ctx context.Context, name string, own bool) (*streamer, error) {
	s := &streamer{ctx: ctx, name: name, own: own, ended: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	if name == "-" {
		s.w, s.name = nopCloser{t.out}, "standard output"
	} else {
		var err error
		if s.w, err = atomicfile.OpenStream(name); err != nil {
			return nil, err
		}
	}
	go s.write()
	return s, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// add takes a line of a run.
func (s *streamer) add(l record.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, facts := range []*record.Run{l.Begin, l.End} {
		if facts != nil {
			facts.Tool, facts.Command, facts.Server.Own, facts.StreamLost = thisTool(), os.Args, s.own, s.lost
		}
	}
	b := s.encode(l)
	ends := l.Begin != nil || l.End != nil // which always have room
	if s.err != nil || s.bytes+len(b) > mostWaiting && !ends {
		s.lost++
		s.gap++
		s.tellNow()
		return
	}
	if s.gap > 0 {
		s.wait(s.encode(record.Line{Lost: &record.Lost{Lines: s.gap}}))
		s.gap = 0
	}
	s.wait(b)
}

// encode returns a line as JSON.
func (s *streamer) encode(l record.Line) []byte {
	b, err := json.Marshal(l)
	if err != nil && s.err == nil {
		s.err = err
	}
	return append(record.EscapeJSON(b), '\n')
}

// wait has a line wait to be written.
func (s *streamer) wait(line []byte) {
	s.waiting = append(s.waiting, line)
	s.bytes += len(line)
	s.more.Signal()
}

// next returns the line to be written next, when there is one; nil is that none will come any more.
func (s *streamer) next() (line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) == 0 && !s.closed {
		s.more.Wait()
	}
	if len(s.waiting) == 0 || s.err != nil {
		return nil
	}
	line, s.waiting[0] = s.waiting[0], nil
	s.waiting = s.waiting[1:]
	return line
}

func (s *streamer) write() {
	defer close(s.ended)
	for line := s.next(); line != nil; line = s.next() {
		for part := range slices.Chunk(line, chunk) {
			if _, err := s.w.Write(part); err != nil {
				s.fail(err)
				return
			}
			s.mu.Lock()
			s.written += int64(len(part))
			s.bytes -= len(part)
			s.mu.Unlock()
		}
	}
	if err := s.w.Close(); err != nil {
		s.fail(err)
	}
}

// fail notes that nothing more can be written: all that waits is lost, and the line that was written.
func (s *streamer) fail(err error) {
	err = pathless(err) // close names it
	if errors.Is(err, syscall.EPIPE) {
		err = fmt.Errorf("its reader closed the pipe (%w)", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	lines := int64(len(s.waiting))
	if s.bytes > 0 {
		lines++
	}
	s.lost, s.waiting, s.bytes = s.lost+lines, nil, 0
	s.tellNow()
}

// telling has somebody be told of a loss as soon as there is one.
func (s *streamer) telling(tell func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell = tell
	s.tellNow()
}

func (s *streamer) tellNow() {
	err := s.failure()
	if err == nil || s.tell == nil {
		return
	}
	if s.err == nil {
		err = fmt.Errorf("the reader of the stream to %s is more than %d MB behind: lines are lost until it catches up", s.name, mostWaiting>>20)
	}
	s.tell(err.Error())
	s.tell = nil
}

// failure says why not all was written.
func (s *streamer) failure() error {
	switch {
	case s.err != nil:
		return fmt.Errorf("cannot stream to %s: %w; streaming stopped", s.name, s.err)
	case s.lost > 0:
		return fmt.Errorf("lost %s of the stream to %s: its reader was more than %d MB behind", unit.Plural(s.lost, "line"), s.name, mostWaiting>>20)
	}
	return nil
}

// drained is for how long nobody may read from what lines are left, and how long they may take to be
// written when the program was interrupted.
const drained = 3 * time.Second

// drain waits until all is written, as long as somebody reads.
func (s *streamer) drain() {
	s.mu.Lock()
	s.closed = true
	s.more.Signal()
	s.mu.Unlock()
	interrupted := s.ctx.Done()
	var hurry <-chan time.Time
	for before := s.progress(); ; before = s.progress() {
		select {
		case <-s.ended:
			return
		case <-interrupted:
			interrupted, hurry = nil, time.After(drained)
		case <-hurry:
			s.fail(fmt.Errorf("interrupted, with %d bytes left", s.left()))
			return
		case <-time.After(drained):
			if s.progress() == before {
				s.fail(fmt.Errorf("no reader for %v", drained))
				return
			}
		}
	}
}

// progress is how many bytes were written.
func (s *streamer) progress() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// left is how many bytes were not.
func (s *streamer) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// close writes what is left, and returns why not all was written.
func (s *streamer) close() error {
	if s == nil {
		return nil
	}
	s.closing.Do(s.drain)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure()
}

// describe tells in a run what its stream lost.
func (s *streamer) describe(r *record.Run) {
	err := s.close()
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.StreamLost = s.lost
	r.Warnings = append(r.Warnings, err.Error())
}
