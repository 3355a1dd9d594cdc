package clock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// quiet and back are the delays of most cases: floors of 60 and 40 µs.
var (
	quiet, back     = exponential(60*us, 30*us), exponential(40*us, 30*us)
	loaded, unladen = gamma(60*us, 500*us, 2), gamma(40*us, 200*us, 2)
)

// clockChanges are those that are not of the network.
func clockChanges(all []Change) []Change {
	return slices.DeleteFunc(slices.Clone(all), func(c Change) bool { return c.Kind == ForwardFloor || c.Kind == ReverseFloor })
}

// TestKnownWorlds holds the estimator to figures that a simulation of the method gave
// before it was built (rms, share excluded), over several seeds each.
func TestKnownWorlds(t *testing.T) {
	type change struct{ at, by, within float64 }
	for name, tc := range map[string]struct {
		world
		rms, greatest float64 // of θ, at most
		excluded      float64 // share of the samples, at most
		changes       []change
	}{
		"exponential":      {worldOf(1000, 100, even(20), quiet, back), 0.01 * us, 0.3 * us, 0, nil},
		"loaded":           {worldOf(1000, 100, even(20), loaded, unladen), 2 * us, 25 * us, 0, nil},
		"heavily loaded":   {worldOf(1000, 100, even(20), gamma(60*us, 500*us, 3), gamma(40*us, 200*us, 3)), 5.8 * us, 50 * us, 0, nil},
		"WAN":              {worldOf(1000, 100, even(20), pareto(10*ms, 200*us, 1.5), pareto(12*ms, 200*us, 1.5)), 0.1 * us, 0.8 * us, 0, nil},
		"step +300 µs":     {worldOf(1000, 80, stepped(even(20), 40.1, 300*us), quiet, back), 0.1 * us, 3.7 * us, 0.0095, []change{{40.1, 300 * us, us}}},
		"step +80 µs":      {worldOf(1000, 80, stepped(even(20), 40.1, 80*us), quiet, back), 0.1 * us, 3.7 * us, 0.0095, []change{{40.1, 80 * us, us}}},
		"step −30 µs":      {worldOf(1000, 80, stepped(even(20), 40.1, -30*us), quiet, back), 0.1 * us, 3.7 * us, 0.0095, []change{{40.1, -30 * us, us}}},
		"step, loaded":     {worldOf(1000, 80, stepped(even(20), 40.1, 300*us), loaded, unladen), 3.7 * us, 25 * us, 0.0095, []change{{40.1, 300 * us, 25 * us}}},
		"slew":             {worldOf(1000, 80, slewed(even(20), 40, 10, 50), quiet, back), 0.96 * us, 18.7 * us, 0.13, []change{{40, 0, 20 * us}, {50, 0, 20 * us}}},
		"slew, loaded":     {worldOf(1000, 80, slewed(even(20), 40, 10, 50), loaded, unladen), 4 * us, 25 * us, 0.13, []change{{40, 0, 80 * us}, {50, 0, 80 * us}}},
		"step −5 ms of 40": {worldOf(1000, 60, stepped(even(50), 30.1, -5*ms), exponential(10*ms, ms), exponential(30*ms, 2*ms)), us, 25 * us, 0.013, []change{{30.1, -5 * ms, 20 * us}}},
		"step +5 ms of 40": {worldOf(1000, 60, stepped(even(50), 30.24, 5*ms), exponential(10*ms, ms), exponential(30*ms, 2*ms)), us, 25 * us, 0.013, []change{{30.24, 5 * ms, 20 * us}}},
		"step at once":     {worldOf(1000, 20, stepped(even(20), 1.1, 300*us), quiet, back), 0.1 * us, us, 0.05, []change{{1.1, 300 * us, us}}},
		"step at the end":  {worldOf(1000, 20, stepped(even(20), 19.1, 300*us), quiet, back), 0.1 * us, us, 0.05, []change{{19.1, 300 * us, us}}},
		"short, stepped":   {worldOf(1000, 2, stepped(even(20), 1.1, 5*ms), quiet, back), 0.1 * us, us, 0.4, []change{{1.1, 5 * ms, us}}},
		"a day back":       {worldOf(1000, 30, stepped(even(20), 10.1, -86400e9), quiet, back), 0.1 * us, us, 0.03, []change{{10.1, -86400e9, us}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var squares, greatest, excluded float64
			const seeds = 4
			for seed := range uint64(seeds) {
				o := tc.live(seed)
				o.holds(t)
				rms, most := o.deviation(unknowable(tc.world))
				squares, greatest = squares+rms*rms/seeds, max(greatest, most)
				excluded += float64(o.Excluded) / float64(o.samples) / seeds
				got := clockChanges(o.Changes)
				if len(got) != len(tc.changes) {
					t.Fatalf("seed %d: changes %+v, want %+v", seed, got, tc.changes)
				}
				for i, want := range tc.changes {
					c := got[i]
					from, to := float64(c.From-origin)/1e9, float64(c.To-origin)/1e9
					early := 0.25
					if c.Kind == Slew {
						early = 1.25 // noise hides its beginning
					}
					if by := float64(c.By); want.at < from-early || want.at > to+early || to-from > 2 || c.Kind == Step && math.Abs(by-want.by) > want.within {
						t.Errorf("seed %d: a change by %.1f µs at %.2f to %.2f s, want %.1f at %.2f", seed, by/us, from, to, want.by/us, want.at)
					}
					if is := c.Kind == Slew; is != (want.by == 0) {
						t.Errorf("seed %d: %+v", seed, c)
					}
				}
				if len(o.Segments) != len(got)+1 {
					t.Errorf("seed %d: %d segments with %d changes", seed, len(o.Segments), len(got))
				}
			}
			rms := math.Sqrt(squares)
			t.Logf("θ: rms %.3f µs, at most %.3f µs; %.2f%% excluded", rms/us, greatest/us, excluded*100)
			if rms > tc.rms || greatest > tc.greatest || excluded > tc.excluded {
				t.Errorf("want at most rms %.3f µs, %.3f µs, %.2f%%", tc.rms/us, tc.greatest/us, tc.excluded*100)
			}
		})
	}
}

