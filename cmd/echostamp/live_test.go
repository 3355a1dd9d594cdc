package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/echostamp/echostamp/loadgen"
)

// text is a line without its colours.
func text(line []piece) string { return screen{}.join(line) }

var (
	thirtySeconds = plan{length: 30 * time.Second, clients: 100}
	midway        = loadgen.Live{Phase: loadgen.Measuring, Elapsed: 15*time.Second + 1, Connected: 100, Received: 4_500_000,
		Rate: 302_469, P50: loadgen.Delay{NS: 12_300}, P99: loadgen.Delay{NS: 45_600}, Max: loadgen.Delay{NS: 1_234_000}}
)

func TestBarByWidth(t *testing.T) {
	t.Parallel()
	failing := midway
	failing.Errors = 1_234
	for _, tc := range []struct {
		columns int
		live    loadgen.Live
		want    string
	}{
		{0, midway, ""},
		{5, midway, "15s l"},
		{19, midway, "15s left  302,469/s"},
		{20, failing, "15s left  302,469/s"},
		{22, failing, "15s left  errors 1,234"},
		{28, midway, "15s left  302,469/s"},
		{30, midway, "15s left  302,469/s  errors 0"},
		{31, midway, "15s left  302,469/s  p99 45.6µs"},
		{41, midway, "15s left  302,469/s  p99 45.6µs  errors 0"},
		{46, failing, "15s left  302,469/s  p99 45.6µs  errors 1,234"},
		{65, midway, "15s left  302,469/s  p50 12.3µs  p99 45.6µs  max 1.23ms  errors 0"},
		{76, midway, "15s left  302,469/s  p50 12.3µs  p99 45.6µs  max 1.23ms  errors 0"},
		{77, midway, "15s left  [====>   ]  302,469/s  p50 12.3µs  p99 45.6µs  max 1.23ms  errors 0"},
		{300, midway, "15s left  [===================>                  ]  302,469/s  p50 12.3µs  p99 45.6µs  max 1.23ms  errors 0"},
	} {
		if got := text(barOf(thirtySeconds, tc.live).line(tc.columns)); got != tc.want {
			t.Errorf("in %d columns %q, want %q", tc.columns, got, tc.want)
		}
	}
}

func TestBarByState(t *testing.T) {
	t.Parallel()
	counted := plan{messages: 100_000, clients: 2}
	both := plan{length: 30 * time.Second, messages: 5_000_000, clients: 2}
	for _, tc := range []struct {
		plan plan
		live loadgen.Live
		want string
	}{
		{thirtySeconds, loadgen.Live{}, "connecting  [>                                     ]  0/100  errors 0"},
		{thirtySeconds, loadgen.Live{Connected: 50, Errors: 3}, "connecting  [===================>                  ]  50/100  errors 3"},
		{thirtySeconds, loadgen.Live{Phase: loadgen.WarmingUp, Rate: 10, P50: loadgen.Delay{NS: 900}, P99: loadgen.Delay{NS: 12_345}, Max: loadgen.Delay{NS: 2e9}},
			"warming up  [>                                     ]  10.0/s  p50  900ns  p99 12.3µs  max  2.00s  errors 0"},
		{thirtySeconds, loadgen.Live{Phase: loadgen.Measuring, Elapsed: time.Minute},
			"0s left  [======================================]  0.00/s  p50      -  p99      -  max      -  errors 0"},
		{plan{length: 2 * time.Hour}, loadgen.Live{Phase: loadgen.Measuring},
			"2h0m0s left  [>                                     ]  0.00/s  p50      -  p99      -  max      -  errors 0"},
		{counted, loadgen.Live{Phase: loadgen.Measuring, Received: 98_765},
			"1,235 left  [=====================================>]  0.00/s  p50      -  p99      -  max      -  errors 0"},
		{thirtySeconds, loadgen.Live{Phase: loadgen.Awaiting, Awaited: 3, AtMost: 4*time.Second + 1},
			"waiting for 3 replies, at most 5 s more  [======================================]  0.00/s  p50      -  p99      -  max      -  errors 0"},
		{both, midway, "500,000 left  [==================================>   ]  302,469/s  p50 12.3µs  p99 45.6µs  max 1.23ms  errors 0"},
	} {
		if got := text(barOf(tc.plan, tc.live).line(150)); got != tc.want {
			t.Errorf("%+v of %+v:\n     %q\nwant %q", tc.live, tc.plan, got, tc.want)
		}
	}
}

