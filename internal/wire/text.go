// Package wire holds the protocols' bytes: it appends and parses them, and does
// no I/O. Everything works on slices that the caller owns and allocates nothing.
//
// The text protocol is in docs/protocol.md. A client calls [AppendMessage] and
// then [CheckReply] each time more of the reply has come; a server calls
// [AppendReply]. Times are Unix nanoseconds, which are exact; they never pass
// through a float.
package wire

import "bytes"

const (
	// MaxMessage is the largest message in bytes, its t1 included: what a
	// server takes with one receive.
	MaxMessage = 1024
	// MaxReply is the largest reply in bytes.
	MaxReply = maxTime + 1 + MaxMessage
	// Goodbye is the byte that ends a connection when it comes first.
	Goodbye = 0xFF

	fraction = 9                     // digits behind the point
	maxTime  = 1 + 10 + 1 + fraction // "-9223372036.854775808"
	second   = uint64(1_000_000_000) // in nanoseconds
	maxNanos = uint64(1)<<63 - 1     // of a time that is not negative
)

// AppendTime appends ns, in Unix nanoseconds, as decimal seconds with nine
// fractional digits.
func AppendTime(dst []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		dst = append(dst, '-')
		u = -u
	}
	var text [maxTime]byte
	sec, frac := u/second, uint32(u%second)
	i := len(text) - fraction
	putDigits(text[i:], frac)
	i--
	text[i] = '.'
	for {
		i--
		text[i] = byte('0' + sec%10)
		if sec /= 10; sec == 0 {
			return append(dst, text[i:]...)
		}
	}
}

// putDigits puts the nine digits of v, two at a time, as each division takes
// longer than a look-up.
func putDigits(dst []byte, v uint32) {
	_ = dst[fraction-1]
	for i := fraction - 2; i > 0; i -= 2 {
		pair := v % 100 * 2
		v /= 100
		dst[i], dst[i+1] = pairs[pair], pairs[pair+1]
	}
	dst[0] = byte('0' + v)
}

// pairs are the numbers 00 to 99.
const pairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// ParseTime reads decimal Unix seconds with zero to nine fractional digits as
// nanoseconds. It reports false for anything else, and for a time that 64 bits
// of nanoseconds cannot hold (outside the years 1677 to 2262).
func ParseTime(b []byte) (ns int64, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	sec, rest, ok := leadingDigits(b, 10)
	if !ok {
		return 0, false
	}
	var frac uint64
	if len(rest) > 0 {
		digits := rest[1:]
		frac, rest, ok = leadingDigits(digits, fraction)
		if !ok || len(rest) > 0 || len(digits) == 0 || b[len(b)-len(digits)-1] != '.' {
			return 0, false
		}
		for range fraction - len(digits) {
			frac *= 10
		}
	}
	u := sec*second + frac // at most 10 digits of seconds: fits in 64 bits
	switch {
	case negative && u <= maxNanos+1:
		return -int64(u), true
	case !negative && u <= maxNanos:
		return int64(u), true
	}
	return 0, false
}

// leadingDigits reads the one to most decimal digits that b begins with.
func leadingDigits(b []byte, most int) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i <= most && '0' <= b[i] && b[i] <= '9' {
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	return n, b[i:], 0 < i && i <= most
}

// AppendMessage appends the message that a client sends at t1, in Unix
// nanoseconds: "<t1>:<payload>".
func AppendMessage(dst []byte, t1 int64, payload []byte) []byte {
	return AppendReply(dst, t1, payload)
}

// AppendReply appends the reply of a server that received message at t2, in
// Unix nanoseconds: "<t2>:<message>".
func AppendReply(dst []byte, t2 int64, message []byte) []byte {
	dst = AppendTime(dst, t2)
	dst = append(dst, ':')
	return append(dst, message...)
}

// IsGoodbye reports whether what one receive returned is a client's (or a
// server's) leave.
func IsGoodbye(b []byte) bool { return len(b) > 0 && b[0] == Goodbye }

// A Verdict is what [CheckReply] makes of the bytes so far.
type Verdict uint8

// All but Partial and Whole are deviations, after which the place in the stream
// where the next reply would begin is unknown.
const (
	Partial   Verdict = iota // the beginning of a whole reply: read on
	Whole                    // "<t2>:" and exactly what was sent
	Malformed                // no timestamp and colon at the beginning
	Split                    // a second t2 inside: the server took the message for several
	Coalesced                // a whole reply and more behind it
	Mismatch                 // something other than what was sent
	Farewell                 // the goodbye byte instead of a reply
)

// CheckReply compares all that was received for one message with what was sent.
// t2, in Unix nanoseconds, is set when the verdict is Whole.
func CheckReply(got, sent []byte) (t2 int64, v Verdict) {
	if IsGoodbye(got) {
		return 0, Farewell
	}
	t2, body, v := cutTime(got)
	if v != Whole {
		return 0, v
	}
	n := min(len(body), len(sent))
	if !bytes.Equal(body[:n], sent[:n]) {
		return 0, differs(t2, body, sent)
	}
	switch {
	case len(body) < len(sent):
		return 0, Partial
	case len(body) > len(sent):
		return 0, Coalesced
	}
	return t2, Whole
}

// CheckEcho compares all that was received for one message with what was sent to
// a plain echo server (RFC 862): the verdicts are those of CheckReply.
func CheckEcho(got, sent []byte) Verdict {
	n := min(len(got), len(sent))
	switch {
	case !bytes.Equal(got[:n], sent[:n]):
		return Mismatch
	case len(got) < len(sent):
		return Partial
	case len(got) > len(sent):
		return Coalesced
	}
	return Whole
}

// cutTime splits "<time>:<rest>". Its verdict is Whole, Partial where b could
// become that, or Malformed.
func cutTime(b []byte) (ns int64, rest []byte, v Verdict) {
	head := b[:min(len(b), maxTime+1)]
	colon := bytes.IndexByte(head, ':')
	if colon >= 0 {
		ns, ok := ParseTime(head[:colon])
		if !ok {
			return 0, nil, Malformed
		}
		return ns, b[colon+1:], Whole
	}
	if len(head) > maxTime || !beginsTime(head) {
		return 0, nil, Malformed
	}
	return 0, nil, Partial
}

// beginsTime reports whether more bytes could make b a timestamp.
func beginsTime(b []byte) bool {
	if len(b) == 0 || len(b) == 1 && b[0] == '-' {
		return true
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	_, ok := ParseTime(b)
	return ok
}

// differs tells a split reply from a mismatch: in a split one, a time close to
// t2 and a colon follow some of what was sent. The time may begin with bytes that
// the message would have had there, so every place where it could have begun is
// tried: at most the length of a timestamp before the first byte that differs.
func differs(t2 int64, body, sent []byte) Verdict {
	at := 0
	for body[at] == sent[at] {
		at++
	}
	verdict := Mismatch
	for from := at; from >= max(1, at-maxTime); from-- {
		again, _, v := cutTime(body[from:])
		switch {
		case v == Whole && distance(again, t2) < oneTurn:
			return Split
		case v == Partial && len(body) < len(sent):
			verdict = Partial
		}
	}
	return verdict
}

// distance is how far two times are apart, which may be more than 63 bits hold.
func distance(a, b int64) uint64 { return uint64(max(a, b)) - uint64(min(a, b)) }

// oneTurn is more than a server takes between the pieces of one message, in
// nanoseconds.
const oneTurn = 60_000_000_000
