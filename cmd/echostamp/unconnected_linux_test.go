package main

import (
	"os/exec"
	"regexp"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
)

// TestWhyNothingConnects holds that the error keeps the system's words on why no client
// could connect, with a remedy that fits.
func TestWhyNothingConnects(t *testing.T) {
	t.Parallel()
	sh := peers.Need(t, "sh")
	h := newOtherHost(t)
	for _, args := range [][]string{
		{"link", "set", "lo", "up"}, {"route", "add", "prohibit", "10.204.1.0/24"}, {"route", "add", "blackhole", "10.204.2.0/24"},
		{"route", "add", "unreachable", "10.204.3.0/24"},
	} {
		if err := h.run(append([]string{"-n", h.name}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := h.on(exec.Command(sh, "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for target, says := range map[string]string{
		"10.204.1.1:12345":        `connect \d+ \(connect: permission denied: does a route of this host prohibit it`,
		"10.204.2.1:12345":        `connect \d+ \(connect: invalid argument: .*blackhole route`,
		"10.204.3.1:12345":        `unreachable \d+ \(connect: no route to host: `,
		"192.0.2.7:12345":         `unreachable \d+ \(connect: network is unreachable: is there a route to the host\?\)`,
		"[fe80::1]:12345":         `connect \d+ \(connect: invalid argument: a link-local address needs a zone`,
		"[fe80::1%no-such]:12345": `connect \d+ \(.*: this host has no interface "no-such"`,
		"[::1]:12345":             `connect \d+ \(connect: cannot assign requested address: this host has no IPv6 address to connect from: is IPv6 off\?`,
		h.addr + ":1":             `refused \d+ \(is a server listening there\?\)`,
	} {
		for _, engine := range []string{"epoll", "portable"} {
			r := execute(t, h.on(exec.Command(program(t), "load", "-q", "-c", "2", "-d", "1s", "--engine", engine, target)))
			if r.code != exitFailed || !regexp.MustCompile(says).MatchString(r.errOut) {
				t.Errorf("%s, %s: exit code %d, %s", target, engine, r.code, r.errOut)
			}
		}
	}
}
