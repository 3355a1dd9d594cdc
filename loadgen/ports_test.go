package loadgen

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// socketAddr writes an address and a port as the kernel of this machine does.
func socketAddr(text string) string {
	ap := netip.MustParseAddrPort(text)
	var s strings.Builder
	for b := ap.Addr().AsSlice(); len(b) > 0; b = b[4:] {
		fmt.Fprintf(&s, "%08X", binary.NativeEndian.Uint32(b))
	}
	return fmt.Sprintf("%s:%04X", &s, ap.Port())
}

func TestPortsTowards(t *testing.T) {
	table := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	for i, l := range []struct{ local, remote, state string }{
		{"10.9.0.1:40000", "10.9.0.2:12345", "06"},
		{"10.9.0.1:40001", "10.9.0.2:12345", "06"},
		{"10.9.0.1:40002", "10.9.0.2:12345", "01"},
		{"10.9.0.1:40003", "10.9.0.2:12345", "02"},
		{"10.9.0.1:39999", "10.9.0.2:12345", "06"}, // a port that no connection gets
		{"10.9.0.1:40004", "10.9.0.2:12346", "06"}, // another server
		{"10.9.0.1:40004", "10.9.0.3:12345", "06"},
		{"10.9.0.4:40000", "10.9.0.2:12345", "06"}, // another source
		{"0.0.0.0:40005", "0.0.0.0:0", "0A"},
		{"[fe80::1]:40006", "[fe80::2]:12345", "01"},
	} {
		table += fmt.Sprintf("%4d: %s %s %s 00000000:00000000 03:00001768 00000000     0        0 0 3 ffff\n", i, socketAddr(l.local), socketAddr(l.remote), l.state)
	}
	table += "nonsense\n   1: 0100007F 0200007F:3039 06\n   2: XX00007F:9C40 0200090A:3039 06\n"
	counts := func(port uint16) bool { return port >= 40000 && port <= 40400 }
	source, other := netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.4")
	for _, tc := range []struct {
		target string
		reused bool
		want   map[netip.Addr]heldPorts
	}{
		{"10.9.0.2:12345", false, map[netip.Addr]heldPorts{source: {timeWait: 2, open: 2}, other: {timeWait: 1}}},
		{"10.9.0.2:12345", true, map[netip.Addr]heldPorts{source: {open: 2}, other: {}}},
		{"10.9.0.9:12345", false, map[netip.Addr]heldPorts{}},
		{"[fe80::2%eth0]:12345", false, map[netip.Addr]heldPorts{netip.MustParseAddr("fe80::1"): {open: 1}}},
	} {
		got := portsTowards(strings.NewReader(table), netip.MustParseAddrPort(tc.target), counts, tc.reused)
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(heldPorts{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("towards %s (-want +got):\n%s", tc.target, diff)
		}
	}
}

// TestPortsOfRealConnections holds that connections are found in this system's table.
func TestPortsOfRealConnections(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("no table of connections on %s", runtime.GOOS)
	}
	for _, tc := range []struct{ listen, table string }{{"127.0.0.1:0", "/proc/net/tcp"}, {"[::1]:0", "/proc/net/tcp6"}} {
		l, err := net.Listen("tcp", tc.listen)
		if err != nil {
			t.Logf("not listening on %s: %v", tc.listen, err)
			continue
		}
		defer l.Close()
		const conns = 5
		for range conns {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		f, err := os.Open(tc.table)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		target := netip.MustParseAddrPort(l.Addr().String())
		held := portsTowards(f, target, func(uint16) bool { return true }, false)
		if held[target.Addr()].open != conns {
			t.Errorf("of %d connections to %v there are %+v", conns, target, held)
		}
	}
}

func TestReservedPorts(t *testing.T) {
	for list, want := range map[string]int{"": 0, "8080": 0, "40000": 1, "40000-40009": 10, "39990-40009,40400-40500": 11, "x,40001": 1, "41000-42000": 0} {
		if got := reservedPorts(list, 40000, 40400); got != want {
			t.Errorf("%q reserves %d ports of 40000 to 40400, want %d", list, got, want)
		}
	}
}

func FuzzPortsTowards(f *testing.F) {
	target := netip.MustParseAddrPort("127.0.0.1:12345")
	f.Add("   0: " + socketAddr("127.0.0.1:40000") + " " + socketAddr(target.String()) + " 06")
	f.Add("   0: 0100007F:3039 0100007F:3039 06 \n\n 1: ::: : :")
	f.Fuzz(func(t *testing.T, table string) {
		held := portsTowards(io.LimitReader(strings.NewReader(table), 1<<20), target, func(uint16) bool { return true }, false)
		lines := strings.Count(table, "\n") + 1
		for a, h := range held {
			if !a.IsValid() || h.open+h.timeWait < 1 || h.open+h.timeWait > lines {
				t.Errorf("%v: %+v of %d lines", a, h, lines)
			}
		}
	})
}