// reply is a sample whose reply arrived at a time, and says no more of θ than that it is
// between two values.
func reply(at, upper, lower int64) Sample {
	sent := at - (upper - lower)
	return Sample{Sent: sent, Arrived: at, Read: at, Stamp: sent + upper, Counted: true}
}

// unknowable is half the difference of the least delays, which no method can tell from
// an offset: it asks the delays for what they are without chance.
func unknowable(w world) float64 {
	never := rand.New(noChance{})
	return (w.forward(never, 0) - w.reverse(never, 0)) / 2
}

// noChance makes every random delay 0.
type noChance struct{}

func (noChance) Uint64() uint64 { return 0 }

// TestRouteChange holds that a path which gets longer is not taken for a clock, and is
// told.
func TestRouteChange(t *testing.T) {
	type change struct {
		kind ChangeKind
		by   float64
	}
	longer := func(d delay, by float64) delay { return func(r *rand.Rand, t float64) float64 { return d(r, t) + by } }
	for name, tc := range map[string]struct {
		forward, reverse delay
		changes          []change
	}{
		"forward is longer":  {quiet.after(30, 100*us), back, []change{{ForwardFloor, 100 * us}}},
		"reverse is longer":  {quiet, back.after(30, 100*us), []change{{ReverseFloor, 100 * us}}},
		"reverse is shorter": {quiet, longer(back, 50*us).after(30, -50*us), []change{{ReverseFloor, -50 * us}}},
		"both are longer":    {quiet.after(30, 300*us), back.after(30, 100*us), []change{{ForwardFloor, 300 * us}, {ReverseFloor, 100 * us}}},
		"one is longer, the other shorter": {quiet.after(30, 300*us), longer(back, 10*us).after(30, -10*us),
			[]change{{ForwardFloor, 300 * us}, {ReverseFloor, -10 * us}}},
	} {
		t.Run(name, func(t *testing.T) {
			o := worldOf(1000, 120, even(20), tc.forward, tc.reverse).live(1)
			o.holds(t)
			if len(o.Changes) != len(tc.changes) || len(o.Segments) != 1 || o.Excluded != 0 {
				t.Fatalf("changes %+v, %d segments, %d excluded", o.Changes, len(o.Segments), o.Excluded)
			}
			slices.SortFunc(o.Changes, func(a, b Change) int { return int(a.Kind) - int(b.Kind) })
			for i, want := range tc.changes {
				got := o.Changes[i]
				if from, to := float64(got.From-origin)/1e9, float64(got.To-origin)/1e9; got.Kind != want.kind || math.Abs(float64(got.By)-want.by) > 5*us || from > 30 || to < 30 {
					t.Errorf("%+v from %.2f to %.2f s, want %+v", got, from, to, want)
				}
			}
		})
	}
}

