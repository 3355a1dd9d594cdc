package rig

import (
	"io"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
)

// simulation is a relay with one client, on a clock that the test moves.
type simulation struct {
	*testing.T
	*directions
	shard          *evlooptest.Shard
	front          *front
	client, target *evlooptest.Conn
}

func simulate(t *testing.T, forward, reverse Path) *simulation {
	s := &simulation{
		T: t, shard: &evlooptest.Shard{Time: 1732310000e9},
		directions: newDirections(RelayConfig{Forward: forward, Reverse: reverse}),
	}
	s.front = newFront(loopback, s.directions)
	s.shard.Dial(loopback, s.front)
	s.client = s.shard.Dialed[0]
	s.client.Establish()
	s.target = s.shard.Dialed[1]
	return s
}

func (s *simulation) pass(d time.Duration) { s.shard.Advance(s.shard.Time + int64(d)) }

// expect holds a connection to what was written to it since the last time.
func (s *simulation) expect(c *evlooptest.Conn, want string) {
	s.Helper()
	if got := string(c.Written); got != want {
		s.Fatalf("%q was written, want %q", got, want)
	}
	c.Written = nil
}

func expectDelays(t *testing.T, l *Log, want ...time.Duration) {
	t.Helper()
	got := l.Applied()
	if len(got) != len(want) {
		t.Fatalf("the log has %+v, want the delays %v", got, want)
	}
	for i, a := range got {
		if a.Delay != int64(want[i]) {
			t.Errorf("packet %d was held for %v, want %v", i, time.Duration(a.Delay), want[i])
		}
	}
}

const ms = time.Millisecond

func TestPacketsAreHeld(t *testing.T) {
	s := simulate(t, Path{Constant: 10 * ms}, Path{Constant: 3 * ms})
	s.target.Establish()
	begin := s.shard.Time
	s.client.Receive("a")
	s.pass(4 * ms)
	s.client.Receive("b")
	s.target.Receive("x")
	s.pass(3*ms - 1)
	s.expect(s.client, "")
	s.pass(1)
	s.expect(s.client, "x")
	s.pass(3*ms - 1)
	s.expect(s.target, "")
	s.pass(1)
	s.expect(s.target, "a")
	s.pass(4 * ms)
	s.expect(s.target, "b")
	expectDelays(t, s.Forward(), 10*ms, 10*ms)
	expectDelays(t, s.Reverse(), 3*ms)
	if got, want := s.Reverse().Applied()[0].At, begin+int64(4*ms); got != want {
		t.Errorf("a packet came at %d, want %d", got, want)
	}
}

func TestPacketsWaitForTheConnection(t *testing.T) {
	s := simulate(t, Path{Constant: 10 * ms}, Path{})
	s.client.Receive("a")
	s.pass(1 * ms)
	s.client.Receive("b")
	s.pass(20 * ms)
	s.client.Receive("c")
	s.pass(0)
	s.expect(s.target, "")
	s.target.Establish()
	s.pass(0)
	s.expect(s.target, "ab")
	s.pass(10 * ms)
	s.expect(s.target, "c")
	expectDelays(t, s.Forward(), 21*ms, 20*ms, 10*ms)
}

func TestJitterKeepsTheOrder(t *testing.T) {
	s := simulate(t, Path{Constant: ms, Jitter: ms}, Path{})
	s.target.Establish()
	var sent string
	for i := range 1000 {
		text := strconv.Itoa(i) + "\n"
		sent += text
		s.client.Receive(text)
		s.pass(ms / 10)
	}
	s.pass(time.Minute)
	s.expect(s.target, sent)
	var left, sum int64
	for _, a := range s.Forward().Applied() {
		if a.At+a.Delay < left || a.Delay < int64(ms) {
			t.Fatalf("%+v, after what left at %d", a, left)
		}
		left, sum = a.At+a.Delay, sum+a.Delay
	}
	if mean := time.Duration(sum / 1000); mean < 2*ms { // those behind wait for those that are held for long
		t.Errorf("the mean delay is %v", mean)
	}
}

func TestEndFollowsWhatWasSent(t *testing.T) {
	s := simulate(t, Path{Constant: 10 * ms}, Path{Constant: 10 * ms})
	s.target.Establish()
	s.target.Receive("lost")
	s.client.Receive("last words")
	s.pass(2 * ms)
	s.client.End(io.EOF)
	s.pass(10*ms - 1)
	s.expect(s.target, "last words")
	if s.target.Closed {
		t.Error("the end came too early")
	}
	s.pass(1)
	s.pass(0) // to be told
	if !s.target.Ended {
		t.Error("the end did not come")
	}
	s.pass(time.Minute)
	s.expect(s.client, "")
	expectDelays(t, s.Forward(), 10*ms)
	expectDelays(t, s.Reverse())
}

func TestEndOfTheTarget(t *testing.T) {
	for name, establish := range map[string]bool{"refuses": false, "closes": true} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, Path{Constant: 10 * ms}, Path{Constant: 5 * ms})
			if establish {
				s.target.Establish()
			}
			s.client.Receive("lost")
			s.target.End(syscall.ECONNREFUSED)
			s.client.Receive("and more")
			s.pass(5*ms - 1)
			if s.client.Closed {
				t.Error("the end came too early")
			}
			s.pass(1)
			s.pass(0) // to be told
			if !s.client.Ended {
				t.Error("the client's connection stays")
			}
			s.pass(time.Minute)
			expectDelays(t, s.Forward())
		})
	}
}

func TestRelayingDoesNotAllocate(t *testing.T) {
	s := simulate(t, Path{Constant: 10 * ms, Jitter: ms}, Path{})
	s.target.Establish()
	message := []byte("a message")
	lane := &s.front.links[s.client].forward
	relay := func() {
		s.target.Written = s.target.Written[:0]
		lane.take(message, s.shard.Time)
		s.pass(ms)
	}
	if n := testing.AllocsPerRun(10_000, relay); n > 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}
