package loadgen

import (
	"math/rand/v2"
	"slices"
	"testing"

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
	for len(s.reports) > 0 {
		if r := <-s.reports; r.what == finished {
			last = r.pulse.harvest
		}
	}
	want := []clock.Sample{{At: begin + 4*ms, Upper: 3 * ms, Lower: -ms, Counted: true}}
	if last == nil || last.until != never || !slices.Equal(last.samples, want) {
		t.Fatalf("it handed over %+v, want %+v", last, want)
	}

	d := newDirections(Config{Proto: Text, Shards: 2})
	d.take(1, last)
	h := &harvest{resolution: 1}
	for h.until = begin; h.until < begin+100_000*ms; h.until += 250 * ms {
		h.samples = append(h.samples[:0], clock.Sample{At: h.until, Upper: 3 * ms, Lower: -ms, Counted: true})
		d.take(0, h)
	}
	if d.metrics[forward].Count() == 0 {
		t.Error("the other shard's samples still wait")
	}
	var m metrics
	d.finish(&m)
	if n := m[forward].Count(); n != 401 {
		t.Errorf("%d samples were recorded, want 401", n)
	}
}

// BenchmarkDirections is what correcting a message costs the supervisor.
func BenchmarkDirections(b *testing.B) {
	const rate = 100_000
	d := newDirections(Config{Proto: Text, Shards: 1})
	r := rand.New(rand.NewPCG(1, 1))
	delays := make([]int64, 1<<14)
	for i := range delays {
		delays[i] = int64(5000 + 30_000*r.ExpFloat64())
	}
	h := &harvest{resolution: 1, until: 1e18}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		h.until += 1e9 / rate
		h.samples = append(h.samples, clock.Sample{At: h.until, Upper: delays[n%len(delays)], Lower: -delays[(n*7+1)%len(delays)], Counted: true})
		if len(h.samples) == rate/4 {
			d.take(0, h)
			h.samples = h.samples[:0]
		}
	}
}
