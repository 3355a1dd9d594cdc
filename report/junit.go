package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// The elements of JUnit XML, as far as Jenkins, GitLab and most others read them.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFinding `xml:"failure"`
		Error   *junitFinding `xml:"error"`
		Out     string        `xml:"system-out,omitempty"`
	}
	// A junitFinding has its text twice: Jenkins shows the attribute first, GitLab the
	// content only.
	junitFinding struct {
		Message string  `xml:"message,attr"`
		Type    Outcome `xml:"type,attr"`
		Text    string  `xml:",chardata"`
	}
)

// JUnit writes checks as JUnit XML, a test case for each. At is when what was checked
// began, and took how long it was; the checks themselves take no time. Characters that XML
// cannot hold become U+FFFD.
//
// What is inconclusive is an error: unlike a skipped test it never looks like a pass.
func JUnit(w io.Writer, suite string, checks []Check, at time.Time, took time.Duration) error {
	s := junitSuite{
		Name: suite, Tests: len(checks), Time: pointLeft(number(took.Nanoseconds()), 9),
		// In UTC and without saying so: Ant's schema, and readers with it, allow no zone.
		Timestamp: at.UTC().Format("2006-01-02T15:04:05"),
	}
	names := map[string]int{}
	for _, check := range checks {
		names[check.Name]++
		if n := names[check.Name]; n > 1 { // GitLab drops all but the first of a name
			check.Name = fmt.Sprintf("%s (%d)", check.Name, n)
		}
		s.add(check)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(junitSuites{Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a check as a test case, and counts it.
func (s *junitSuite) add(check Check) {
	check.Detail = eachLine(check.Detail, Inert)
	c := junitCase{Class: s.Name, Name: Inert(check.Name), Time: "0"}
	switch check.Outcome {
	case Pass:
		c.Out = check.Detail
	case Fail:
		s.Failures++
		c.Failure = &junitFinding{check.Detail, Fail, check.Detail}
	default:
		s.Errors++
		c.Error = &junitFinding{check.Detail, Inconclusive, check.Detail}
	}
	s.Cases = append(s.Cases, c)
}
