package loadgen

import (
	"net/netip"
	"strings"
	"testing"
)

func TestPreflight(t *testing.T) {
	two := []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	for _, tc := range []struct {
		clients, need int
		sources       []netip.Addr
		has           limits
		says          string
	}{
		{1000, 1050, nil, limits{1050, 28000}, ""},
		{1000, 1051, nil, limits{1050, 28000}, "1,000 clients need 1,051 file descriptors, and the limit is 1,050: raise it (ulimit -n)"},
		{28001, 28100, nil, limits{100_000, 28000}, "28,001 clients need as many ports, and 1 source address(es) have 28,000: give more addresses with --source"},
		{28001, 28100, two, limits{100_000, 28000}, ""},
		{56001, 56100, two, limits{100_000, 28000}, "2 source address(es) have 56,000"},
		{1_000_000, 1_000_100, nil, limits{}, ""},
	} {
		cfg := Config{Clients: tc.clients, Sources: tc.sources}
		said := ""
		if l := cfg.lacks(tc.need, tc.has); l != nil {
			said = l.Error()
		}
		if !strings.Contains(said, tc.says) || (said == "") != (tc.says == "") {
			t.Errorf("%d clients of %+v: %q, want %q", tc.clients, tc.has, said, tc.says)
		}
	}
}
