package main

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// TestZonesOfLinkLocalAddresses measures over a link by addresses that are one for each
// interface: every engine keeps the zone of both ends, and so does the record.
func TestZonesOfLinkLocalAddresses(t *testing.T) {
	t.Parallel()
	h := newOtherHost(t)
	near, far := h.near, h.far
	for _, args := range []string{"addr add fe80::a/64 dev " + near + " nodad", "-n " + h.name + " addr add fe80::b/64 dev " + far + " nodad"} {
		if err := h.run(strings.Fields(args)...); err != nil {
			peers.Lack(t, "IPv6 in network namespaces", err)
		}
	}
	eachEngine(t, "link", func(t *testing.T, engine string) {
		listen := "[fe80::b%" + far + "]:0"
		s := listeningOn(t, 1, h.on(exec.Command(program(t), "server", "-l", listen, "--engine", engine, "--log", "connections")))
		port := s.addrs[0][strings.LastIndex(s.addrs[0], ":"):]
		if want := "[fe80::b%" + far + "]" + port; s.addrs[0] != want {
			t.Errorf("it listens on %s, want %s", s.addrs[0], want)
		}
		target, source := "[fe80::b%"+near+"]"+port, "fe80::a%"+near
		r := execute(t, exec.Command(program(t), "load", "-q", "--accept-invalid", "-c", "2", "-n", "40", "--engine", engine, "--source", source, "--format", "json", target))
		if r.code != exitDone {
			t.Fatalf("exit code %d, %s", r.code, r.errOut)
		}
		run := r.run(t)
		if run.Config.Target != target || run.Server.Address != target || !slices.Equal(run.Config.Sources, []string{source}) || run.Clock.Relation == record.Same {
			t.Errorf("the record has target %q, address %q, sources %q, clock %q", run.Config.Target, run.Server.Address, run.Config.Sources, run.Clock.Relation)
		}
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
		if log := s.errOut.String(); !strings.Contains(log, "[[fe80::a%"+far+"]:") {
			t.Errorf("the server's log: %s", log)
		}
		for args, want := range map[string]string{
			"--source fe80::b%" + near + " " + target: "--source: fe80::b%" + near + " is no address of this host",
			"--source fe80::a%lo " + target:           "--source: fe80::a%lo is no address of this host",
			"--source fe80::a " + target:              "--source: fe80::a needs its interface behind it",
		} {
			if r := execute(t, exec.Command(program(t), append([]string{"load", "-q", "-n", "10", "--engine", engine}, strings.Fields(args)...)...)); r.code != exitUsage || !strings.Contains(r.errOut, want) {
				t.Errorf("%s: exit code %d, %s; want %s", args, r.code, r.errOut, want)
			}
		}
	})
}
