package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/peers"
)

// junitChecks have every outcome, and what XML cannot hold.
var junitChecks = []Check{
	{"response.p99<2ms", Pass, "it was 1.2ms"},
	{"rtt.p50", Fail, "31% slower & <worse> than \"before\"\nin each of 6 pairs"},
	{"rtt.p50", Inconclusive, "too few samples: \x00\x1b[31m \xff ]]>"},
	{"errors<1%", "", "no one told"},
	{"lag.max", Pass, ""},
}

// junitFile saves checks as JUnit XML.
func junitFile(t *testing.T, checks []Check) string {
	t.Helper()
	var b strings.Builder
	at := time.Date(2026, 3, 4, 6, 6, 7, 0, time.FixedZone("CET", 3600))
	if err := JUnit(&b, "echostamp compare: a & b", checks, at, 10*time.Second+250*time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "checks.xml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestJUnitIsAsItsReadersAllow validates against a schema of what Jenkins and GitLab read.
func TestJUnitIsAsItsReadersAllow(t *testing.T) {
	xmllint := peers.Need(t, "xmllint")
	for name, checks := range map[string][]Check{"none": nil, "all": junitChecks} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command(xmllint, "--noout", "--relaxng", "testdata/junit.rng", junitFile(t, checks)).CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// readJUnit has Debian's junitparser tell all that it finds.
const readJUnit = `
import json, sys, junitparser
out = []
for suite in junitparser.JUnitXml.fromfile(sys.argv[1]):
    out.append([suite.name, suite.timestamp, suite.time, suite.tests, suite.failures, suite.errors, suite.skipped])
    for case in suite:
        found = [[type(r).__name__, r.type, r.message, r.text] for r in case.result]
        out.append([case.classname, case.name, case.time, case.is_passed, found, case.system_out])
print(json.dumps(out))
`

// TestJUnitReadsBack holds that another program finds in the file what was checked.
func TestJUnitReadsBack(t *testing.T) {
	python := peers.Need(t, "/usr/bin/python3") // Debian's, which has what Debian packages
	if err := exec.Command(python, "-c", "import junitparser").Run(); err != nil {
		peers.Lack(t, "the peer junitparser (python3-junitparser)", err)
	}
	out, err := exec.Command(python, "-c", readJUnit, junitFile(t, junitChecks)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	const suite = "echostamp compare: a & b"
	finding := func(kind, outcome, detail string) any { return []any{[]any{kind, outcome, detail, detail}} }
	want := []any{
		[]any{suite, "2026-03-04T05:06:07", 10.00000025, 5., 1., 2., 0.},
		[]any{suite, "response.p99<2ms", 0., true, []any{}, "it was 1.2ms"},
		[]any{suite, "rtt.p50", 0., false, finding("Failure", "fail", "31% slower & <worse> than \"before\"\nin each of 6 pairs"), nil},
		[]any{suite, "rtt.p50 (2)", 0., false, finding("Error", "inconclusive", `too few samples: \x00\x1b[31m \xff ]]>`), nil},
		[]any{suite, "errors<1%", 0., false, finding("Error", "inconclusive", "no one told"), nil},
		[]any{suite, "lag.max", 0., true, []any{}, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
