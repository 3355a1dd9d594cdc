// Package rig is what tests and the self-test measure against: a relay that
// delays by known amounts and logs what it applied, and a clock that is wrong in
// known ways. So what a measurement says can be held against what was the case.
//
// [ListenTCP] and [ListenUDP] make a relay from a [RelayConfig]; its [Log]s say what
// it did to every packet. A [Clock] is given to what is measured: a server, or a
// client.
package rig

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

// A RelayConfig says how a relay is built.
type RelayConfig struct {
	Target  netip.AddrPort // where clients are relayed to
	Forward Path           // from a client to the target
	Reverse Path           // from the target to a client
	Seed    uint64         // of the random delays
	Clock   evloop.Clock   // of the logs; its wall is the host's
	Engine  evloop.Engine  // of a TCP relay; empty is the best there is
}

// validate says what cannot be built.
func (c RelayConfig) validate() error {
	switch {
	case !c.Target.IsValid():
		return errors.New("a relay needs a target")
	case c.Clock == nil:
		return errors.New("a relay needs a clock")
	case !c.Forward.isValid() || !c.Reverse.isValid():
		return errors.New("a relay's delays cannot be negative")
	}
	return nil
}

// loopback is where a relay listens.
var loopback = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)

// A Path is how long a packet is held in one direction. The zero Path does not
// hold it.
type Path struct {
	Constant time.Duration // of every packet
	Jitter   time.Duration // the mean of what is added, which is exponentially distributed; 0 is none
}

func (p Path) isValid() bool { return p.Constant >= 0 && p.Jitter >= 0 }

// draw returns the delay of a packet.
func (p Path) draw(rng *rand.Rand) time.Duration {
	if p.Jitter == 0 {
		return p.Constant
	}
	return p.Constant + time.Duration(rng.ExpFloat64()*float64(p.Jitter))
}

// A direction is what a relay does to all packets that go one way.
type direction struct {
	path Path
	log  Log

	mu  sync.Mutex
	rng *rand.Rand
}

// draw returns the delay of the next packet in nanoseconds.
func (d *direction) draw() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(d.path.draw(d.rng))
}

// sends logs a packet that came at a time and is about to be written.
func (d *direction) sends(at, now int64) { d.log.add(Applied{At: at, Delay: now - at}) }

// directions are both of a relay's. Their random delays are independent.
type directions struct{ forward, reverse direction }

func newDirections(cfg RelayConfig) *directions {
	return &directions{
		forward: direction{path: cfg.Forward, rng: rand.New(rand.NewPCG(cfg.Seed, 1))},
		reverse: direction{path: cfg.Reverse, rng: rand.New(rand.NewPCG(cfg.Seed, 2))},
	}
}

// Forward is the log of what went from clients to the target.
func (d *directions) Forward() *Log { return &d.forward.log }

// Reverse is the log of what went from the target to clients.
func (d *directions) Reverse() *Log { return &d.reverse.log }
