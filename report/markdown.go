package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// Markdown writes runs for a page that shows GitHub's Markdown. All that it tells is what
// the text report tells.
func Markdown(w io.Writer, runs []*record.Run) error {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		markdownRun(w, r)
		if len(runs) > 1 {
			fmt.Fprintf(w, "\n%s\n", escapeMarkdown(runName(r, i, len(runs))))
		}
		markdownTable(w, r)
		fmt.Fprintln(w)
		markdownFacts(w, totals(r))
		markdownFacts(w, conclusion(r))
		markdownFacts(w, notes(r))
	}
	return nil
}

// markdownRun writes what a run is of.
func markdownRun(w io.Writer, r *record.Run) {
	facts := escapeMarkdown(strings.Join(about(r), " · "))
	fmt.Fprintf(w, "## %s\n\n%s\n", escapeMarkdown(title(r)), strings.Replace(facts, interrupted, "**"+interrupted+"**", 1))
	if r.Search != nil {
		fmt.Fprintf(w, "\n**search** %s: %s. The rest is of the last run at that rate.\n",
			escapeMarkdown(r.Search.Objective), escapeMarkdown(finding(r.Search)))
	}
}

// markdownTable writes the table of the text report.
func markdownTable(w io.Writer, r *record.Run) {
	head := append([]string{"metric"}, heads()...)
	fmt.Fprintln(w)
	markdownLine(w, head)
	fmt.Fprintln(w, "|:--|"+strings.Repeat("--:|", len(head)-1))
	for _, name := range shown(r) {
		markdownLine(w, append([]string{name}, cells(r.Metrics[name])...))
	}
}

func markdownLine(w io.Writer, cells []string) {
	for _, cell := range cells {
		fmt.Fprintf(w, "| %s ", strings.ReplaceAll(cell, "|", `\|`))
	}
	fmt.Fprintln(w, "|")
}

// markdownFacts makes a list of facts.
func markdownFacts(w io.Writer, facts facts) {
	for _, f := range facts {
		fmt.Fprintf(w, "- **%s** %s\n", f.Name, escapeMarkdown(f.Text))
		for _, item := range f.Items {
			fmt.Fprintf(w, "  - %s\n", escapeMarkdown(item))
		}
	}
}

// markdownSigns are those that mean something within a line. An underscore means nothing
// inside of a word, and that is where names have it.
var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "&", `\&`, "#", `\#`,
)

func escapeMarkdown(text string) string { return markdownSigns.Replace(oneLine(text)) }
