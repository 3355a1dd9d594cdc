package loadgen

import (
	"strings"
	"testing"
	"time"
)

// TestDrought holds when a run is given up. Until 2 s or 15 s without a whole reply were
// over, it went on for ever against servers that answer wrongly or close at once, whose
// clients wait to connect again most of the time.
func TestDrought(t *testing.T) {
	const patience = 15 * time.Second
	for name, tc := range map[string]struct {
		replies  int64                          // before it begins
		at       func(after time.Duration) need // what there is so long after that, without replies
		patience time.Duration
		over     time.Duration // when it is over; 0 is never, within ten minutes
	}{
		"silence": {
			replies: 10, patience: patience, over: patience,
			at: func(time.Duration) need { return need{wanting: 10} },
		},
		"silence, for ever": {
			at: func(time.Duration) need { return need{wanting: 10} },
		},
		"nothing is wanted": {
			replies: 10, patience: patience,
			at: func(time.Duration) need { return need{} },
		},
		"something is wanted for half of the time": {
			replies: 10, patience: patience, over: 2 * patience,
			at: func(d time.Duration) need { return need{wanting: int(d/time.Second) % 2} },
		},
		"closes at once": { // waiting to connect again
			patience: patience, over: patience,
			at: func(d time.Duration) need { return need{wanting: 10, missed: int64(d / time.Second)} },
		},
		"closes at once, asked once in a second": { // connected again when it is looked at
			patience: patience, over: patience,
			at: func(d time.Duration) need { return need{missed: int64(d / time.Second)} },
		},
		"loses a message once in a minute": {
			replies: 10, patience: patience, over: 5 * time.Minute,
			at: func(d time.Duration) need { return need{missed: int64(d / time.Minute)} },
		},
		"loses some messages, and then nothing is wanted": {
			replies: 10, patience: patience,
			at: func(time.Duration) need { return need{missed: enoughMissed - 1} },
		},
		"speaks something else": {
			patience: patience, over: 2 * time.Second,
			at: func(time.Duration) need { return need{wanting: 1, missed: 7, foreign: 7} },
		},
		"speaks something else, and patience is short": {
			patience: time.Second, over: time.Second,
			at: func(time.Duration) need { return need{wanting: 1, missed: 7, foreign: 7} },
		},
		"speaks something else, and nobody gives up": {
			at: func(time.Duration) need { return need{wanting: 1, missed: 7, foreign: 7} },
		},
		"spoke right once": {
			replies: 1, patience: patience, over: patience,
			at: func(time.Duration) need { return need{wanting: 1, missed: 7, foreign: 7} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			const look = time.Second / 4
			var d drought
			d.begin(begin)
			d.note(begin, need{replies: tc.replies, wanting: 1})
			var over time.Duration
			for after := time.Duration(0); over == 0 && after < 10*time.Minute; after += look {
				n := tc.at(after)
				n.replies = tc.replies
				d.note(begin+int64(after), n)
				if d.isOver(tc.patience) {
					over = after
				}
			}
			if over < tc.over || over > tc.over+4*look || tc.over == 0 && over > 0 {
				t.Errorf("over after %v, want %v", over, tc.over)
			}
			n := d.last
			n.replies++
			d.note(d.seen+1, n)
			if d.isOver(tc.patience) {
				t.Error("it is still over after a whole reply")
			}
		})
	}
}

// TestClientsThatWaitWantReplies holds that a client wants one while it waits to connect
// again too.
func TestClientsThatWaitWantReplies(t *testing.T) {
	s := open(t, nil)
	expect := func(when string, want need) {
		t.Helper()
		if got := s.state().need; got != want {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	expect("under way", need{wanting: 1})
	s.conn().Receive("HTTP/1.1 400 Bad Request\r\n\r\n")
	expect("waiting to connect", need{wanting: 1, missed: 1, foreign: 1})
	s.expect("what came", s.said.list(&s.counts.errors, adviser{proto: Text}), `: malformed 1 (received "HTTP/1.1 400 Bad Request\r\n\r\n": is it a timestamp-echo server?)`)
	s.after(10 * ms)
	expect("connecting", need{wanting: 1, missed: 1, foreign: 1})
	s.conn().Establish()
	s.answer(0)
	expect("under way again", need{replies: 1, wanting: 1, missed: 1, foreign: 1})
	s.stop()
	s.answer(0)
	expect("done", need{replies: 2, missed: 1, foreign: 1})
}

// TestDeviationsAreQuoted holds what is said of what came back.
func TestDeviationsAreQuoted(t *testing.T) {
	for name, tc := range map[string]struct {
		reply func(m string) string
		says  string
	}{
		"plain echo":      {func(m string) string { return m }, `: mismatch 1 (received "`},
		"terminal's":      {func(string) string { return "\x1b[31m\u00e9\xfe\n" }, `: malformed 1 (received "\x1b[31m\u00e9\xfe\n": is it a timestamp-echo server?)`},
		"very long":       {func(string) string { return string(make([]byte, 1000)) }, ""},
		"answered twice":  {func(m string) string { return "1.5:" + m + "x" }, `: coalesced 1 (received "1.5:`},
		"somebody else's": {func(m string) string { return "1732310000.5:" + strings.Replace(m, "000001", "000000", 1) }, `: mismatch 1 (received "1732310000.5:`},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			s.conn().Receive(tc.reply(s.take()))
			said := s.said.list(&s.counts.errors, adviser{proto: Text})
			if len(said) < len(tc.says) || said[:len(tc.says)] != tc.says || len(said) > 350 {
				t.Errorf("said %q, want %q", said, tc.says)
			}
		})
	}
}
