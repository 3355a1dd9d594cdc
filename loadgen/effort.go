package loadgen

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/usage"
)

// effort is what a shard used of its thread while it measured.
type effort struct {
	begun, ended bool
	known        bool // the shard is a thread, and the system tells of it
	elapsed      int64
	idle         int64
	used         usage.Usage
}

// begin notes the state when the measured time begins, on the shard.
func (e *effort) begin(s evloop.Shard) {
	if e.begun || e.ended {
		return
	}
	e.begun = true
	idle, isThread := s.Idle()
	if !isThread {
		return
	}
	e.elapsed, e.idle = s.Now(), idle
	e.used, e.known = usage.Thread()
}

// end makes the difference when it ends, or when the shard is done.
func (e *effort) end(s evloop.Shard) {
	if e.ended || !e.known {
		return
	}
	e.ended = true
	idle, _ := s.Idle()
	e.elapsed, e.idle = s.Now()-e.elapsed, idle-e.idle
	now, _ := usage.Thread()
	e.used = now.Since(e.used)
}

// busy is the share of the time in which the shard was not idle, 0 to 1.
func (e *effort) busy() float64 {
	if !e.ended || e.elapsed <= 0 {
		return 0
	}
	return min(1, max(0, 1-float64(e.idle)/float64(e.elapsed)))
}

// machine is what the process used, and the machine denied it, while it measured.
type machine struct {
	begun   time.Time
	ended   bool
	process usage.Usage
	stolen  usage.Stolen
	quotas  []usage.Quota
	gc      debug.GCStats
	steps   clock.Steps
	figures record.Generator
}

// begin notes the state when the measured time begins.
func (m *machine) begin(line clock.Line) {
	if !m.begun.IsZero() {
		return
	}
	m.steps.Look(line.Now)
	m.begun = time.Now()
	m.process, _ = usage.Process()
	m.stolen, _ = usage.Steal()
	m.quotas = usage.Quotas()
	debug.ReadGCStats(&m.gc)
}

// end makes the figures of the time since; without begin there are none.
func (m *machine) end(line clock.Line) {
	if m.begun.IsZero() || m.ended {
		return
	}
	m.ended = true
	m.steps.Look(line.Now)
	elapsed := time.Since(m.begun)
	process, _ := usage.Process()
	stolen, _ := usage.Steal()
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	used := process.Since(m.process)
	m.figures = record.Generator{
		CPU:                 int64(used.CPU),
		Busy:                min(1, float64(used.CPU)/float64(elapsed)/float64(runtime.GOMAXPROCS(0))),
		VoluntarySwitches:   used.Voluntary,
		InvoluntarySwitches: used.Involuntary,
		GCs:                 gc.NumGC - m.gc.NumGC,
		GCPause:             int64(gc.PauseTotal - m.gc.PauseTotal),
		Steal:               stolen.Share(m.stolen),
	}
	if q, ok := usage.Throttling(m.quotas, usage.Quotas()); ok {
		m.figures.Quota = &record.Quota{CPUs: q.CPUs, Periods: q.Periods, Throttled: q.Throttled, Stopped: int64(q.Stopped)}
	}
}

// generator is what the record says. Where the event loops are threads, they are
// what counts.
func (m *machine) generator(shards []*shard) record.Generator {
	g := m.figures
	g.ClockSteps, g.ClockStep = m.steps.Count, m.steps.Largest.By
	var busy float64
	var used usage.Usage
	known := false
	for _, s := range shards {
		if e := &s.effort; e.ended {
			known = true
			busy, used = max(busy, e.busy()), used.Add(e.used)
		}
	}
	if known {
		g.Busy, g.Waited = busy, int64(used.Waited)
		g.VoluntarySwitches, g.InvoluntarySwitches = used.Voluntary, used.Involuntary
	}
	return g
}