// TestFailover holds that a step is found where the path gets shorter with it.
func TestFailover(t *testing.T) {
	for _, by := range []float64{1e9, -1e9, 5 * ms} {
		o := worldOf(1000, 60, stepped(even(20), 30, by), quiet.after(30, -30*us), back.after(30, -20*us)).live(1)
		o.holds(t)
		changes := clockChanges(o.Changes)
		if len(changes) != 1 || len(o.Segments) != 2 || o.Excluded > 1000 {
			t.Fatalf("changes %+v, %d segments, %d excluded", changes, len(o.Segments), o.Excluded)
		}
		if c := changes[0]; math.Abs(float64(c.By)-by) > 10*us || c.From > origin+30e9 || c.To < origin+30e9 || c.To-c.From > 1e9 {
			t.Errorf("%+v, want %v at 30 s", c, by)
		}
	}
}

// TestUneven holds the bound, and that not too much is excluded, where clocks do not run
// as evenly as a line wants them to, and what happens to them is too little or too early
// to be found.
func TestUneven(t *testing.T) {
	swinging := func(t float64) float64 { return 3.2e9 + 1e3*60/(2*math.Pi)*math.Sin(2*math.Pi*t/60) } // ±1 ppm
	for name, tc := range map[string]struct {
		world
		excluded float64
	}{
		"steps as far as the corridor is wide": {worldOf(1000, 20, stepped(even(20), 5, 101*us), quiet, back), 0.6},
		"steps early":                          {worldOf(1000, 20, stepped(even(20), 4.1, 80*us), quiet, back), 0.2},
		"steps late":                           {worldOf(1000, 20, stepped(even(20), 19.1, 80*us), quiet, back), 0.2},
		"steps by less than noise":             {worldOf(1000, 60, stepped(even(20), 30.1, 20*us), loaded, unladen), 0.2},
		"swings":                               {worldOf(1000, 300, swinging, exponential(60*us, 30*us), exponential(40*us, 30*us)), 0.2},
		"swings on a short path":               {worldOf(1000, 300, swinging, exponential(5*us, 3*us), exponential(3*us, 3*us)), 0.3},
		"slews on a short path":                {worldOf(1000, 16, slewed(even(0), 6, 6, 100), exponential(6*us, 8*us), exponential(1*us, 2*us)), 0.35},
		"slews fast":                           {worldOf(1000, 20, slewed(even(0), 2, 3, 300), exponential(6*us, 8*us), exponential(1*us, 2*us)), 0.3},
		"slews, longer":                        {worldOf(1000, 40, slewed(even(20), 16, 12, 40), exponential(6*us, 8*us), exponential(4*us, 8*us)), 0.3},
		"steps often, rarely seen":             {worldOf(20, 300, stepped(stepped(even(20), 89, -316*us), 242, 42*ms), loaded, unladen), 0.1},
	} {
		for _, hold := range []int{0, 1 << 20} {
			t.Run(fmt.Sprintf("%s, holding %d", name, hold), func(t *testing.T) {
				o := tc.watched(1, hold)
				o.holds(t)
				if share := float64(o.Excluded) / float64(o.samples); share > tc.excluded {
					t.Errorf("%.1f%% are excluded", share*100)
				}
				if o.Violations > 0 {
					t.Errorf("%d violations", o.Violations)
				}
				t.Logf("%d segments, %.2f%% excluded, bound %.1f µs, changes %+v", len(o.Segments), float64(o.Excluded)/float64(o.samples)*100, float64(o.Bound)/us, o.Changes)
			})
		}
	}
}

