package loadgen

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/wire"
)

// Run carries out cfg. When ctx ends, the run is interrupted, which takes a small
// part of a second.
//
// An error without a record is a *ConfigError or of the machine. An error with a
// record is one that kept the run from doing what was asked; the record then
// holds what was measured until then. A run in which some messages failed is no
// error: it is counted in the record and judged in its validity.
func Run(ctx context.Context, cfg Config) (*record.Run, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Target, _ = ParseTarget(cfg.Target) // which Validate has checked
	s := &supervisor{line: clock.NewLine()}
	s.window.init()
	if err := s.prepare(cfg); err != nil {
		return nil, err
	}
	cfg = s.cfg
	target, err := resolveTarget(ctx, cfg)
	if err != nil {
		s.interrupted = ctx.Err() != nil
		return s.impossible(resolve, fmt.Errorf("cannot find the address of %s: %w; check the name, or give an IP address", cfg.Target, err))
	}
	s.target = target
	s.local = isLocal(target.Addr())
	if s.local && s.samples && cfg.Clocks.Use != CorrectedClocks {
		s.directions.estimator.ExpectOneClock()
	}
	if err := checkSources(cfg.Sources, target.Addr()); err != nil {
		return nil, err
	}
	if lack := s.preflight(); lack != nil {
		return s.impossible(lack.kind, lack)
	}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.result()
}

// prepare settles what the shards need to know.
func (s *supervisor) prepare(cfg Config) error {
	plan, err := cfg.plan()
	if err != nil {
		return err
	}
	if plan != nil {
		s.paces = &paces{warm: plan.Initial(), main: plan}
		cfg.Duration = cfg.Length()
		cfg.Arrivals = cmp.Or(cfg.Arrivals, pace.Constant)
		if cfg.Arrivals == pace.Poisson && cfg.Seed == 0 {
			cfg.Seed = 1 + rand.Uint64N(MaxSeed-1)
		}
	}
	cfg.Interval = cmp.Or(cfg.Interval, defaultInterval)
	s.cfg = cfg
	s.tickets.Store(cfg.Messages)
	s.attempts.limit(cfg.ConnectRate)
	s.seed = rand.Uint64()
	s.stamps = cfg.stamped()
	s.samples = cfg.estimated()
	s.watched = cfg.watched()
	s.recent, s.lately.all, s.warmth.now = record.NewLatencies(), record.NewLatencies(), hist.New()
	s.series = newSeries(cfg, &s.window)
	s.series.pending = s.pending
	if cfg.Stream != nil {
		s.series.emit = s.stream
	}
	if s.samples {
		s.directions = newDirections(s.series)
	}
	return nil
}

// supervisor runs the shards through the phases of a run.
type supervisor struct {
	plan
	line   clock.Line
	loop   evloop.Loop
	shards []*shard

	phase       Phase
	started     time.Time // when measuring began
	sending     int64     // when sending began, on the time line
	ended       int64     // when the run was over, on the time line
	interrupted bool
	gaveUp      bool
	unconnected bool  // no client could connect at all
	impeded     error // what kept the run from beginning; nil is that it began
	precise     bool  // the precision that was asked for ended the run

	local      bool // the target is an address of this host
	machine    machine
	series     *series
	directions *directions // nil if the server's clock is not estimated
	warmth     warmth
	sections   sections
	settled    bool // the warm-up ended because the latencies had settled

	pulses  []pulse          // of each shard, the newest
	pulsed  int              // shards whose pulse has come since the last look
	recent  record.Latencies // since the last look
	drought drought
	lately  lately
	notices notices
	// awaitedSince is since when nothing is sent any more; 0 is that something is.
	awaitedSince int64
	begun        bool // the stream
}

// stream tells whoever listens of the run.
func (s *supervisor) stream(l record.Line) {
	s.beginStream() // of a run that never began to measure
	s.cfg.Stream(l)
}

// beginStream tells of the run when it is known when measuring begins.
func (s *supervisor) beginStream() {
	if s.begun {
		return
	}
	s.begun = true
	facts := s.describe().Facts()
	s.cfg.Stream(record.Line{Schema: record.StreamSchema, Begin: &facts})
}

// now returns the time on the line.
func (s *supervisor) now() int64 {
	line, _ := s.line.Now()
	return line
}

func (s *supervisor) run(ctx context.Context) error {
	n := s.cfg.Shards
	var err error
	s.loop, err = evloop.New(evloop.Config{
		Engine: s.cfg.Engine, Clock: s.line, Shards: n, ReadSize: 2 * wire.MaxReply, WriteTimeout: s.cfg.Timeout,
		Stamps: s.stamps, CPUs: s.cfg.CPUs, Spin: s.cfg.Spin, Sources: s.cfg.Sources,
		Punctual: s.paces != nil && n < runtime.NumCPU() && evloop.Choose(s.cfg.Engine) == evloop.Epoll,
	})
	if err != nil {
		return err
	}
	s.reports = make(chan report, 8*n)
	s.pulses = make([]pulse, n)
	s.began = s.now()
	for _, l := range s.loop.Shards() {
		s.shards = append(s.shards, newShard(&s.plan, l, n))
	}
	loopCtx, endLoop := context.WithCancel(context.Background())
	defer endLoop()
	loopEnded := make(chan error, 1)
	go func() { loopEnded <- s.loop.Run(loopCtx) }()
	s.each((*shard).begin)

	defer quietGC()()
	err = s.supervise(ctx, loopEnded)
	s.ended = s.now()
	s.machine.end(s.line)
	if err != nil {
		return err
	}
	endLoop()
	if err := <-loopEnded; err != nil {
		return err
	}
	s.gather()
	return nil
}

