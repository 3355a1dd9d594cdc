package rig

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/wire"
	"github.com/echostamp/echostamp/server"
)

func TestError(t *testing.T) {
	const begin = int64(1732310000e9)
	steps := []Step{{After: 3 * time.Second, By: -5 * time.Millisecond}, {After: time.Second, By: 2 * time.Millisecond}}
	for _, tc := range []struct {
		name  string
		clock Clock
		since time.Duration // begin
		want  time.Duration
	}{
		{"right", Clock{}, time.Hour, 0},
		{"ahead", Clock{Offset: time.Second}, time.Hour, time.Second},
		{"behind", Clock{Offset: -time.Second}, -time.Hour, -time.Second},
		{"fast", Clock{Drift: 50}, 10 * time.Second, 500 * time.Microsecond},
		{"slow", Clock{Drift: -0.1}, 10 * time.Second, -time.Microsecond},
		{"fast for a day", Clock{Drift: 500}, 24 * time.Hour, 43200 * time.Millisecond},
		{"rounded", Clock{Drift: -0.7}, time.Millisecond, -1},
		{"no drift before it begins", Clock{Offset: 7, Drift: 50}, -10 * time.Second, 7},
		{"no step before it begins", Clock{Offset: 7, Steps: []Step{{By: time.Second}}}, -1, 7},
		{"a step at once", Clock{Steps: []Step{{By: time.Second}}}, 0, time.Second},
		{"before the first step", Clock{Steps: steps}, time.Second - 1, 0},
		{"at the first step", Clock{Steps: steps}, time.Second, 2 * time.Millisecond},
		{"before the second step", Clock{Steps: steps}, 3*time.Second - 1, 2 * time.Millisecond},
		{"at the second step", Clock{Steps: steps}, 3 * time.Second, -3 * time.Millisecond},
		{"all", Clock{Offset: time.Second, Drift: 1000, Steps: steps}, 4 * time.Second, 1001 * time.Millisecond},
	} {
		tc.clock.Begin = begin
		if got := tc.clock.Error(begin + int64(tc.since)); got != int64(tc.want) {
			t.Errorf("%s: %v after it began the error is %d ns, want %d", tc.name, tc.since, got, int64(tc.want))
		}
	}
}

// still is a clock that does not move.
type still struct{ line, wall int64 }

func (s still) Now() (line, wall int64) { return s.line, s.wall }

func TestOnlyTheWallIsWrong(t *testing.T) {
	c := Clock{Clock: still{line: 2e9, wall: 7}, Offset: 100, Begin: 1e9, Drift: 1}
	if line, wall := c.Now(); line != 2e9 || wall != 1107 {
		t.Errorf("Now is %d, %d; want 2000000000, 1107", line, wall)
	}
}

func TestTicks(t *testing.T) {
	for _, tc := range []struct{ tick, phase, wall, want int64 }{
		{0, 0, 1234, 1234},
		{100, 0, 1234, 1200},
		{100, 0, 1200, 1200},
		{100, 30, 1234, 1230},
		{100, 30, 1229, 1130},
		{100, 30, -1, -70},
	} {
		c := Clock{Clock: still{line: 5, wall: tc.wall}, Tick: time.Duration(tc.tick), Phase: time.Duration(tc.phase)}
		if line, wall := c.Now(); line != 5 || wall != tc.want {
			t.Errorf("%+v: %d, %d", tc, line, wall)
		}
	}
}

func TestServerTellsTheTimeOfItsClock(t *testing.T) {
	wrong := Clock{Clock: clock.NewLine(), Offset: time.Hour}
	cfg := server.Config{
		Listen: []netip.AddrPort{loopback}, Shards: 1, Engine: evloop.Portable, Clock: wrong,
	}
	s, err := server.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	c := dial(t, "tcp", s.Addrs()[0])
	reply := ask(t, c, []byte("hello"), len("1732310000.123456789:hello"))
	stamp, _, _ := bytes.Cut(reply, []byte(":"))
	t2, ok := wire.ParseTime(stamp)
	ahead := time.Until(time.Unix(0, t2))
	if !ok || (ahead-time.Hour).Abs() > time.Minute {
		t.Errorf("%q is ahead by %v, want 1h", reply, ahead)
	}
	cfg.KernelTime = true
	if _, err := server.Listen(cfg); err == nil {
		t.Error("a server has t2 from the kernel and from another clock")
	}
}
