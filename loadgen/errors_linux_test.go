package loadgen

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/echostamp/echostamp/internal/evloop"
)

// TestConnectErrors holds under which kind a failure to connect is counted, and that the
// system's words are kept with a remedy that fits. EADDRNOTAVAIL of a host without IPv6 was
// told as ports that run out, a reset as refused, and the kind "connect" told nothing.
func TestConnectErrors(t *testing.T) {
	connect := func(e syscall.Errno) error { return os.NewSyscallError("connect", e) }
	const v4, v6 = "192.0.2.7:12345", "[2001:db8::7]:12345"
	for _, tc := range []struct {
		err         error
		target      string
		unaddressed bool
		kind        string
		says        string // all of it
	}{
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), v4, false, "refused", "is a server listening there?"},
		{evloop.ErrDeadline, v4, false, "connect-timeout", advice[connectTimeout]},
		{connect(syscall.ETIMEDOUT), v4, false, "connect-timeout", advice[connectTimeout]},
		{connect(syscall.ECONNRESET), v4, false, "reset", advice[reset]},
		{connect(syscall.EPIPE), v4, false, "reset", advice[reset]},
		{connect(syscall.EMFILE), v4, false, "descriptors", advice[descriptors]},
		{connect(syscall.ENFILE), v4, false, "descriptors", "connect: too many open files in system: the whole system is out of open files: raise fs.file-max, or end other programs"},
		{connect(syscall.EADDRNOTAVAIL), v4, false, "ports", advice[ports]},
		{connect(syscall.EADDRNOTAVAIL), v6, false, "ports", advice[ports]},
		{connect(syscall.EADDRNOTAVAIL), v6, true, "connect", "connect: cannot assign requested address: this host has no IPv6 address to connect from: is IPv6 off? Use an IPv4 address"},
		{connect(syscall.EADDRNOTAVAIL), v4, true, "connect", "connect: cannot assign requested address: this host has no address to connect to it from"},
		{os.NewSyscallError("bind", syscall.EADDRNOTAVAIL), v4, false, "connect", "bind: cannot assign requested address: is the source still an address of this host?"},
		{os.NewSyscallError("bind", syscall.EADDRINUSE), v4, false, "ports", advice[ports]},
		{connect(syscall.EHOSTUNREACH), v4, false, "unreachable", "connect: no route to host: is the host up, and is there a route to it?"},
		{connect(syscall.ENETUNREACH), v4, false, "unreachable", "connect: network is unreachable: is there a route to the host?"},
		{connect(syscall.ENETDOWN), v4, false, "unreachable", "connect: network is down: is the interface up that leads there?"},
		{connect(syscall.EACCES), v4, false, "connect", "connect: permission denied: does a route of this host prohibit it (ip route get), or a security policy?"},
		{connect(syscall.EPERM), v4, false, "connect", "connect: operation not permitted: does a firewall of this host reject it?"},
		{connect(syscall.EINVAL), v4, false, "connect", "connect: invalid argument: is it an address to connect to, and does no blackhole route lead there (ip route get)?"},
		{connect(syscall.EINVAL), "[fe80::1]:1", false, "connect", "connect: invalid argument: a link-local address needs a zone, the interface that leads to it, such as fe80::1%eth0"},
		{connect(syscall.EINVAL), "[fe80::1%no-such]:1", false, "connect", `connect: invalid argument: this host has no interface "no-such" to be the zone of the address (ip link lists them)`},
		{errors.New("no such network interface"), "[fe80::1%999999]:1", false, "connect", `no such network interface: this host has no interface "999999" to be the zone of the address (ip link lists them)`},
		{connect(syscall.ENODEV), v6, false, "connect", "connect: no such device: is there such an interface on this host?"},
		{os.NewSyscallError("socket", syscall.EAFNOSUPPORT), v6, false, "connect", "socket: address family not supported by protocol: this host does not support this address family; is IPv6 disabled? Use an IPv4 address"},
		{connect(syscall.ENOBUFS), v4, false, "connect", "connect: no buffer space available: the system has no memory for another connection: use fewer clients"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: connect(syscall.EPERM)}, v4, false, "connect", "connect: operation not permitted: does a firewall of this host reject it?"},
		{errors.New("odd"), v4, false, "connect", "odd"},
	} {
		s := simulate(t, nil)
		s.target, s.unaddressed = netip.MustParseAddrPort(tc.target), tc.unaddressed
		s.conn().End(tc.err)
		s.expect(fmt.Sprint("errors of ", tc.err), s.counts.errors.named(), map[string]int64{tc.kind: 1})
		s.expect("clients down", s.down, 1)
		want := fmt.Sprintf(": %s 1 (%s)", tc.kind, tc.says)
		if said := s.said.list(&s.counts.errors, adviser{}); said != want {
			t.Errorf("%v to %s: said %q, want %q", tc.err, tc.target, said, want)
		}
	}
}

// TestFirstErrorsAreOfKindsThatOccurred is a server that is killed in mid-run: what the
// system says of connections that are refused from then on was told as of kind io.
func TestFirstErrorsAreOfKindsThatOccurred(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		kinds map[string]int64
		tells []string
	}{
		"refused":    {os.NewSyscallError("connect", syscall.ECONNREFUSED), map[string]int64{"goodbye": 1, "refused": 1}, nil},
		"never made": {evloop.ErrDeadline, map[string]int64{"goodbye": 1, "connect-timeout": 1}, nil},
		"odd":        {os.NewSyscallError("connect", syscall.EPERM), map[string]int64{"goodbye": 1, "connect": 1}, []string{"first connect error: connect: operation not permitted: does a firewall of this host reject it?"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			s.answer(0)
			s.conn().End(io.EOF)
			s.after(10 * ms)
			s.conn().End(tc.err)
			s.expect("errors", s.counts.errors.named(), tc.kinds)
			if got := s.said.tell(adviser{Text, true}); !slices.Equal(got, tc.tells) {
				t.Errorf("told %q, want %q", got, tc.tells)
			}
		})
	}
	t.Run("on a connection that was made", func(t *testing.T) {
		s := open(t, nil)
		s.conn().End(os.NewSyscallError("read", syscall.EIO))
		s.expect("errors", s.counts.errors.named(), map[string]int64{"io": 1})
		s.expect("what is told", s.said.tell(adviser{}), []string{"first io error: read: input/output error"})
	})
}
