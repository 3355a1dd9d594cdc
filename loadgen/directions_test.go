package loadgen

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
)

// TestShardThatIsDone holds that a shard which has finished keeps nobody waiting: it hands
// over all it has, and says that no more will come.
func TestShardThatIsDone(t *testing.T) {
	s := open(t, func(c *Config) { c.Messages = 1 })
	s.after(4 * ms)
	s.answer(1 * ms)
	s.after(1)
	var last *harvest
	for len(s.harvests) > 0 {
		last = <-s.harvests
	}
	at := begin + 4*ms
	want := []clock.Sample{{Sent: at - 4*ms, Arrived: at, Read: at, Stamp: at - ms, Counted: true}}
	if last == nil || last.until != never || !slices.Equal(last.samples, want) {
		t.Fatalf("it handed over %+v, want %+v", last, want)
	}

	sup := supervise(t, Config{Clients: 2, Proto: Text, Shards: 2, Timeout: time.Second})
	sup.take(1, last)
	for at := begin; at < begin+100_000*ms; at += 250 * ms {
		h := sup.harvest()
		h.until, h.samples = at, append(h.samples, clock.Sample{Sent: at - 4*ms, Arrived: at, Read: at, Stamp: at - ms, Counted: true})
		sup.take(0, h)
	}
	if sup.series.total[forward].Count() == 0 {
		t.Error("the other shard's samples still wait")
	}
	sup.directions.estimator.Finish()
	sup.series.completeAll()
	if n := sup.series.total[forward].Count(); n != 401 {
		t.Errorf("%d samples were recorded, want 401", n)
	}
}

// supervise returns a supervisor that has begun to measure.
func supervise(t testing.TB, cfg Config) *supervisor {
	s := &supervisor{phase: Measuring}
	s.window.init()
	if err := s.prepare(cfg); err != nil {
		t.Fatal(err)
	}
	s.window.begin.Store(begin)
	return s
}

// harvest returns one that is empty, of the interval that began first.
func (s *supervisor) harvest() *harvest {
	h := s.newHarvest()
	h.interval, h.counts.resolution = begin, 1
	return h
}

// BenchmarkDirections is what correcting a message costs the supervisor.
func BenchmarkDirections(b *testing.B) {
	const rate = 100_000
	sup := supervise(b, Config{Clients: 1, Proto: Text, Shards: 1, Timeout: time.Second})
	r := rand.New(rand.NewPCG(1, 1))
	delays := make([]int64, 1<<14)
	for i := range delays {
		delays[i] = int64(5000 + 30_000*r.ExpFloat64())
	}
	h := sup.harvest()
	h.until = begin
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		h.until += 1e9 / rate
		there := h.until - delays[(n*7+1)%len(delays)]
		h.samples = append(h.samples, clock.Sample{Sent: there - delays[n%len(delays)], Arrived: h.until, Read: h.until, Stamp: there, Counted: true})
		if len(h.samples) == rate/4 {
			sup.take(0, h)
			h.samples = h.samples[:0]
		}
	}
}