// quietGC keeps the garbage collector from running while a run goes on, which
// allocates little, until that has become much. It returns what puts things back.
func quietGC() func() {
	// What lasts, the intervals and the samples that are held, is half of it at most.
	const room = 256 << 20
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(int64(m.Sys)+room)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// each has f called on every shard.
func (s *supervisor) each(f func(*shard)) {
	for _, sh := range s.shards {
		sh.Post(func() { f(sh) })
	}
}

// farewells is how long the clients of a run that is over may take to close, and lastReplies
// how long the replies that are under way when a run is interrupted are awaited: without them
// each of those messages would be one without a reply.
const (
	farewells   = 300 * time.Millisecond
	lastReplies = 200 * time.Millisecond
)

// supervise listens to the shards until all are finished. It returns an error
// only if the loop fails.
func (s *supervisor) supervise(ctx context.Context, loopEnded <-chan error) error {
	var (
		interrupt   = ctx.Done()
		cutOff      <-chan time.Time
		over        <-chan time.Time
		unattempted = len(s.shards)
		unfinished  = len(s.shards)
	)
	quit := func() {
		interrupt, cutOff = nil, nil
		over = time.After(farewells)
		s.each((*shard).interrupt)
	}
	for unfinished > 0 {
		select {
		case err := <-loopEnded:
			return fmt.Errorf("the event loop failed: %w", err)
		case <-over:
			return nil
		case <-interrupt:
			interrupt = nil
			s.interrupt()
			cutOff = time.After(lastReplies)
		case <-cutOff:
			quit()
		case r := <-s.reports:
			s.pulses[r.shard.Index()] = r.pulse
			switch r.what {
			case attempted:
				if unattempted--; unattempted > 0 || over != nil || s.interrupted {
					break
				}
				if s.down() == s.cfg.Clients {
					s.unconnected = true
					quit()
					break
				}
				s.start()
			case finished:
				s.reap(r.shard)
				unfinished--
			case spent:
				s.each((*shard).stop)
			case pulsed:
				s.notePulse(r)
				if over == nil && !s.interrupted && s.phase != Connecting && s.drought.isOver(s.cfg.GiveUp) {
					s.gaveUp = true
					quit()
				}
			}
		}
	}
	return nil
}

// pending is how many messages were due by a time, or under way, when so many of the measured
// ones had been settled.
func (s *supervisor) pending(at, settled int64) (n int64) {
	if s.paces == nil {
		for _, p := range s.pulses {
			n += int64(p.underWay)
		}
		return n
	}
	due := int64(s.paces.main.Count(at - s.window.from()))
	if s.cfg.Messages > 0 {
		due = min(due, s.cfg.Messages)
	}
	return max(0, due-settled)
}

// interrupt ends the measured time, and the sending.
func (s *supervisor) interrupt() {
	s.interrupted = true
	if now := s.now(); s.window.from() <= now {
		s.window.end.Store(min(now, s.window.until()))
	}
	s.each((*shard).stop)
}

func (s *supervisor) connected() int {
	n := 0
	for _, p := range s.pulses {
		n += p.connected
	}
	return n
}

func (s *supervisor) down() int {
	n := 0
	for _, p := range s.pulses {
		n += p.down
	}
	return n
}

// lead is how far ahead the beginning and the end of the measured time are set, so
// that every shard knows of them before they come.
const lead = int64(100 * time.Millisecond)

// start begins to send.
func (s *supervisor) start() {
	now := s.now()
	s.sending = now
	if s.paces != nil {
		s.sending += lead / 10 // the first messages are not late already
		s.paces.warmFrom = s.sending
	}
	s.drought.begin(s.sending)
	s.phase = WarmingUp
	if s.cfg.WarmupAuto {
		s.each((*shard).start)
		return
	}
	s.setWindow(s.sending + int64(s.cfg.Warmup)) // before any message can be answered
	s.each((*shard).start)
	s.announce()
}

// measureFrom sets when measuring begins, and so when it ends.
func (s *supervisor) measureFrom(from int64) {
	s.setWindow(from)
	s.announce()
}

func (s *supervisor) setWindow(from int64) {
	s.started = time.Now().Add(time.Duration(from - s.now()))
	if s.cfg.Duration > 0 {
		s.window.end.Store(from + int64(s.cfg.Duration))
	}
	s.window.begin.Store(from)
}

// announce tells everybody when measuring begins.
func (s *supervisor) announce() {
	s.each((*shard).schedule)
	if s.cfg.Stream != nil {
		s.beginStream()
	}
	if s.notePhase(s.now()); s.window.from()-s.now() <= lead {
		s.machine.begin(s.line) // rather now than with the next pulse
	}
}
