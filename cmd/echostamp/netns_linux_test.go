package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
)

// otherHost is a network namespace: a host of its own, but for its clock.
type otherHost struct {
	ip, name, addr string
	near, far      string // the interfaces of the link
}

// otherHosts counts those of this process: what is left of one may last a little longer.
var otherHosts atomic.Int32

// subnet is one of four addresses, which another run of the tests is not likely to use.
func subnet(n int32) (near, far string) {
	pid := os.Getpid()
	prefix := fmt.Sprintf("10.%d.%d.", 128+n%64, pid>>6&0xff)
	return prefix + strconv.Itoa(pid&0x3f*4+1), prefix + strconv.Itoa(pid&0x3f*4+2)
}

// newOtherHost makes one, which takes root.
func newOtherHost(t *testing.T) otherHost {
	t.Helper()
	n := otherHosts.Add(1)
	here, there := subnet(n)
	h := otherHost{ip: peers.Need(t, "ip"), name: fmt.Sprintf("echostamp-%d-%d", os.Getpid(), n), addr: there}
	near, far := fmt.Sprintf("es%da%d", os.Getpid(), n), fmt.Sprintf("es%db%d", os.Getpid(), n)
	h.near, h.far = near, far
	if err := h.run("netns", "add", h.name); err != nil {
		peers.Lack(t, "the right to make network namespaces", err)
	}
	t.Cleanup(func() { _ = h.run("netns", "del", h.name) }) // and the link with it
	for _, args := range []string{
		"link add " + near + " type veth peer name " + far,
		"link set " + far + " netns " + h.name,
		"addr add " + here + "/30 dev " + near,
		"link set " + near + " up",
		"-n " + h.name + " addr add " + h.addr + "/30 dev " + far,
		"-n " + h.name + " link set " + far + " up",
	} {
		if err := h.run(strings.Fields(args)...); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h otherHost) run(args ...string) error {
	if out, err := exec.Command(h.ip, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// on has a command run there; ip is replaced by it.
func (h otherHost) on(cmd *exec.Cmd) *exec.Cmd {
	there := exec.Command(h.ip, append([]string{"netns", "exec", h.name}, cmd.Args...)...)
	there.Env = cmd.Env
	return there
}

// TestOtherHost holds what is said of servers whose address is not this host's.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	h := newOtherHost(t)
	python := peers.Need(t, "python3")
	server := []string{peersDir + "select_server.py", "--host", h.addr}
	for name, tc := range map[string]struct {
		cmd      *exec.Cmd
		args     string
		relation string
		offset   time.Duration
	}{
		"the same time":              {exec.Command(python, server...), "", record.Consistent, 0},
		"another time":               {faked(t, 3*time.Second, python, server...), "", record.Corrected, 3 * time.Second},
		"the same time, vouched for": {exec.Command(python, server...), "--clock synced:1us", record.Asserted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listeningOn(t, 1, h.on(tc.cmd))
			args := "load --accept-invalid -c 4 -r 1000 -d 1s --format json " + tc.args + " " + s.addrs[0]
			r := execute(t, exec.Command(program(t), strings.Fields(args)...))
			c := r.run(t).Clock
			if r.code != exitDone || c.Relation != tc.relation || abs(c.Offset-int64(tc.offset)) > c.Bound || c.Contradiction != 0 {
				t.Errorf("exit code %d, %s: %v ± %v; want %s, %v; %s", r.code, c.Relation, time.Duration(c.Offset), time.Duration(c.Bound), tc.relation, tc.offset, r.errOut)
			}
			if w := strings.Join(r.run(t).Warnings, "; "); strings.Contains(w, "of this host") {
				t.Errorf("warnings: %s", w)
			}
		})
	}
}
