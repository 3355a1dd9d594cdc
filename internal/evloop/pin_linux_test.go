package evloop

import (
	"strings"
	"testing"
)

// TestPinsAreCheckedFirst holds that a loop which could not run on its processors is not
// even made: a server said that it listens, and failed then.
func TestPinsAreCheckedFirst(t *testing.T) {
	before := allowed()
	_, err := New(Config{Engine: Epoll, Shards: 1, ReadSize: 1, CPUs: []int{0, 1000}})
	if err == nil || !strings.Contains(err.Error(), "cannot run on processor 1000: invalid argument; this process may use "+before) {
		t.Errorf("pinned to processor 1000: %v", err)
	}
	if now := allowed(); now != before {
		t.Errorf("the check left processors %s, of %s", now, before)
	}
}
