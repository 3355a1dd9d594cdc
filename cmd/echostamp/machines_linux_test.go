package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/peers"
)

// onMachine has a command run as if on a machine, or in a container, with these ids. Its /etc is
// a copy, for a machine may have no machine-id to mount over.
func onMachine(t *testing.T, dir, name, machine, boot string, cmd ...string) *exec.Cmd {
	t.Helper()
	for file, text := range map[string]string{"machine-" + name: machine, "boot-" + name: boot} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const script = `cp -a /etc "etc-$1" && rm -f "etc-$1/machine-id" && cp "machine-$1" "etc-$1/machine-id" &&
		hostname "$1" && mount --bind "etc-$1" /etc && mount --bind "boot-$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"`
	c := exec.Command(peers.Need(t, "unshare"), append([]string{"-u", "-m", "sh", "-c", script, "sh", name}, cmd...)...)
	c.Dir = dir
	return c
}

// TestCompareTellsMachinesApart compares runs that were made on machines and in containers.
func TestCompareTellsMachinesApart(t *testing.T) {
	t.Parallel()
	peers.Need(t, "hostname")
	dir := t.TempDir()
	if out, err := onMachine(t, dir, "probe", "", "", "true").CombinedOutput(); err != nil {
		peers.Lack(t, "the right to make mount namespaces: "+string(out), err)
	}
	echostamp := program(t)
	id := func(c string) string { return strings.Repeat(c, 32) }
	for _, m := range [][3]string{
		{"a", id("a"), id("1")}, {"again", id("a"), id("2")}, {"b", id("b"), id("3")}, {"ct", id("c"), id("1")}, {"bare", "", id("1")}, {"lost", "", id("4")},
	} {
		r := execute(t, onMachine(t, dir, m[0], m[1], m[2], echostamp, "load", "-q", "-n", "20", "-c", "1", "--accept-invalid", "-o", m[0]+".json"))
		if r.code != exitDone {
			t.Fatalf("%s: exit code %d, %s", m[0], r.code, r.errOut)
		}
	}
	for name, tc := range map[string]struct {
		code int
		want string
	}{
		"b":     {exitFailed, "these runs cannot be compared: they differ in machine, by a hash of its id: "},
		"again": {exitDone, "the machine rebooted between the runs"},
		"ct":    {exitDone, "different containers of one machine"},
		"bare":  {exitDone, "different containers of one machine"},
		"lost":  {exitDone, "whether these runs are of one machine is not known"},
	} {
		c := exec.Command(echostamp, "compare", "a.json", name+".json")
		c.Dir = dir
		if r := execute(t, c); r.code != tc.code || !strings.Contains(r.out+r.errOut, tc.want) {
			t.Errorf("a with %s: exit code %d, want %d and %q in\n%s%s", name, r.code, tc.code, tc.want, r.out, r.errOut)
		}
	}
	c := exec.Command(echostamp, "compare", "--force", "a.json", "b.json")
	c.Dir = dir
	if r := execute(t, c); r.code != exitDone || !strings.Contains(r.out, "were compared although they differ in machine") {
		t.Errorf("--force: exit code %d, %s%s", r.code, r.out, r.errOut)
	}
}
