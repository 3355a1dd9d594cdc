package rig

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
)

// A UDPRelay has a socket of its own for each client, as a NAT has, and holds the
// datagrams that go in between. Each is held by itself, so they may overtake one
// another.
type UDPRelay struct {
	*directions
	target  *net.UDPAddr
	clock   evloop.Clock
	front   *net.UDPConn // what clients send to
	sockets map[netip.AddrPort]*net.UDPConn
	room    int            // for further clients
	wg      sync.WaitGroup // of the readers, and of datagrams that are held
}

// maxClients bounds the sockets. Datagrams of clients beyond it are dropped, as
// those are for which the system has no socket.
const maxClients = 1024

// maxDatagram is more bytes than any datagram has.
const maxDatagram = 64 << 10

// ListenUDP binds a free port of 127.0.0.1.
func ListenUDP(cfg RelayConfig) (*UDPRelay, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		return nil, err
	}
	return &UDPRelay{
		directions: newDirections(cfg),
		target:     net.UDPAddrFromAddrPort(cfg.Target), clock: cfg.Clock,
		front: c, sockets: map[netip.AddrPort]*net.UDPConn{}, room: maxClients,
	}, nil
}

// Addr is the address that was bound.
func (r *UDPRelay) Addr() netip.AddrPort {
	a := r.front.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Run relays until ctx ends, and drops what it holds then. It is called once,
// even if ctx has ended, to let go of the port.
func (r *UDPRelay) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { r.front.Close() })
	defer stop()
	r.readAll(r.front, func(b []byte, at int64, client netip.AddrPort) {
		if up := r.socket(ctx, client); up != nil {
			r.hold(ctx, &r.forward, at, func() { _, _ = up.Write(b) })
		}
	})
	for _, up := range r.sockets {
		up.Close()
	}
	r.wg.Wait()
	return nil
}

// socket returns the client's socket, or nil if there cannot be one.
func (r *UDPRelay) socket(ctx context.Context, client netip.AddrPort) *net.UDPConn {
	if up := r.sockets[client]; up != nil || r.room == 0 {
		return up
	}
	up, err := net.DialUDP("udp", nil, r.target)
	if err != nil {
		return nil
	}
	r.room--
	r.sockets[client] = up
	r.wg.Go(func() {
		r.readAll(up, func(b []byte, at int64, _ netip.AddrPort) {
			r.hold(ctx, &r.reverse, at, func() { _, _ = r.front.WriteToUDPAddrPort(b, client) })
		})
	})
	return up
}

// readAll calls each with a copy of every datagram, and when it came, until the
// socket is closed. Other errors tell what became of a datagram sent before.
func (r *UDPRelay) readAll(c *net.UDPConn, each func(b []byte, at int64, from netip.AddrPort)) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		at, _ := r.clock.Now()
		switch {
		case err == nil:
			each(bytes.Clone(buf[:n]), at, from)
		case errors.Is(err, net.ErrClosed):
			return
		}
	}
}

// hold sends a datagram when its time has come.
func (r *UDPRelay) hold(ctx context.Context, d *direction, at int64, send func()) {
	due := time.After(time.Duration(d.draw()))
	r.wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-due:
			now, _ := r.clock.Now()
			d.sends(at, now)
			send()
		}
	})
}
