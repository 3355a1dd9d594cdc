package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

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

// markdownSigns are those that mean something within a line, wherever they stand; an @ that
// nothing escapes has GitHub notify whoever it names.
var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "&", `\&`, "#", `\#`,
	"$", `\$`, "@", `@<!-- -->`, "://", `\://`, "www.", `www\.`,
)

// markdownPlaces are those that mean something in some places: a list, at the beginning of a
// line, and :name: for a picture.
var markdownPlaces = []struct {
	sign *regexp.Regexp
	safe string
}{
	{regexp.MustCompile(`^([-+=])( |$|[-=]+$)`), `\$1$2`},
	{regexp.MustCompile(`^(\d+)([.)])( |$)`), `$1\$2$3`},
	{regexp.MustCompile(`:([a-zA-Z+-])`), `\:$1`},
}

func escapeMarkdown(text string) string {
	text = markdownSigns.Replace(oneLine(text))
	for _, place := range markdownPlaces {
		text = place.sign.ReplaceAllString(text, place.safe)
	}
	return escapeUnderscores(text)
}

// escapeUnderscores escapes those that are not between letters or digits, where they mean
// nothing.
func escapeUnderscores(text string) string {
	var b strings.Builder
	inWord := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
	before := ' '
	for i, c := range text {
		after, _ := utf8.DecodeRuneInString(strings.TrimPrefix(text[i:], string(c)))
		if c == '_' && !(inWord(before) && inWord(after)) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
		before = c
	}
	return b.String()
}
