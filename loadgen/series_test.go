package loadgen

import (
	"slices"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/record"
)

// handed has a supervisor take a harvest of a shard: of an interval, with so many replies
// in all by then, of which the last has a round trip.
func (s *supervisor) handed(shard int, interval, until, received, roundTrip int64) {
	h := s.newHarvest()
	h.interval, h.until = interval, until
	h.counts.received = received
	if roundTrip > 0 {
		h.metrics[rtt].Record(roundTrip)
	}
	s.take(shard, h)
}

// TestIntervals holds that what several shards hand over, each at its own pace, makes
// intervals without gaps, that end with the window, and that nothing is lost.
func TestIntervals(t *testing.T) {
	var lines []record.Line
	s := supervise(t, Config{Clients: 2, Proto: Echo, Shards: 2, Interval: 100 * time.Millisecond, Timeout: time.Second,
		Stream: func(l record.Line) { lines = append(lines, l) }})
	at := func(n int64) int64 { return begin + n*ms }
	s.handed(0, unmeasured, begin, 0, 7*ms)
	s.handed(1, unmeasured, begin, 0, 0)
	s.handed(0, at(0), at(100), 1, 1*ms)
	s.handed(0, at(100), at(450), 2, 2*ms)
	if len(lines) != 0 {
		t.Errorf("an interval is over of which a shard may have more: %+v", lines)
	}
	s.handed(1, at(0), at(260), 1, 3*ms)
	s.window.end.Store(at(430)) // the run is to end sooner
	s.handed(1, at(200), at(500), 2, 4*ms)
	s.handed(0, at(400), never, 3, 5*ms) // late
	s.handed(1, at(400), never, 2, 0)
	s.ended = at(500)
	s.series.closeAll(430*ms, s.ended)
	s.series.completeAll()

	type piece struct{ start, duration, received, slowest int64 }
	var got []piece
	for _, i := range s.series.done.Intervals() {
		got = append(got, piece{i.Start / ms, i.Duration / ms, i.Received, i.Metrics[record.RTT].Max / ms})
	}
	want := []piece{{0, 100, 2, 3}, {100, 100, 1, 2}, {200, 100, 1, 4}, {300, 100, 0, 0}, {400, 30, 1, 5}}
	if !slices.Equal(got, want) {
		t.Errorf("intervals %v, want %v", got, want)
	}
	if n := s.series.total[rtt].Count(); n != 5 {
		t.Errorf("the whole has %d replies, want 5", n)
	}
	if lines[0].Begin == nil || len(lines) != 1+len(want) {
		t.Errorf("%d lines, the first %+v", len(lines), lines[0])
	}
	for n, l := range lines[1:] {
		if l.Interval == nil || l.Interval.Start != want[n].start*ms {
			t.Errorf("line %d is %+v", n+1, l)
		}
	}
}

// TestEmptyEnd holds that time in which nothing could come any more is no interval.
func TestEmptyEnd(t *testing.T) {
	s := supervise(t, Config{Clients: 1, Proto: Echo, Shards: 1, Timeout: time.Second})
	s.handed(0, begin, begin+900*ms, 1, ms)
	s.handed(0, begin+1000*ms, never, 1, 0)
	s.series.closeAll(800*ms, begin+1500*ms)
	s.series.completeAll()
	if all := s.series.done.Intervals(); len(all) != 1 || all[0].Duration != 800*ms || all[0].Received != 1 {
		t.Errorf("intervals %+v", all)
	}
}

func TestLately(t *testing.T) {
	l := lately{all: record.NewLatencies()}
	recent := record.NewLatencies()
	for i := range int64(9) { // from 0 to 2 s
		recent.Reset()
		recent.Measured.Record(ms * (i + 1))
		l.add(recent, begin+i*250*ms)
		switch i {
		case 2: // three in half a second
			if l.live.Rate != 6 || l.live.Max.NS != 3*ms {
				t.Errorf("in the first second %+v", l.live)
			}
		case 7: // still those of the first second
			if l.live.Rate != 5 || l.live.Max.NS != 5*ms {
				t.Errorf("in the second second %+v", l.live)
			}
		}
	}
	if want := (Delay{9 * ms, false}); l.live.Rate != 4 || l.live.Max != want {
		t.Errorf("after it %+v", l.live)
	}
	recent.Reset()
	recent.Censored.RecordN(300*ms, 100) // nothing is answered any more
	l.add(recent, begin+3000*ms)
	if want := (Delay{300 * ms, true}); l.live.P50.NS < 299*ms || !l.live.P50.AtLeast || l.live.Max != want {
		t.Errorf("without replies %+v", l.live)
	}
}

// TestNotices holds that what goes wrong is told once, and again when it begins again.
func TestNotices(t *testing.T) {
	s := supervise(t, Config{Clients: 1, Proto: Echo, Shards: 1, Timeout: time.Second})
	s.drought.begin(begin)
	var replies int64
	look := func(after int64) []string {
		s.drought.note(begin+after, need{replies: replies, wanting: 1})
		s.watch(begin + after)
		return s.notices.take()
	}
	s.series.last[0].errors[refused] = 3
	for _, tc := range []struct {
		after int64
		says  []string
	}{
		{0, []string{"the first error: refused (is a server listening there?)"}},
		{1000 * ms, nil},
		{2500 * ms, []string{"no reply for 2.50s"}},
		{3000 * ms, nil},
	} {
		if got := look(tc.after); !slices.Equal(got, tc.says) {
			t.Errorf("after %d ms: %q, want %q", tc.after/ms, got, tc.says)
		}
	}
	replies++
	look(4000 * ms)
	if got := look(7000 * ms); !slices.Equal(got, []string{"no reply for 3.00s"}) {
		t.Errorf("the second time: %q", got)
	}
}
