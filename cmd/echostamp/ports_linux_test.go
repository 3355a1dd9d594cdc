package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// fewPorts is another host, which has 101 ports for connections from it.
func fewPorts(t *testing.T) otherHost {
	sh := peers.Need(t, "sh")
	h := newOtherHost(t)
	if err := h.run("-n", h.name, "link", "set", "lo", "up"); err != nil { // which leads to its own address
		t.Fatal(err)
	}
	set := exec.Command(sh, "-c", "echo 40000 40100 >/proc/sys/net/ipv4/ip_local_port_range")
	if out, err := h.on(set).CombinedOutput(); err != nil {
		peers.Lack(t, "the right to set the range of ports", fmt.Errorf("%w: %s", err, out))
	}
	return h
}

func TestFewPorts(t *testing.T) {
	t.Parallel()
	h := fewPorts(t)
	t.Run("none left", func(t *testing.T) { outOfPorts(t, h) })
	t.Run("in TIME_WAIT", func(t *testing.T) { portsInTimeWait(t, h) })
}

// portsInTimeWait holds that ports which closed connections still hold are counted
// before a run begins, and end a search: they were found out by connections that failed, and
// the server was told to be behind.
func portsInTimeWait(t *testing.T, h otherHost) {
	s := listeningOn(t, 1, h.on(exec.Command(program(t), "server", "--listen", h.addr+":12345")))
	load := func(args string) result {
		t.Helper()
		return execute(t, h.on(exec.Command(program(t), strings.Fields("load -q --accept-invalid --format json -c 90 "+args+" "+s.addrs[0])...)))
	}
	r := load("--find-rate response.p50<10s --find-max 1000/s -d 300ms")
	found := r.run(t)
	if r.code != exitDone || found.Search.Limit != record.ByGenerator || found.Validity.Verdict != record.GeneratorLimited || len(found.Search.Steps) != 1 {
		t.Errorf("exit code %d, %+v, %+v", r.code, found.Search, found.Validity)
	}
	// Of some connections it is the server that keeps them in TIME_WAIT: who closes first.
	const says = `90 clients from \S+ need as many ports, and towards \S+:12345 it has \d+ free: of 101, (connections in TIME_WAIT hold \d+( and open connections hold \d+)?|open connections hold \d+); wait a minute, give more addresses with --source, or use fewer clients`
	if !regexp.MustCompile(`the search could not go on, and what it found is not confirmed: ` + says).MatchString(strings.Join(found.Validity.Reasons, "; ")) {
		t.Errorf("reasons %q", found.Validity.Reasons)
	}
	if r = load("-n 90"); r.code != exitFailed || !regexp.MustCompile(says).MatchString(r.errOut) || r.run(t).Totals.Errors["ports"] != 1 {
		t.Errorf("exit code %d, %s", r.code, r.errOut)
	}
	if r = load("-c 8 -n 800"); r.code != exitDone || r.run(t).Totals.Received != 800 {
		t.Errorf("exit code %d, %s", r.code, r.errOut)
	}
}

// outOfPorts holds whose limit it is when connections find no port.
func outOfPorts(t *testing.T, h otherHost) {
	listen := []string{"server", "--listen", h.addr + ":12346"}
	for port := range 80 { // these are taken, and no connection has them
		listen = append(listen, "--listen", fmt.Sprintf("%s:%d", h.addr, 40000+port))
	}
	s := listeningOn(t, 81, h.on(exec.Command(program(t), listen...)))
	for _, engine := range []string{"epoll", "portable"} {
		r := execute(t, h.on(exec.Command(program(t), strings.Fields("load -q -c 60 -r 1000 -d 1s --max-errors 100% --accept-invalid --format json --engine "+engine+" "+s.addrs[0])...)))
		run := r.run(t)
		if run.Totals.Errors["ports"] < 30 {
			t.Fatalf("%s: errors %v; %s", engine, run.Totals.Errors, r.errOut)
		}
		why := strings.Join(run.Validity.Reasons, "; ")
		if !run.Validity.Limited || !strings.Contains(why, "this host ran out of local ports") || strings.Contains(why, "the server did not keep up") {
			t.Errorf("%s: %+v", engine, run.Validity)
		}
		if !slices.ContainsFunc(run.Validity.Reasons, func(s string) bool { return strings.Contains(s, "TIME_WAIT") }) {
			t.Errorf("%s: reasons %q", engine, run.Validity.Reasons)
		}
	}
}