// TestBarNeverWraps holds that the line has room whatever the width.
func TestBarNeverWraps(t *testing.T) {
	t.Parallel()
	huge := loadgen.Live{Phase: loadgen.Measuring, Errors: 123_456_789, Rate: 12_345_678, P50: loadgen.Delay{NS: 123_456}, P99: loadgen.Delay{NS: 999_499_999}, Max: loadgen.Delay{NS: 59_940_000_000}}
	for name, b := range map[string]*bar{
		"connecting": barOf(plan{clients: loadgen.MaxClients}, loadgen.Live{Connected: 1_000_000}),
		"warming up": barOf(thirtySeconds, loadgen.Live{Phase: loadgen.WarmingUp, Errors: 1}),
		"midway":     barOf(thirtySeconds, midway),
		"huge":       barOf(plan{length: 87_600 * time.Hour}, huge),
	} {
		for columns := 20; columns <= 200; columns++ {
			got := text(b.line(columns))
			if n := utf8.RuneCountInString(got); n > columns {
				t.Errorf("%s: %d columns are taken of %d: %q", name, n, columns, got)
			}
			if !strings.HasPrefix(got, b.head.text) {
				t.Errorf("%s in %d columns: %q", name, columns, got)
			}
			if columns >= 120 && !strings.Contains(got, "[") {
				t.Errorf("%s in %d columns has no bar: %q", name, columns, got)
			}
		}
	}
}

func TestPlainLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		live loadgen.Live
		want string
	}{
		{midway, "20s measuring, 15s left, 100 of 100 connected, 4,500,000 received, 302,469/s, p50 12.3µs, p99 45.6µs, max 1.23ms, errors 0"},
		{loadgen.Live{Phase: loadgen.Awaiting, Connected: 2, Awaited: 1, AtMost: time.Millisecond, Received: 9},
			"20s waiting for 1 reply, at most 1 s more, 2 of 100 connected, 9 received, 0.00/s, p50 -, p99 -, max -, errors 0"},
		{loadgen.Live{Connected: 7, Errors: 1}, "20s connecting, 7 of 100 connected, 0 received, 0.00/s, p50 -, p99 -, max -, errors 1"},
		{loadgen.Live{Phase: loadgen.WarmingUp, Connected: 100}, "20s warming up, 100 of 100 connected, 0 received, 0.00/s, p50 -, p99 -, max -, errors 0"},
	} {
		if got := text(plainLine(thirtySeconds, tc.live, 20*time.Second+time.Millisecond)); got != tc.want {
			t.Errorf("     %q\nwant %q", got, tc.want)
		}
	}
}

// TestScreen holds to what is written where, to the byte.
func TestScreen(t *testing.T) {
	t.Parallel()
	failing := midway
	failing.Errors = 9
	b := barOf(thirtySeconds, failing)
	narrow := func() int { return 32 }
	const drawn, notice = "15s left  302,469/s  errors 9", "echostamp: warning: trouble\n"
	for name, tc := range map[string]struct {
		screen  screen
		notices []string
		bar     *bar
		want    string
	}{
		"a terminal":      {screen{width: narrow}, nil, b, erase + noWrap + drawn + "\r" + wrap},
		"its end":         {screen{width: narrow}, nil, nil, erase},
		"a notice":        {screen{width: narrow}, []string{"trouble"}, b, erase + notice + noWrap + drawn + "\r" + wrap},
		"the last notice": {screen{width: narrow}, []string{"trouble"}, nil, erase + notice},
		"colours": {screen{width: narrow, colour: true}, []string{"trouble"}, b,
			erase + "echostamp: \x1b[33mwarning:\x1b[0m trouble\n" + noWrap + "15s left  302,469/s  \x1b[31merrors 9\x1b[0m\r" + wrap},
		"no terminal":              {screen{}, nil, b, ""},
		"notices, but no terminal": {screen{}, []string{"trouble", "trouble"}, b, notice + notice},
	} {
		var w strings.Builder
		tc.screen.w = &w
		var lines []string
		for _, n := range tc.notices {
			lines = append(lines, tc.screen.warning(n))
		}
		if tc.screen.update(lines, tc.bar); w.String() != tc.want {
			t.Errorf("%s:\n     %q\nwant %q", name, &w, tc.want)
		}
	}
}
