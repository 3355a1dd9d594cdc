// Package launch starts a server by a command, awaits that it is ready, and ends it with
// all that it started.
//
// A command is what a shell takes, with {port} or {addr} in it, which become a free port of
// loopback. [Start] returns when the server answers; [Server.Ended] tells that it ended by
// itself, and [Server.Stop] ends it. Whatever fails, nothing is left running, and the error
// has the last that the server said.
package launch

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// Options say how a server is started and ended.
type Options struct {
	// Answers returns nil if a server answers at an address, in no more than some
	// hundred milliseconds.
	Answers func(context.Context, netip.AddrPort) error
	Ready   time.Duration // how long it may take until it answers
	Grace   time.Duration // how long it may take to end when it is asked to
}

// A Server is a process that runs.
type Server struct {
	Addr    netip.AddrPort
	options Options
	family  *family
	said    *tail
	ended   chan struct{}
	err     error // how it ended, when ended is closed
}

// IsCommand reports whether a text is a command to start, with a place for the port.
func IsCommand(text string) bool {
	return strings.Contains(text, "{port}") || strings.Contains(text, "{addr}")
}

// Start starts a server and waits until it answers. If it does not, or ctx is done, it is
// ended.
func Start(ctx context.Context, command string, options Options) (*Server, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, options: options, ended: make(chan struct{})}
	if err := s.start(command); err != nil {
		return nil, fmt.Errorf("cannot start it: %w", err)
	}
	if err := s.awaitReady(ctx); err != nil {
		_, left := s.Stop(ctx)
		if left != nil && ctx.Err() != nil {
			return nil, left // which matters more than that it was interrupted
		}
		return nil, errors.Join(err, left)
	}
	return s, nil
}

// start starts the process. Its output is read by a goroutine of ours, so that children
// that have it too do not hold up what awaits the process.
func (s *Server) start(command string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := shell(strings.NewReplacer("{port}", strconv.Itoa(int(s.Addr.Port())), "{addr}", s.Addr.String()).Replace(command))
	s.family = newFamily(cmd, write, s.ended)
	err = s.family.start()
	write.Close()
	if err != nil {
		read.Close()
		return err
	}
	s.said = readTail(read)
	go s.await()
	return nil
}

// await waits for the process to end.
func (s *Server) await() {
	if s.err = s.family.wait(); s.err == nil {
		s.err = errDone
	}
	close(s.ended)
}

var errDone = errors.New("exit status 0")

// Ended is closed when the server has ended, and Err says then how.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Err says how the server ended by itself, and the last that it said: all of it, unless a
// child keeps its output open.
func (s *Server) Err() error {
	const patience = time.Second
	select {
	case <-s.said.whole:
	case <-time.After(patience):
	}
	return fmt.Errorf("it ended with %w%s", s.err, s.said)
}

// awaitReady tries until the server answers.
func (s *Server) awaitReady(ctx context.Context) error {
	const between = 20 * time.Millisecond
	deadline := time.NewTimer(s.options.Ready)
	defer deadline.Stop()
	for {
		err := s.options.Answers(ctx, s.Addr)
		again := time.NewTimer(between)
		select {
		case <-s.ended: // even if something answers: it is something else
			err := fmt.Errorf("before it was ready %w", s.Err())
			if s.err == errDone {
				err = fmt.Errorf("%w; a server has to stay in the foreground", err)
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			if err == nil {
				return nil
			}
			return fmt.Errorf("it was not ready at %v within %v: %w%s", s.Addr, s.options.Ready, err, s.said)
		case <-again.C:
			if err == nil {
				return nil
			}
		}
	}
}

// Stop ends the server, at first as it can be asked to, and all that it started; it has less
// time once ctx is done. Forced is that it did not end when it was asked to, and had to be
// killed. An error is that something that it started was left, which is ended too, or that
// something cannot be ended.
func (s *Server) Stop(ctx context.Context) (forced bool, err error) {
	p := &patience{ctx: ctx, end: time.Now().Add(s.options.Grace)}
	s.family.ask()
	for !s.endsIn(between) {
		switch {
		case p.exhausted():
			return true, fmt.Errorf("it cannot be ended: %w", s.family.failure())
		case p.over():
			forced = true
			s.family.kill()
		default:
			s.family.ask() // who has come since
		}
	}
	left, err := s.family.awaitEmpty(p)
	if len(left) > 0 && !forced && !p.hurried && err == nil {
		err = fmt.Errorf("it left processes running, which did not end within %v of being asked to and were killed: %s (if that is the server itself, put exec before the command, and it is only told)",
			s.options.Grace, strings.Join(left, ", "))
	}
	return forced, err
}

// endsIn reports whether the process ends in some time.
func (s *Server) endsIn(d time.Duration) bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(d):
		return false
	}
}

const (
	hurry   = 2 * time.Second // is the most grace once something is interrupted
	giveUp  = 5 * time.Second // is how long killing may take
	between = 10 * time.Millisecond
)

// patience is how long something may take to end.
type patience struct {
	ctx     context.Context // has it hurry when it is done
	end     time.Time
	hurried bool
}

// over reports whether it is time to kill.
func (p *patience) over() bool {
	now := time.Now()
	if last := now.Add(hurry); p.ctx.Err() != nil && !p.hurried {
		p.hurried = true
		if last.Before(p.end) {
			p.end = last
		}
	}
	return now.After(p.end)
}

// exhausted reports whether killing is in vain.
func (p *patience) exhausted() bool { return time.Now().After(p.end.Add(giveUp)) }
