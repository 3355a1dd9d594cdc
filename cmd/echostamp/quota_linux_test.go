package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
)

// newGroup makes a control group whose processes have the twentieth part of a processor, in
// either version of cgroup, and returns its directory.
func newGroup(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("echostamp-%d", os.Getpid())
	var failures []error
	for _, files := range []map[string]string{
		{"dir": "/sys/fs/cgroup/cpu/", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "5000"},
		{"dir": "/sys/fs/cgroup/cpu,cpuacct/", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "5000"},
		{"dir": "/sys/fs/cgroup/", "cpu.max": "5000 100000"},
	} {
		dir := filepath.Join(files["dir"], name)
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			t.Cleanup(func() { removeGroup(t, dir) })
		}
		for file, text := range files {
			if file != "dir" && err == nil {
				err = setFile(filepath.Join(dir, file), text)
			}
		}
		if err == nil {
			return dir
		}
		failures = append(failures, err)
	}
	peers.Lack(t, "the right to make control groups", errors.Join(failures...))
	return ""
}

// setFile writes to a file of the kernel's, which makes none.
func setFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// removeGroup removes a group, which takes that its processes are gone.
func removeGroup(t *testing.T, dir string) {
	var err error
	for over := time.Now().Add(patience); time.Now().Before(over); {
		if err = os.Remove(dir); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	t.Errorf("%s stays: %v", dir, err)
}

// TestQuota holds that a quota that is used up is named, as what stopped the load generator.
func TestQuota(t *testing.T) {
	t.Parallel()
	dir := newGroup(t)
	sh := peers.Need(t, "sh")
	r := execute(t, exec.Command(sh, "-c", `echo $$ >"$0"/cgroup.procs && exec "$@"`, dir, program(t), "load", "-q", "-d", "2s", "--format", "json"))
	run := r.run(t)
	q := run.Generator.Quota
	if q == nil || q.CPUs != 0.05 || q.Periods == 0 || q.Throttled == 0 || q.Throttled > q.Periods || q.Stopped <= 0 {
		t.Fatalf("exit code %d, quota %+v; %s", r.code, q, r.errOut)
	}
	why := strings.Join(run.Validity.Reasons, "; ")
	if r.code != exitInvalid || !run.Validity.Limited || !strings.Contains(why, "CPU quota (cgroup, 0.05 CPUs) throttled the load generator in ") {
		t.Errorf("exit code %d, %+v", r.code, run.Validity)
	}
}
