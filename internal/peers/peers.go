// Package peers tells tests which outside programs they can talk to.
package peers

import (
	"os"
	"os/exec"
	"testing"
)

// Need returns the path of a program. Where the machine lacks it the test is
// skipped by the program's name, or fails if ECHOSTAMP_REQUIRE_PEERS is 1.
func Need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
		return path
	case os.Getenv("ECHOSTAMP_REQUIRE_PEERS") == "1":
		t.Fatalf("the peer %s is missing: %v", program, err)
	}
	t.Skipf("the peer %s is missing: %v", program, err)
	return ""
}
