package loadgen

import (
	"net/netip"
	"strings"
	"testing"
)

func TestPreflight(t *testing.T) {
	address := func(text string) netip.Addr { return netip.MustParseAddr(text) }
	one, two := []netip.Addr{address("10.9.0.1")}, []netip.Addr{address("127.0.0.2"), address("127.0.0.3")}
	held := map[netip.Addr]heldPorts{one[0]: {timeWait: 330}, two[0]: {open: 1000}, two[1]: {timeWait: 27_000, open: 1}}
	for _, tc := range []struct {
		clients, need int
		sources       []netip.Addr
		has           limits
		says          string
	}{
		{1000, 1050, nil, limits{1050, 28000, nil}, ""},
		{1000, 1051, nil, limits{1050, 28000, nil}, "1,000 clients need 1,051 file descriptors, and the limit is 1,050: raise it (ulimit -n)"},
		{28001, 28100, nil, limits{100_000, 28000, nil}, "28,001 clients need as many ports, and 1 source address(es) have 28,000: give more addresses with --source"},
		{28001, 28100, two, limits{100_000, 28000, nil}, ""},
		{56001, 56100, two, limits{100_000, 28000, nil}, "2 source address(es) have 56,000"},
		{1_000_000, 1_000_100, nil, limits{}, ""},
		{1_000_000, 1_000_100, one, limits{held: held}, ""},
		{71, 100, one, limits{1000, 401, held}, ""},
		{72, 100, one, limits{1000, 401, held}, "72 clients from 10.9.0.1 need as many ports, and towards 10.9.0.2:12345 it has 71 free: of 401, connections in TIME_WAIT hold 330; wait a minute"},
		{1998, 2100, two, limits{100_000, 28_000, held}, ""},
		{2000, 2100, two, limits{100_000, 28_000, held}, "1,000 clients from 127.0.0.3 need as many ports, and towards 10.9.0.2:12345 it has 999 free: of 28,000, connections in TIME_WAIT hold 27,000 and open connections hold 1;"},
	} {
		said := ""
		if l := lacks(tc.clients, tc.need, tc.sources, netip.MustParseAddrPort("10.9.0.2:12345"), tc.has); l != nil {
			said = l.Error()
		}
		if !strings.Contains(said, tc.says) || (said == "") != (tc.says == "") {
			t.Errorf("%d clients of %+v: %q, want %q", tc.clients, tc.has, said, tc.says)
		}
	}
}

// TestEndpoints holds what the system says of where connections would be.
func TestEndpoints(t *testing.T) {
	for _, tc := range []struct{ source, target, local, remote string }{
		{"", "127.0.0.1:12345", "127.0.0.1", "127.0.0.1:12345"},
		{"127.0.0.1", "127.0.0.1:12345", "127.0.0.1", "127.0.0.1:12345"},
	} {
		var sources []netip.Addr
		if tc.source != "" {
			sources = append(sources, netip.MustParseAddr(tc.source))
		}
		local, remote, err := endpoints(sources, netip.MustParseAddrPort(tc.target))
		if err != nil || local.String() != tc.local || remote.String() != tc.remote {
			t.Errorf("%s from %q is from %v to %v, %v", tc.target, tc.source, local, remote, err)
		}
	}
}
