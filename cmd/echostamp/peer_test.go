package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/wire"
)

// peer is a server that a test makes, with manners of its own.
type peer struct {
	ln     net.Listener
	handle func(net.Conn)
	mu     sync.Mutex
	conns  []net.Conn
	closed bool
	wg     sync.WaitGroup
}

// newPeer has handle called with each connection, which is closed when it
// returns.
func newPeer(handle func(net.Conn)) (*peer, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &peer{ln: ln, handle: handle}
	p.wg.Go(p.accept)
	return p, nil
}

// startPeer runs a peer until the test ends.
func startPeer(t *testing.T, handle func(net.Conn)) *peer {
	t.Helper()
	p, err := newPeer(handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	return p
}

func (p *peer) end() { p.kill(); p.wg.Wait() }

func (p *peer) addr() string { return p.ln.Addr().String() }

func (p *peer) accept() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.closed {
			c.Close()
		}
		p.conns = append(p.conns, c)
		p.mu.Unlock()
		p.wg.Go(func() {
			defer c.Close()
			p.handle(c)
		})
	}
}

// kill ends the server and its connections, as the end of its process would.
func (p *peer) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.ln.Close()
	for _, c := range p.conns {
		c.Close()
	}
}

// talk answers each message with what reply returns.
func talk(reply func(message []byte) []byte) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, wire.MaxMessage)
		for {
			n, err := c.Read(b)
			if err != nil || wire.IsGoodbye(b[:n]) {
				return
			}
			if _, err := c.Write(reply(b[:n])); err != nil {
				return
			}
		}
	}
}

// stampWith prints the time with so many fractional digits.
func stampWith(digits int) string {
	now := time.Now().UnixNano()
	if digits == 0 {
		return fmt.Sprint(now / 1e9)
	}
	return fmt.Sprintf("%d.%s", now/1e9, fmt.Sprintf("%09d", now%1e9)[:digits])
}

func answered(message []byte) []byte { return answeredAt(time.Now().UnixNano(), message) }

func answeredAt(t2 int64, message []byte) []byte { return wire.AppendReply(nil, t2, message) }

// ahead answers every nth message by a clock that is ahead, and the others honestly.
func ahead(d time.Duration, nth int64) func(net.Conn) {
	var messages atomic.Int64
	return talk(func(m []byte) []byte {
		t2 := time.Now()
		if messages.Add(1)%nth == 0 {
			t2 = t2.Add(d)
		}
		return answeredAt(t2.UnixNano(), m)
	})
}

// honest answers as the protocol says.
var honest = talk(answered)

// delayed answers so long after the message came, with the time it came.
func delayed(d time.Duration) func(net.Conn) {
	return talk(func(m []byte) []byte {
		reply := answered(m)
		time.Sleep(d)
		return reply
	})
}

// scattered answers after a time by chance below most, each message's independent of the others'.
func scattered(most time.Duration) func(net.Conn) {
	return talk(func(m []byte) []byte {
		reply := answered(m)
		time.Sleep(rand.N(most))
		return reply
	})
}

// growing answers each message of a connection later than the one before, by so much.
func growing(by time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		delay := time.Duration(0)
		talk(func(m []byte) []byte {
			delay += by
			reply := answered(m)
			time.Sleep(delay)
			return reply
		})(c)
	}
}

// dropping answers all messages but one in so many.
func dropping(every int64) func(net.Conn) {
	var messages atomic.Int64
	return talk(func(m []byte) []byte {
		if messages.Add(1)%every == 0 {
			return nil
		}
		return answered(m)
	})
}

// picky serves so many connections, one after another too, and closes all others at once.
func picky(most int64) func(net.Conn) {
	var served atomic.Int64
	return func(c net.Conn) {
		if served.Add(1) <= most {
			honest(c)
		}
		served.Add(-1)
	}
}

// mortal answers so many messages, and then its peer is no more.
func mortal(answers int64, made <-chan *peer) func(net.Conn) {
	var messages atomic.Int64
	return talk(func(m []byte) []byte {
		if messages.Add(1) == answers {
			(<-made).kill()
		}
		return answered(m)
	})
}

// silent takes everything and says nothing.
func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// trickling sends every reply byte by byte.
func trickling(c net.Conn) {
	talk(func(m []byte) []byte {
		for _, b := range answered(m) {
			_, _ = c.Write([]byte{b})
		}
		return nil
	})(c)
}

// bytewise takes every byte for a message.
func bytewise(c net.Conn) {
	b := make([]byte, 1)
	for {
		if _, err := c.Read(b); err != nil || wire.IsGoodbye(b) {
			return
		}
		_, _ = c.Write(answered(b))
	}
}

// parting answers so many messages, then closes.
func parting(after int) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, wire.MaxMessage)
		for range after {
			n, err := c.Read(b)
			if err != nil || wire.IsGoodbye(b[:n]) {
				return
			}
			_, _ = c.Write(answered(b[:n]))
		}
		_, _ = c.Read(b) // what is unread would make the close a reset
		_, _ = c.Write([]byte{wire.Goodbye})
	}
}

// improving closes so many connections after a message, and is honest then.
func improving(after int64) func(net.Conn) {
	var connections atomic.Int64
	return func(c net.Conn) {
		if connections.Add(1) <= after {
			parting(1)(c)
			return
		}
		honest(c)
	}
}

func garbage(m []byte) []byte   { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }
func coalesced(m []byte) []byte { return bytes.Repeat(answered(m), 2) }
