package loadgen

import "github.com/echostamp/echostamp/internal/wire"

const (
	clientDigits  = 5 // hexadecimal
	messageDigits = 6
	letters       = "abcdefghijklmnopqrstuvwxyz"
)

// filler is what makes messages as long as they should be. Letters, so that it
// cannot be mistaken for a timestamp.
var filler = func() []byte {
	b := make([]byte, MaxSize)
	for i := range b {
		b[i] = letters[i%len(letters)]
	}
	return b
}()

// appendMessage appends the message number seq of a client, size bytes in all.
// Client and number make it unlike any other message; so a reply cannot be taken
// for that of another. The same arguments give the same bytes, so that a client
// need not keep what it sent.
func appendMessage(dst []byte, sent int64, client, seq uint32, size int) []byte {
	var id [clientDigits + messageDigits]byte
	hex(id[:clientDigits], client)
	hex(id[clientDigits:], seq)
	begin := len(dst)
	dst = wire.AppendMessage(dst, sent, id[:])
	return append(dst, filler[:size-(len(dst)-begin)]...)
}

// hex fills dst with the low digits of v.
func hex(dst []byte, v uint32) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = "0123456789abcdef"[v&15]
		v >>= 4
	}
}