// TestSmallRuns holds that the bound is right however little there is.
func TestSmallRuns(t *testing.T) {
	for name, w := range map[string]world{
		"a second":               worldOf(1000, 1, even(20), quiet, back),
		"50 messages in 2 s":     worldOf(25, 2, even(20), quiet, back),
		"50 messages in 5 ms":    worldOf(10_000, 0.005, even(20), quiet, back),
		"two":                    worldOf(1, 2, even(20), quiet, back),
		"one":                    worldOf(1, 1, even(20), quiet, back),
		"very fast clock, short": worldOf(100, 3, even(490), quiet, back),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				o := w.live(seed)
				o.holds(t)
				if len(o.Segments) != 1 || len(o.Changes) != 0 {
					t.Errorf("%d segments, changes %+v", len(o.Segments), o.Changes)
				}
			}
		})
	}
}

func TestNoSamples(t *testing.T) {
	e := NewEstimator(0, func([]Sample, Correction) { t.Error("there is nothing to hand on") })
	e.Add(nil)
	e.Advance(origin)
	if s := e.Finish(); len(s.Segments) != 0 || s.Excluded != 0 {
		t.Errorf("%+v", s)
	}
}

// TestMemory holds that a long run takes no more memory than a short one.
func TestMemory(t *testing.T) {
	for name, w := range map[string]world{
		"ten minutes at 1,000/s": worldOf(1000, 600, even(20), quiet, back),
		"an hour at 1/s":         worldOf(1, 3600, even(20), quiet, back),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := w.live(1)
			o.holds(t)
			if rms, _ := o.deviation(10 * us); rms > us || len(clockChanges(o.Changes)) != 0 {
				t.Errorf("rms %.3f µs, changes %+v", rms/us, o.Changes)
			}
			perEpoch := int(math.Ceil(w.rate / 4))
			if most := (3*recent + 2*guard) * perEpoch; o.mostHeld > most {
				t.Errorf("%d samples were held at once, want %d at most", o.mostHeld, most)
			}
			if most := window + 3*recent + 3*guard; o.mostKept > most+100 {
				t.Errorf("%d epochs were kept at once, want %d at most", o.mostKept, most)
			}
			drift := o.Segments[0].Drift * 1e6
			if bound := o.Segments[0].DriftBound * 1e6; math.Abs(drift-20) > bound || bound > 1 {
				t.Errorf("drift %.3f ± %.3f ppm, want 20", drift, bound)
			}
		})
	}
}

// TestHolding holds what is gained by holding samples: in a run that is short enough
// one line suits all, so that excess is above the least delay of the whole run.
func TestHolding(t *testing.T) {
	w := worldOf(1000, 30, even(20), quiet, back)
	o, impatient := w.watched(1, 1<<20), w.live(1)
	o.holds(t)
	first := o.delays[0]
	least := Delays{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}
	for _, d := range o.delays {
		if abs(d.Forward-d.ForwardExcess-first.Forward+first.ForwardExcess) > 1 || abs(d.Reverse-d.ReverseExcess-first.Reverse+first.ReverseExcess) > 1 {
			t.Fatalf("%+v and %+v are above different floors", first, d)
		}
		least = Delays{min(least.Forward, d.Forward), min(least.Reverse, d.Reverse), min(least.ForwardExcess, d.ForwardExcess), min(least.ReverseExcess, d.ReverseExcess)}
	}
	if least.ForwardExcess > 1 || least.ReverseExcess > 1 || abs(least.Forward-least.Reverse) > 2 {
		t.Errorf("the least delays are %+v", least)
	}
	rms, _ := o.deviation(10 * us)
	if without, _ := impatient.deviation(10 * us); rms >= without {
		t.Errorf("rms %.4f µs with holding, %.4f µs without", rms/us, without/us)
	}
	w.length = 90
	for _, hold := range []int{5000, 1 << 20} {
		o := w.watched(1, hold)
		o.holds(t)
		if most := min(hold, centred*250) + (3*recent+2*guard)*250; o.mostHeld > most || o.mostHeld < min(hold, centred*250) {
			t.Errorf("of %d to be held %d were at once, want %d at most", hold, o.mostHeld, most)
		}
	}
}

