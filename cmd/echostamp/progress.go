package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/echostamp/echostamp/loadgen"
)

const minPeriod = 100 * time.Millisecond // of --progress

func (o loadOptions) checkProgress() error {
	switch {
	case o.progress != 0 && o.progress < minPeriod:
		return fmt.Errorf("--progress: %v is neither 0 nor at least %v", o.progress, minPeriod)
	case o.progress != 0 && o.search != nil:
		return errors.New("--progress: is of one run, and --find-rate makes several, of which it tells each")
	}
	return nil
}

// progress shows a run while it goes on. A terminal that is stopped blocks what
// writes to it, which must not block the run: so the run leaves what there is to show,
// and a goroutine of its own shows it.
type progress struct {
	where   screen
	bar     func(loadgen.Live) *bar                   // that the run shows
	line    func(loadgen.Live, time.Duration) []piece // the same without a terminal
	start   time.Time
	changed chan struct{} // there is something that has not been shown
	ending  chan struct{} // closed when the run is over
	ended   chan struct{} // closed when all is shown
	mu      sync.Mutex    // of what follows
	now     loadgen.Live
	lines   []string // not shown yet
}

// showProgress has a run show itself: as a bar where standard error is a terminal, or
// as a line each period if that is not 0. What went wrong is told in either case, and
// else as well. It returns nil if all is quiet.
func showProgress(t ui, cfg *loadgen.Config, quiet bool, every time.Duration) *progress {
	if quiet {
		return nil
	}
	plan := planOf(cfg)
	p := newProgress(t)
	p.bar = func(l loadgen.Live) *bar { return barOf(plan, l) }
	p.line = func(l loadgen.Live, since time.Duration) []piece { return plainLine(plan, l, since) }
	if every > 0 {
		p.where.width = nil // lines instead of the bar
	}
	cfg.Live = p.note
	go p.show(every)
	return p
}

func newProgress(t ui) *progress {
	return &progress{
		where: newScreen(t.errOut), start: time.Now(),
		changed: make(chan struct{}, 1), ending: make(chan struct{}), ended: make(chan struct{}),
	}
}

// note takes the state of the run.
func (p *progress) note(l loadgen.Live) {
	p.mu.Lock()
	p.now = l
	for _, n := range l.Notices {
		p.lines = append(p.lines, p.where.warning(n))
	}
	p.mu.Unlock()
	p.wake()
}

// warn tells of something that is not the run's.
func (p *progress) warn(text string) {
	if p != nil {
		p.say(p.where.warning(text))
	}
}

// say shows a line.
func (p *progress) say(line string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.lines = append(p.lines, line)
	p.mu.Unlock()
	p.wake()
}

// wake has show look.
func (p *progress) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// take returns the state of the run, and the lines that have not been shown.
func (p *progress) take() (loadgen.Live, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return p.now, lines
}

func (p *progress) show(every time.Duration) {
	defer close(p.ended)
	var tick <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-p.changed:
			now, lines := p.take()
			p.where.update(lines, p.bar(now))
		case <-tick:
			now, lines := p.take()
			p.where.update(lines, nil)
			p.where.print(p.line(now, time.Since(p.start)))
		case <-p.ending:
			_, lines := p.take()
			p.where.update(lines, nil)
			return
		}
	}
}

// end shows what is left to show, and clears the bar away, unless the terminal is
// stopped.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.ending)
	select {
	case <-p.ended:
	case <-time.After(time.Second):
	}
}
