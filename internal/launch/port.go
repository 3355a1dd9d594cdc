package launch

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Ports that systems do not hand out to clients by themselves, so that none takes one
// between its being found free and the server's listening on it.
const (
	firstPort = 20_000
	lastPort  = 29_999
)

// freePort finds a port of loopback that nobody listens on.
func freePort() (netip.AddrPort, error) {
	for range 100 {
		port := uint16(firstPort + rand.IntN(lastPort-firstPort+1))
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
		// On any address: one that is taken on another is no good to a server on all.
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{Port: int(port)})
		if err != nil {
			continue
		}
		l.Close()
		return addr, nil
	}
	return netip.AddrPort{}, errors.New("there is no free port from 20000 to 29999")
}