// TestOneClock holds that one clock does not drift, and that another is found all the same.
func TestOneClock(t *testing.T) {
	for name, tc := range map[string]struct{ offset, drift float64 }{
		"one":     {0, 0},
		"another": {1e9, 20},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewEstimator(1<<20, func([]Sample, Correction) {})
			e.ExpectOneClock()
			r := rand.New(rand.NewPCG(1, 1))
			for i := range int64(5000) {
				offset := tc.offset + float64(i)*tc.drift
				e.Add([]Sample{reply(origin+i*ms, int64(offset+quiet(r, 0)), int64(offset-back(r, 0)))})
			}
			g := e.Finish().Segments[0]
			if off := math.Abs(g.Drift*1e6 - tc.drift); off > 0.1 || tc.drift == 0 && off > 0 {
				t.Errorf("drift %v ppm, want %v", g.Drift*1e6, tc.drift)
			}
			if math.Abs(float64(g.FromOffset)-tc.offset-10*us) > us {
				t.Errorf("%+v, want an offset of %v", g, tc.offset)
			}
		})
	}
}

// TestOneMoment holds that samples of the very same time do no harm.
func TestOneMoment(t *testing.T) {
	var got []Delays
	e := NewEstimator(0, func(samples []Sample, c Correction) {
		for i := range samples {
			got = append(got, c.Of(&samples[i]))
		}
	})
	for range 2 { // of two shards
		e.Add([]Sample{reply(origin, 5100, 4900), reply(origin, 5060, 4950), reply(origin, 5060, 4960)})
	}
	s := e.Finish()
	want := []Delays{{90, 110, 40, 60}, {50, 60, 0, 10}, {50, 50, 0, 0}}
	if len(got) != 6 || !slices.Equal(got[:3], want) || !slices.Equal(got[3:], want) {
		t.Errorf("delays %v, want %v twice", got, want)
	}
	if g := s.Segments[0]; g.FromOffset != 5010 || g.ToOffset != 5010 || g.Bound != 51+leastWander { // it is as wide when the first was sent
		t.Errorf("%+v", g)
	}
	if s.Lowest != 5060 || s.Highest != 4960 {
		t.Errorf("%+v", s)
	}
}

// TestLies holds that timestamps which cannot be true are found, and spoil nothing.
func TestLies(t *testing.T) {
	every := func(n int, by float64) func(int) float64 {
		return func(i int) float64 {
			if i%n == n-1 {
				return by
			}
			return 0
		}
	}
	for name, tc := range map[string]struct {
		world
		lies float64 // share of the samples
	}{
		"one in a hundred":       {worldOf(1000, 30, even(20), quiet, back).lying(every(100, 50*ms)), 0.01},
		"one in three":           {worldOf(1000, 30, even(20), quiet, back).lying(every(3, -2*ms)), 1. / 3},
		"rare":                   {worldOf(1000, 30, even(20), quiet, back).lying(every(7000, -50*ms)), 4. / 30_000},
		"rare among few samples": {worldOf(10, 200, even(20), quiet, back).lying(every(200, 50*ms)), 0.005},
	} {
		t.Run(name, func(t *testing.T) {
			o := tc.live(1)
			o.holds(t)
			if want := int64(tc.lies*float64(o.samples) + 0.5); o.Violations < want-1 || o.Violations > want || o.Excluded > 1 {
				t.Errorf("%d violations, %d excluded; want %d, 0", o.Violations, o.Excluded, want)
			}
			if len(o.Segments) != 1 || len(o.Changes) != 0 {
				t.Errorf("%d segments, changes %+v", len(o.Segments), o.Changes)
			}
			end := origin + int64(tc.length*1e9)
			if o.FirstViolation < origin || o.FirstViolation > o.LastViolation || o.LastViolation > end {
				t.Errorf("violations from %d to %d, in a run from %d to %d", o.FirstViolation, o.LastViolation, origin, end)
			}
		})
	}
}

// TestNonsense holds that an estimator which can make nothing of the timestamps says
// so, and hands on nothing that contradicts itself.
func TestNonsense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	o := worldOf(1000, 60, even(20), quiet, back).lying(func(int) float64 { return ms * r.NormFloat64() }).live(1)
	if n := len(o.errors); float64(n) > 0.25*float64(o.samples) {
		t.Errorf("%d of %d random timestamps were believed", n, o.samples)
	}
}

