package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// told is what a script expects of a command that fails: an exit code and a text on
// standard error.
type told struct{ code, text string }

// toldIn reads the expectations of a script.
func toldIn(t *testing.T, file string) (all []told) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code := ""
	for line := range strings.Lines(string(text)) {
		line = regexp.MustCompile(`^\[\w+\] `).ReplaceAllString(strings.TrimSpace(line), "")
		if m := regexp.MustCompile(`^exitcode (\d+) `).FindStringSubmatch(line); m != nil {
			code = m[1]
		} else if m := regexp.MustCompile(`^stderr '(.*)'$`).FindStringSubmatch(line); m != nil {
			plain := strings.NewReplacer(`\`, "", `''`, `'`).Replace(strings.TrimPrefix(m[1], "^"))
			all = append(all, told{code, strings.TrimPrefix(plain, "echostamp: ")})
		} else if regexp.MustCompile(`^!? ?exec `).MatchString(line) {
			code = ""
		}
	}
	return all
}

// TestTableOfErrors holds the table of errors in README.md and the scripts together: a
// script provokes each error of the table, and gets its exit code; and each error of the
// script that is made for the table is there.
func TestTableOfErrors(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "### Errors\n")
	table, _, _ = strings.Cut(table, "\n#")
	rows := regexp.MustCompile("(?m)^\\| `(.+?)` \\|.*\\| (\\d+) \\|$").FindAllStringSubmatch(table, -1)
	if !found || len(rows) < 20 {
		t.Fatalf("the table has %d errors", len(rows))
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for _, file := range scripts {
		all = append(all, toldIn(t, file)...)
	}
	in := func(e told, row []string) bool {
		// What varies is … in the table.
		words := strings.ReplaceAll(regexp.QuoteMeta(row[1]), "…", ".*")
		return e.code == row[2] && regexp.MustCompile("^"+words).MatchString(e.text)
	}
	for _, row := range rows {
		provoked := false
		for _, e := range all {
			provoked = provoked || in(e, row)
		}
		if !provoked {
			t.Errorf("no script gets exit code %s and %q", row[2], row[1])
		}
	}
	for _, e := range toldIn(t, "testdata/script/errors.txtar") {
		listed := false
		for _, row := range rows {
			listed = listed || in(e, row)
		}
		if !listed {
			t.Errorf("README.md does not list %q with exit code %s", e.text, e.code)
		}
	}
}
