package launch

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChildrenThatAreLeft holds that what left the process group is found and ended too.
func TestChildrenThatAreLeft(t *testing.T) {
	t.Parallel()
	s := started(t, "leaving", 3*time.Second)
	family := s.family.members()
	if len(family) != 2 {
		t.Fatalf("its family is %v", family)
	}
	forced, err := s.Stop(t.Context())
	if forced || err == nil || !strings.Contains(err.Error(), "left processes running") || !strings.Contains(err.Error(), family[0].name) {
		t.Errorf("forced %v, %v", forced, err)
	}
	gone(t, s)
	checkEnded(t, family)
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

// escaped is a command of a server that has left behind, by two forks each, processes in
// sessions, groups and environments of their own: one that ends when it is asked to, and one
// that does not.
func escaped(t *testing.T) string {
	t.Helper()
	const leaves = `env -i setsid sh -c '%ssleep 1000 >/dev/null 2>&1 &'; `
	return fmt.Sprintf(leaves, "") + fmt.Sprintf(leaves, `trap "" TERM; `) + command(t, "honest")
}

// TestChildrenThatLeftEverything holds that they are found and ended, and nothing else is.
func TestChildrenThatLeftEverything(t *testing.T) {
	t.Parallel()
	own := exec.Command("sleep", "1000")
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the parts, which are parallel
		if err := own.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("a child of the program itself: %v", err)
		}
		_, _ = own.Process.Kill(), own.Wait()
	})
	for name, hurry := range map[string]bool{"at leisure": false, "interrupted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grace := time.Second
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if hurry {
				grace = time.Hour
			}
			s, err := Start(t.Context(), escaped(t), Options{answers, waiting, grace})
			if err != nil {
				t.Fatal(err)
			}
			family := s.family.members()
			if len(family) != 3 {
				t.Errorf("its family is %v", family)
			}
			if hurry {
				cancel()
			}
			// In a hurry nobody is blamed for what was left.
			if forced, err := s.Stop(ctx); forced || (err == nil) != hurry {
				t.Errorf("forced %v, %v", forced, err)
			}
			checkEnded(t, family)
		})
	}
}

// checkEnded checks that none of some processes is left.
func checkEnded(t *testing.T, family []process) {
	t.Helper()
	if going := left(family); len(going) > 0 {
		t.Errorf("%v are still there", going)
	}
}

// TestKeeperOutlivesItsStarter holds that such children do not outlive what started the
// server even if that is killed and can do nothing.
func TestKeeperOutlivesItsStarter(t *testing.T) {
	t.Parallel()
	starter, _ := startStarter(t, escaped(t))
	family := descendants(starter.Process.Pid)
	if len(family) != 4 { // and the keeper
		t.Errorf("its family is %v", family)
	}
	_, _ = starter.Process.Kill(), starter.Wait()
	for deadline := time.Now().Add(waiting); len(left(family)) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%v are left", left(family))
		}
	}
}

// left are those of some processes that go on.
func left(family []process) (going []process) {
	for _, p := range family {
		if now, ok := processOf(p.pid); ok && !now.ended && now.id() == p.id() {
			going = append(going, p)
		}
	}
	return going
}

// TestAnotherWithItsNumber holds that a process is not meant if its number is another's.
func TestAnotherWithItsNumber(t *testing.T) {
	t.Parallel()
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	p, ok := processOf(child.Process.Pid)
	if !ok || p.parent != os.Getpid() || p.ended {
		t.Fatalf("%+v, %v", p, ok)
	}
	for _, other := range []process{{pid: p.pid, parent: p.parent, began: p.began - 1}, {pid: p.pid, parent: 1, began: p.began}} {
		if err := other.signal(syscall.SIGKILL, 0); err != nil {
			t.Errorf("%+v: %v", other, err)
		}
	}
	if now, _ := processOf(p.pid); now.ended {
		t.Fatal("it was killed")
	}
	if err := p.signal(syscall.SIGKILL, 0); err != nil {
		t.Error(err)
	}
	_ = child.Wait()
	if err := p.signal(syscall.SIGKILL, 0); err != nil {
		t.Errorf("of one that has ended: %v", err)
	}
}

// TestKeeperIsKilled holds that this is told, and that the server goes too.
func TestKeeperIsKilled(t *testing.T) {
	t.Parallel()
	s := started(t, "honest", waiting)
	family := s.family.members()
	_ = s.family.keeper.Process.Kill()
	select {
	case <-s.Ended():
	case <-time.After(waiting):
		t.Fatal("nothing is told")
	}
	if err := s.Err(); !strings.Contains(err.Error(), "the process that watches over it was killed") {
		t.Error(err)
	}
	if forced, err := s.Stop(t.Context()); forced || err != nil {
		t.Errorf("forced %v, %v", forced, err)
	}
	for deadline := time.Now().Add(waiting); len(left(family)) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the server goes on")
		}
	}
}

// TestStartNeedsKeep holds that a program which would be started again as itself is refused.
func TestStartNeedsKeep(t *testing.T) {
	canKeep = false
	defer func() { canKeep = true }()
	if _, err := Start(t.Context(), command(t, "honest"), Options{answers, waiting, waiting}); err == nil || !strings.Contains(err.Error(), "launch.Keep") {
		t.Errorf("%v", err)
	}
}