// TestResolution holds that timestamps in coarse steps are no contradiction.
func TestResolution(t *testing.T) {
	e := NewEstimator(0, func([]Sample, Correction) {})
	e.SetResolution(1_000_000)
	for i := range int64(10_000) {
		at := origin + i*ms
		t2 := at + 7e9 + 50*us
		t2 -= t2 % ms
		e.Add([]Sample{{Sent: at, Arrived: at + 100*us, Read: at + 100*us, Stamp: t2, Counted: true}})
		e.Advance(at)
	}
	s := e.Finish()
	if s.Excluded != 0 || s.Violations != 0 || len(s.Segments) != 1 || len(s.Changes) != 0 {
		t.Fatalf("%+v", s)
	}
	if g := s.Segments[0]; math.Abs(float64(g.FromOffset)-7e9) > float64(g.Bound) || g.Bound > 3*ms {
		t.Errorf("offset %d ± %d, want 7 s", g.FromOffset, g.Bound)
	}
}

// TestShards holds that the samples of several shards may come in any order between
// two calls of Advance.
func TestShards(t *testing.T) {
	offsets := func(shards int) (out []int64) {
		e := NewEstimator(0, func(_ []Sample, c Correction) { out = append(out, c.Offset(origin)) })
		r := rand.New(rand.NewPCG(1, 1))
		batches := make([][]Sample, shards)
		for i := range 20_000 {
			at := origin + int64(i)*ms
			batches[i%shards] = append(batches[i%shards], reply(at, int64(quiet(r, 0)), -int64(back(r, 0))))
			if i%300 == 0 {
				for j := range batches {
					e.Add(batches[j])
					batches[j] = batches[j][:0]
				}
				e.Advance(at)
			}
		}
		e.Finish()
		return out
	}
	if one, four := offsets(1), offsets(4); !slices.Equal(one[:60], four[:60]) {
		t.Errorf("one shard gives %v, four %v", one[:60], four[:60])
	}
}

func BenchmarkEstimator(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const rate = 100_000
	e := NewEstimator(0, func(samples []Sample, c Correction) {
		for i := range samples {
			_ = c.Of(&samples[i])
		}
	})
	batch := make([]Sample, rate/4)
	delays := make([]int64, 2*len(batch))
	for i := range delays {
		delays[i] = int64(quiet(r, 0))
	}
	at := origin
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(batch) {
		for i := range batch {
			batch[i] = reply(at, delays[2*i], -delays[2*i+1])
			at += 1e9 / rate
		}
		e.Add(batch)
		e.Advance(at)
	}
}

// FuzzEstimator holds that whatever a server answers, each sample is accounted for,
// and that the delays of those handed on add up.
func FuzzEstimator(f *testing.F) {
	f.Add(uint64(1), 300, 10.0, 100.0, uint(0))
	f.Add(uint64(2), 1000, 250.0, 1e7, uint(100))
	f.Add(uint64(3), 50, 1000.0, 1e16, uint(1<<20))
	f.Fuzz(func(t *testing.T, seed uint64, n int, gap, spread float64, hold uint) {
		if n < 0 || n > 1000 || !(gap >= 0 && gap < 1e5) || !(spread >= 0 && spread < 1e17) {
			return
		}
		r := rand.New(rand.NewPCG(seed, 1))
		var got int64
		e := NewEstimator(int(hold>>1), func(samples []Sample, c Correction) {
			for i := range samples {
				s := &samples[i]
				if d := c.Of(s); d.Forward+d.Reverse != s.Arrived-s.Sent || min(d.Forward, d.Reverse) < 0 {
					t.Errorf("%+v of %+v", d, s)
				}
				if s.Counted {
					got++
				}
			}
		})
		at, offset, all := origin, 0.0, int64(0)
		for range n {
			at += int64(gap * 1e6 * r.ExpFloat64())
			if r.IntN(20) == 0 {
				offset = spread * r.NormFloat64()
			}
			s := reply(at, int64(offset+spread*r.Float64()), int64(offset-1e5*r.Float64()))
			s.Counted = r.IntN(10) > 0
			if s.Counted {
				all++
			}
			e.Add([]Sample{s})
			if r.IntN(3) == 0 {
				e.Advance(at + int64(r.IntN(10)/9)*epochLength) // some samples come too late
			}
		}
		s := e.Finish()
		if got+s.Excluded+s.Violations != all {
			t.Errorf("of %d samples %d were handed on, %d excluded, %d violations", all, got, s.Excluded, s.Violations)
		}
		for _, g := range s.Segments {
			if g.Bound < 0 || g.From > g.To || math.IsNaN(g.Drift) || math.IsNaN(g.DriftBound) {
				t.Errorf("%+v", g)
			}
		}
	})
}
