package evloop

import (
	"net/netip"
	"testing"
	"unsafe"
)

// TestIdleConnectionIsSmall holds what a connection with nothing under way takes: one
// value, and a place in the tables of its shard.
func TestIdleConnectionIsSmall(t *testing.T) {
	const most = 128 // bytes
	if size := unsafe.Sizeof(epollConn{}); size > most {
		t.Errorf("a connection takes %d bytes, want at most %d", size, most)
	}
	s := &epollShard{}
	var kept *epollConn
	if n := testing.AllocsPerRun(100, func() { kept = s.newConn(nil, netip.AddrPort{}) }); n != 1 {
		t.Errorf("a connection makes %v allocations, want 1", n)
	}
	_ = kept
}
