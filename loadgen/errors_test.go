package loadgen

import (
	"fmt"
	"testing"
)

// TestAdvice holds that what to do fits the protocol, and does not doubt the server once a
// reply was whole: after thousands of good ones "is it a timestamp-echo server?" was asked,
// and of echo servers too.
func TestAdvice(t *testing.T) {
	const http = "HTTP/1.1 400 Bad Request"
	quoted := fmt.Sprintf("%q", http)
	for name, tc := range map[string]struct {
		proto   Proto
		answers int
		lists   string
		tells   []string
	}{
		"text":                {Text, 0, "malformed 1 (received " + quoted + ": is it a timestamp-echo server?)", []string{"first malformed reply: " + quoted + ": is it a timestamp-echo server?"}},
		"text, after a reply": {Text, 1, "malformed 1 (received " + quoted + ")", []string{"first malformed reply: " + quoted}},
		"echo":                {Echo, 0, "mismatch 1 (received " + quoted + ": is it an echo server?)", []string{"first mismatched reply: " + quoted + ": is it an echo server?"}},
		"echo, after a reply": {Echo, 1, "mismatch 1 (received " + quoted + ")", []string{"first mismatched reply: " + quoted}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(cfg *Config) { cfg.Proto = tc.proto })
			for range tc.answers {
				if m := s.take(); tc.proto == Echo {
					s.conn().Receive(m)
				} else {
					s.conn().Receive("1732310000.5:" + m)
				}
			}
			s.conn().Receive(http)
			a := adviser{tc.proto, s.answered > 0}
			s.expect("what is listed", s.said.list(&s.counts.errors, a), ": "+tc.lists)
			s.expect("what is told", s.said.tell(a), tc.tells)
		})
	}
	for _, tc := range []struct {
		kind    kind
		adviser adviser
		remedy  string
		want    string
	}{
		{timeout, adviser{Text, false}, "", "no reply within --timeout; is it a timestamp-echo server?"},
		{timeout, adviser{Text, true}, "", "no reply within --timeout"},
		{timeout, adviser{Echo, false}, "", "no reply within --timeout; is it an echo server?"},
		{goodbye, adviser{Text, true}, "", "the server closed the connection without replying; is its connection limit reached?"},
		{mismatch, adviser{Text, false}, "use --proto echo", "use --proto echo"},
		{mismatch, adviser{Text, true}, "use --proto echo", ""},
		{unreachable, adviser{Text, true}, "is the host up?", "is the host up?"},
		{refused, adviser{Text, true}, "", "is a server listening there?"},
		{split, adviser{Text, false}, "", ""},
	} {
		if got := tc.adviser.on(tc.kind, tc.remedy); got != tc.want {
			t.Errorf("%s, %+v, %q: %q, want %q", kindNames[tc.kind], tc.adviser, tc.remedy, got, tc.want)
		}
	}
}
