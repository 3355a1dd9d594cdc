package loadgen

import (
	"math/rand/v2"
	"testing"

	"github.com/echostamp/echostamp/internal/clock"
)

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
