package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/record"
)

// streamer writes the lines of a run while it goes on, to what may be slow or stuck,
// without ever making the run wait.
type streamer struct {
	w       io.WriteCloser
	name    string
	own     bool          // the server is in this process
	mu      sync.Mutex    // of what follows
	waiting [][]byte      // lines to be written
	bytes   int           // of them
	closed  bool          // none will come any more
	err     error         // of the first line that could not be written
	more    *sync.Cond    // waiting or closed has changed
	written chan struct{} // closed when all lines have been, or one could not be
	closing sync.Once
	told    func(string) // of err, at once; nil if nobody is to be told, or has been
}

// mostWaiting is how many bytes may wait for a reader who is slow.
const mostWaiting = 64 << 20

// openStream prepares to stream to a file, or to standard output if that is "-".
func (t ui) openStream(name string, own bool) (*streamer, error) {
	s := &streamer{name: name, own: own, written: make(chan struct{})}
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
	for _, facts := range []*record.Run{l.Begin, l.End} {
		if facts != nil {
			facts.Tool, facts.Command, facts.Server.Own = thisTool(), os.Args, s.own
		}
	}
	b, err := json.Marshal(l)
	b = record.EscapeJSON(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && s.bytes > mostWaiting {
		err = fmt.Errorf("its reader is %d MB behind", mostWaiting>>20)
	}
	if s.err == nil {
		s.err = err
	}
	if s.err != nil {
		s.tellNow()
		return
	}
	s.waiting = append(s.waiting, append(b, '\n'))
	s.bytes += len(b) + 1
	s.more.Signal()
}

// take returns the lines that wait to be written, when there are any; none is that none
// will come any more.
func (s *streamer) take() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) == 0 && !s.closed {
		s.more.Wait()
	}
	lines := s.waiting
	s.waiting, s.bytes = nil, 0
	return lines
}

func (s *streamer) write() {
	defer close(s.written)
	for lines := s.take(); len(lines) > 0; lines = s.take() {
		for _, line := range lines {
			if _, err := s.w.Write(line); err != nil {
				s.fail(err)
				return
			}
		}
	}
	if err := s.w.Close(); err != nil {
		s.fail(err)
	}
}

func (s *streamer) fail(err error) {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		err = p.Err // the path is told by close
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	s.tellNow()
}

// tell has somebody be told of an error as soon as there is one.
func (s *streamer) tell(told func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = told
	s.tellNow()
}

func (s *streamer) tellNow() {
	if s.err != nil && s.told != nil {
		s.told(s.failure().Error())
		s.told = nil
	}
}

func (s *streamer) failure() error {
	return fmt.Errorf("cannot stream to %s: %w; the stream ends there", s.name, s.err)
}

// drained is how long the lines that are left may take to be written.
const drained = 3 * time.Second

// drain waits until all is written.
func (s *streamer) drain() {
	s.mu.Lock()
	s.closed = true
	s.more.Signal()
	s.mu.Unlock()
	select {
	case <-s.written:
	case <-time.After(drained):
		s.fail(fmt.Errorf("for %v nobody has read from it", drained))
	}
}

// close writes what is left, and returns why not all was written.
func (s *streamer) close() error {
	if s == nil {
		return nil
	}
	s.closing.Do(s.drain)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.failure()
	}
	return nil
}
