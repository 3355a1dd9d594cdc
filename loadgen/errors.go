package loadgen

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/internal/wire"
)

// kind is what an error is counted under.
type kind uint8

const (
	resolve kind = iota
	refused
	connectTimeout
	unreachable
	descriptors
	ports
	connectOther
	timeout
	truncated
	goodbye
	reset
	malformed
	split
	coalesced
	mismatch
	ioOther
	kinds
)

// kindNames are the keys of record.Totals.Errors.
var kindNames = [kinds]string{
	resolve:        "resolve",
	refused:        "refused",
	connectTimeout: "connect-timeout",
	unreachable:    "unreachable",
	descriptors:    "descriptors",
	ports:          "ports",
	connectOther:   "connect",
	timeout:        "timeout",
	truncated:      "truncated",
	goodbye:        "goodbye",
	reset:          "reset",
	malformed:      "malformed",
	split:          "split",
	coalesced:      "coalesced",
	mismatch:       "mismatch",
	ioOther:        "io",
}

// advice is what to do about a kind, whatever server it is, where there is something to do.
var advice = [kinds]string{
	refused:        "is a server listening there?",
	connectTimeout: "is the address right, and does a firewall let the port through?",
	unreachable:    "is there a route to the host?",
	descriptors:    "raise the limit of open files (ulimit -n) or use fewer clients",
	ports:          "use fewer clients, or wait until closed connections have freed their ports",
	goodbye:        "the server closed the connection without replying; is its connection limit reached?",
	reset:          "the server, or a proxy or firewall in front of it, reset the connection",
	timeout:        "no reply within --timeout",
}

// An adviser knows what decides which advice fits.
type adviser struct {
	proto Proto
	whole bool // a reply was whole: what listens there speaks the protocol
}

// on returns what to do about a kind; nothing is "". A remedy that is not empty fits the
// error better than what is said of its kind.
func (a adviser) on(k kind, remedy string) string {
	var doubt string
	if k == timeout || k == malformed || k == mismatch {
		if a.whole {
			return advice[k]
		}
		doubt = "is it a timestamp-echo server?"
		if a.proto == Echo {
			doubt = "is it an echo server?"
		}
	}
	return cmp.Or(remedy, joined(advice[k], "; ", doubt))
}

// joined puts two texts together, of which each may be empty.
func joined(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}

// A first is what came back with the first error of a kind.
type first struct {
	text   string // the system's words, or a reply in quotes
	remedy string // if it fits better than that of the kind
}

// firsts are those of the kinds for which they say more than the kind does. It may be used
// from all shards at once.
type firsts [kinds]atomic.Pointer[first]

// note keeps what tell returns, if it is the first of its kind.
func (f *firsts) note(k kind, tell func() first) {
	if f[k].Load() == nil {
		t := tell()
		f[k].CompareAndSwap(nil, &t)
	}
}

// hint is what came back and what to do about it, in brackets.
func (f *firsts) hint(k kind, a adviser) string {
	var text, remedy string
	if came := f[k].Load(); came != nil {
		text, remedy = came.text, came.remedy
		if replyNames[k] != "" {
			text = "received " + text
		}
	}
	if text = joined(text, ": ", a.on(k, remedy)); text == "" {
		return ""
	}
	return " (" + text + ")"
}

// replyNames are what a reply is called that is an error of a kind.
var replyNames = [kinds]string{
	goodbye:   "goodbye in place of a reply",
	malformed: "malformed reply",
	split:     "split reply",
	coalesced: "coalesced reply",
	mismatch:  "mismatched reply",
}

// tell tells of the first error of each kind of which more is known than the kind.
func (f *firsts) tell(a adviser) (lines []string) {
	for k := range kinds {
		if came := f[k].Load(); came != nil {
			name := cmp.Or(replyNames[k], kindNames[k]+" error")
			lines = append(lines, "first "+name+": "+joined(came.text, ": ", a.on(k, came.remedy)))
		}
	}
	return lines
}

// tally counts errors.
type tally [kinds]int64

func (t *tally) total() (n int64) {
	for _, k := range t {
		n += k
	}
	return n
}

// named returns the kinds that occurred.
func (t *tally) named() map[string]int64 {
	m := map[string]int64{}
	for k, n := range t {
		if n > 0 {
			m[kindNames[k]] = n
		}
	}
	return m
}

// list lists the errors that occurred, the most frequent first, with a hint on that
// kind: ": refused 64 (is a server listening there?), reset 1", or nothing.
func (f *firsts) list(t *tally, a adviser) string {
	var occurred []kind
	for k, n := range t {
		if n > 0 {
			occurred = append(occurred, kind(k))
		}
	}
	slices.SortStableFunc(occurred, func(a, b kind) int { return cmp.Compare(t[b], t[a]) })
	var parts []string
	for i, k := range occurred {
		part := kindNames[k] + " " + unit.Count(t[k])
		if i == 0 {
			part += f.hint(k, a)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// streamKind is the kind of what ended a connection, with part of a reply
// received or without.
func streamKind(err error, part bool) kind {
	switch {
	case part && (errors.Is(err, io.EOF) || errors.Is(err, evloop.ErrDeadline)):
		return truncated
	case errors.Is(err, io.EOF):
		return goodbye
	case errors.Is(err, evloop.ErrDeadline):
		return timeout
	case IsReset(err):
		return reset
	}
	return ioOther
}

// replyKind is the kind of a deviation.
func replyKind(v wire.Verdict) kind {
	switch v {
	case wire.Malformed:
		return malformed
	case wire.Split:
		return split
	case wire.Coalesced:
		return coalesced
	case wire.Farewell:
		return goodbye
	}
	return mismatch
}

// deviation quotes the beginning of what came back instead of a reply.
func (c *client) deviation(k kind, got []byte) first {
	const most = 60
	text := strconv.QuoteToASCII(string(got[:min(len(got), most)]))
	if len(got) > most {
		text += " …"
	}
	if c.shard.cfg.Proto == Text && k == mismatch && bytes.Equal(got, c.message()) {
		return first{text, "messages come back without a timestamp; for a plain echo server use --proto echo"}
	}
	return first{text: text}
}
