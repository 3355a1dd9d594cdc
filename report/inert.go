package report

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/echostamp/echostamp/internal/record"
)

// Inert makes a line that nothing obeys: control bytes and marks that turn the direction of
// writing are escaped, and what a CI system would take for a command, were it printed in a
// step, is broken by a blank. A file that was saved elsewhere, a host or a command decides
// on what stands in a report.
func Inert(line string) string { return disarm(record.Printable(line)) }

// bracketed begins a command of Azure Pipelines, TeamCity and older GitHub runners, wherever
// in a line it stands.
var bracketed = regexp.MustCompile(`##(\w*\[)`)

// leading begin commands of GitHub, and groups of Buildkite, if they begin a line, blanks
// aside.
var leading = []string{"::", "---", "+++", "~~~", "^^^"}

// disarm breaks commands of CI systems.
func disarm(line string) string {
	if strings.Contains(line, "##") {
		line = bracketed.ReplaceAllString(line, "# #$1")
	}
	text := strings.TrimLeftFunc(line, unicode.IsSpace)
	for _, sign := range leading {
		if strings.HasPrefix(text, sign) {
			return line[:len(line)-len(text)] + text[:1] + " " + text[1:]
		}
	}
	return line
}

// eachLine has f change each line of a text.
func eachLine(text string, f func(string) string) string {
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		whole, ended := strings.CutSuffix(line, "\n")
		b.WriteString(f(whole))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// inert makes what was rendered in a format so: what is for people line by line, JSON without
// a change of its meaning, and the rest as far as CI systems go.
func inert(format, text string) string {
	switch format {
	case "text", "markdown":
		return eachLine(text, Inert)
	case "json", "github-benchmark", "bencher":
		return text // by record.EscapeJSON
	}
	return eachLine(text, disarm)
}
