package launch

import (
	"context"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChildrenThatAreLeft holds that what left the process group is found and ended too.
func TestChildrenThatAreLeft(t *testing.T) {
	t.Parallel()
	s := started(t, "leaving", 3*time.Second)
	left := s.family.strays()
	if len(left) != 2 {
		t.Fatalf("its family is %+v", left)
	}
	forced, err := s.Stop(t.Context())
	if forced || err == nil || !strings.Contains(err.Error(), "left processes running") || !strings.Contains(err.Error(), left[0].name) {
		t.Errorf("forced %v, %v", forced, err)
	}
	gone(t, s)
	for _, p := range left {
		if err := syscall.Kill(p.pid, 0); err == nil {
			t.Errorf("%+v is still there", p)
		}
	}
}

// TestDaemon holds that a server that goes into the background is an error, and ended.
func TestDaemon(t *testing.T) {
	t.Parallel()
	var addr netip.AddrPort
	noted := func(ctx context.Context, a netip.AddrPort) error {
		addr = a
		return answers(ctx, a)
	}
	s, err := Start(t.Context(), command(t, "daemon"), Options{noted, waiting, waiting})
	if err == nil {
		// It answered before it was seen to have gone into the background.
		select {
		case <-s.Ended():
		case <-time.After(waiting):
			t.Fatal("it goes on")
		}
		_, _ = s.Stop(t.Context())
		gone(t, s)
		return
	}
	if err := answers(t.Context(), addr); err == nil {
		t.Error("its child answers after all")
	}
	if !strings.Contains(err.Error(), "exit status 0") || !strings.Contains(err.Error(), "stay in the foreground") {
		t.Errorf("%v", err)
	}
}
