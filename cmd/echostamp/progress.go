package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/loadgen"
)

// progress is the bar that a run shows on a terminal; nil shows nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	now       atomic.Pointer[loadgen.Live]
	changed   chan struct{} // now has been, since it was drawn
}

// showProgress has a run show itself where standard error is a terminal.
func showProgress(t ui, cfg *loadgen.Config, quiet bool) *progress {
	if quiet || !isTerminal(t.errOut) {
		return nil
	}
	p := &progress{container: mpb.New(mpb.WithOutput(t.errOut), mpb.WithWidth(80))}
	p.now.Store(&loadgen.Live{})
	total, done := int64(cfg.Length()), func(l loadgen.Live) int64 { return int64(l.Elapsed) }
	if total == 0 {
		total, done = cfg.Messages, func(l loadgen.Live) int64 { return l.Received }
	}
	p.bar = p.container.AddBar(total,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.left(cfg) })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.figures() })))
	// A terminal that is stopped blocks what draws the bar, and must not block
	// the run.
	p.changed = make(chan struct{}, 1)
	cfg.Live = func(l loadgen.Live) {
		p.now.Store(&l)
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
	go func() {
		for range p.changed {
			p.bar.SetCurrent(min(done(*p.now.Load()), total-1)) // a full bar would not be drawn any more
		}
	}()
	return p
}

// left tells the phase, and the time or the messages that are left.
func (p *progress) left(cfg *loadgen.Config) string {
	l := p.now.Load()
	switch {
	case l.Phase == loadgen.Connecting:
		return fmt.Sprintf("connecting %d/%d ", l.Connected, cfg.Clients)
	case l.Phase == loadgen.WarmingUp:
		return "warming up "
	case cfg.Length() > 0:
		left := max(0, cfg.Length()-l.Elapsed) + time.Second - 1 // rounds up
		return fmt.Sprintf("%v left ", left.Truncate(time.Second))
	}
	return unit.Count(cfg.Messages-l.Received) + " left "
}

func (p *progress) figures() string {
	l := p.now.Load()
	return fmt.Sprintf(" %s p50 %s p99 %s errors %s", unit.Rate(l.Rate),
		unit.Duration(float64(l.P50)), unit.Duration(float64(l.P99)), unit.Count(l.Errors))
}

// end clears the bar away, unless the terminal is stopped.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.changed)
	cleared := make(chan struct{})
	go func() {
		p.bar.Abort(true)
		p.container.Wait()
		close(cleared)
	}()
	select {
	case <-cleared:
	case <-time.After(time.Second):
	}
}
