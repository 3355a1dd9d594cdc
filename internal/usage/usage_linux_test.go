package usage

import (
	"runtime"
	"testing"
	"time"
)

// TestThread holds that the work of a thread is found in its usage, and in that of
// the process.
func TestThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const work = 50 * time.Millisecond
	process, _ := Process()
	thread, ok := Thread()
	if !ok {
		t.Fatal("unknown")
	}
	used := func() time.Duration { u, _ := Thread(); return u.Since(thread).CPU }
	for used() < work {
	}
	now, _ := Process()
	if p := now.Since(process).CPU; p < work {
		t.Errorf("the process used %v, its thread %v", p, work)
	}
}

func TestParseSchedstat(t *testing.T) {
	for text, want := range map[string]time.Duration{"442719 1234 3\n": 1234, "": 0, "a b c": 0, "12": 0} {
		if got := parseSchedstat(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestParseStat(t *testing.T) {
	before, ok := parseStat("cpu  100 1 50 800 4 0 5 40 7 7\ncpu0 1 1 1\n")
	if !ok || before != (Stolen{40, 1000}) {
		t.Errorf("%+v, %v", before, ok)
	}
	after, _ := parseStat("cpu  150 1 50 830 4 0 5 60 7 7\n")
	if share := after.Share(before); share != 0.2 {
		t.Errorf("share %v, want 0.2", share)
	}
	if share := before.Share(before); share != 0 {
		t.Errorf("share of no time %v", share)
	}
	for _, text := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b"} {
		if _, ok := parseStat(text); ok {
			t.Errorf("%q was read", text)
		}
	}
	if _, ok := Steal(); !ok {
		t.Error("this machine's is not known")
	}
}
