// Package peers tells tests which outside programs they can talk to, and what else the
// machine has.
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
	if err != nil {
		Lack(t, "the peer "+program, err)
	}
	return path
}

// Lack skips a test for something that the machine lacks, and fails it if
// ECHOSTAMP_REQUIRE_PEERS is 1.
func Lack(t testing.TB, what string, err error) {
	t.Helper()
	if os.Getenv("ECHOSTAMP_REQUIRE_PEERS") == "1" {
		t.Fatalf("%s is missing: %v", what, err)
	}
	t.Skipf("%s is missing: %v", what, err)
}
