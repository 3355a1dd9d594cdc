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

// advice is what to do about a kind, where there is something to do.
var advice = [kinds]string{
	refused:        "is a server listening there?",
	connectTimeout: "is the address right, and does a firewall let the port through?",
	unreachable:    "is there a route to the host?",
	descriptors:    "raise the limit of open files (ulimit -n) or use fewer clients",
	ports:          "use fewer clients, or wait until closed connections have freed their ports",
	goodbye:        "the server closes connections before it has answered: may it have more clients, and is it a timestamp-echo server?",
	reset:          "the server, or a proxy or firewall before it, breaks connections off",
	timeout:        "is that a timestamp-echo server? --timeout sets how long a reply may take",
	malformed:      "is that a timestamp-echo server?",
	mismatch:       "is that a timestamp-echo server?",
}

// firsts are what came back with the first error of each kind, and what to do about it,
// where that says more than the kind does. It may be used from all shards at once.
type firsts [kinds]atomic.Pointer[string]

// note keeps what text returns, if it is the first of its kind.
func (f *firsts) note(k kind, text func() string) {
	if f[k].Load() == nil {
		t := text()
		f[k].CompareAndSwap(nil, &t)
	}
}

// hint is what came back and what to do about it, in brackets.
func (f *firsts) hint(k kind) string {
	text := advice[k]
	if said := f[k].Load(); said != nil {
		text = *said
	}
	if text == "" {
		return ""
	}
	return " (" + text + ")"
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
func (f *firsts) list(t *tally) string {
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
			part += f.hint(k)
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
func (c *client) deviation(k kind, got []byte) string {
	if c.shard.cfg.Proto == Text && k == mismatch && bytes.Equal(got, c.message()) {
		return "it sends messages back without a timestamp: is that a plain echo server? --proto echo is for those"
	}
	const most = 60
	text := strconv.QuoteToASCII(string(got[:min(len(got), most)]))
	if len(got) > most {
		text += " …"
	}
	if advice[k] == "" {
		return "it sent " + text
	}
	return "it sent " + text + ": " + advice[k]
}
