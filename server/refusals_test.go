package server

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals holds when refused connections are told of: 137 in ten seconds are two
// lines, not 137.
func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Refusal
		r := refusals{tell: func(r Refusal) { told = append(told, r) }}
		expect := func(when string, want ...Refusal) {
			t.Helper()
			synctest.Wait()
			r.mu.Lock()
			defer r.mu.Unlock()
			for i := range want {
				want[i].Err = syscall.EMFILE
			}
			if diff := cmp.Diff(want, told, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
			told = nil
		}
		for range 138 {
			r.note(syscall.EMFILE)
			time.Sleep(10 * time.Millisecond) // of the bubble's time
		}
		expect("the first", Refusal{Count: 1})
		time.Sleep(RefusalInterval)
		expect("the others", Refusal{Count: 137, Since: RefusalInterval})
		time.Sleep(3 * RefusalInterval)
		expect("nothing when there are none")
		r.note(syscall.EMFILE)
		expect("the first after a while", Refusal{Count: 1})
		time.Sleep(time.Second)
		r.note(syscall.EMFILE)
		r.end()
		expect("what is left at the end", Refusal{Count: 1, Since: time.Second})
		r.note(syscall.EMFILE)
		time.Sleep(2 * RefusalInterval)
		expect("nothing after the end")
	})
}
