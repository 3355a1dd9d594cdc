package report

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/record"
)

// someComparison has rows of every kind: better, worse, unchanged, and from none.
func someComparison(o CompareOptions) *Comparison {
	old := comparedSide(0, 1.00e6, 1.01e6, 1.02e6, 1.03e6, 1.04e6, 1.05e6)
	new := comparedSide(laterSide, 1.50e6, 1.51e6, 1.52e6, 1.53e6, 1.54e6, 1.55e6)
	for _, r := range new {
		r.Metrics[record.Forward] = record.Metric{Count: 5000, Percentiles: map[string]int64{"50": 2, "99": 3}}
		r.Totals.Errors = map[string]int64{"timeout": 3}
		r.Validity.Verdict = record.GeneratorLimited
	}
	for _, r := range old {
		r.Metrics[record.Reverse] = record.Metric{Count: 5000, Percentiles: map[string]int64{"50": 100_000, "99": 100_000}}
	}
	for i, r := range new {
		r.Metrics[record.Reverse] = record.Metric{Count: 5000, Percentiles: map[string]int64{"50": 50_000, "99": 100_000 + int64(i%2)}}
	}
	return Compare(old, new, o)
}

func renderedComparison(t *testing.T, c *Comparison, format string) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompareText(t *testing.T) {
	text := renderedComparison(t, someComparison(CompareOptions{}), "text")
	squeezed := regexp.MustCompile(` +`).ReplaceAllString(text, " ")
	for _, line := range []string{
		"echostamp compare of h:1 · text over tcp · 1 client · closed loop · 64 bytes a message",
		" figure old (n=6) ± new (n=6) ± change p",
		" rtt.p50 1.02ms 2% 1.52ms 2% +48.8% 0.0022",
		" rtt.p99 3.08ms 2% 4.58ms 2% +48.8% 0.0022",
		" reverse.p50 100µs 0% 50.0µs 0% -50.0% 0.0022",
		" reverse.p99 100µs 0% 100µs 0% ~ 0.18",
		" rate 976/s 2% 656/s 2% -32.8% 0.0022",
		" errors 0 0% 3 0% ? 0.0022",
		"warning generator-limited: 6 of 6 new runs",
		"warning left out, as not every run has samples and replies enough, or the metric: forward.p50, forward.p99",
		"verdict worse: rtt.p50, rtt.p90, rtt.p99, rtt.mean, rate, errors; better: reverse.p50 (advisory: the machine may have changed in between)",
	} {
		if !slices.Contains(strings.Split(squeezed, "\n"), line) {
			t.Errorf("there is no line %q in\n%s", line, text)
		}
	}
	gated := renderedComparison(t, someComparison(CompareOptions{Gate: true}), "text")
	if want := "verdict     regression\n            - rtt.p50 fail: 1.02ms → 1.52ms, +48.8%, p 0.0022\n"; !strings.Contains(gated, want) {
		t.Errorf("there is no %q in\n%s", want, gated)
	}
}

// TestComparedFormatsAgree holds the formats to each other: what the text shows is what the
// JSON has.
func TestComparedFormatsAgree(t *testing.T) {
	c := someComparison(CompareOptions{Gate: true, All: true})
	var back Comparison
	d := json.NewDecoder(strings.NewReader(renderedComparison(t, c, "json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, &back); diff != "" {
		t.Errorf("the JSON is not the comparison:\n%s", diff)
	}
	if back.Schema != CompareSchema || len(back.Rows) < 5 {
		t.Errorf("schema %q, %d rows", back.Schema, len(back.Rows))
	}
	text, markdown := renderedComparison(t, c, "text"), renderedComparison(t, c, "markdown")
	for _, r := range back.Rows {
		if !strings.Contains(markdown, "\n| "+strings.Join(r.cells(), " | ")+" |\n") {
			t.Errorf("the Markdown has no row %q:\n%s", r.cells(), markdown)
		}
		same := func(line string) bool { return slices.Equal(strings.Fields(line), r.cells()) }
		if !slices.ContainsFunc(strings.Split(text, "\n"), same) {
			t.Errorf("the text has no row %q:\n%s", r.cells(), text)
		}
	}
}

// TestComparedNumbersAreJSON holds that what is not known is null, and that a list of none is
// there.
func TestComparedNumbersAreJSON(t *testing.T) {
	c := Compare(comparedSide(0, 1e6), comparedSide(laterSide, 2e6), CompareOptions{})
	c.Rows = c.Rows[:1]
	c.Warnings = c.Warnings[:0]
	text := renderedComparison(t, c, "json")
	for _, want := range []string{`"low": null`, `"high": null`, `"differences": []`, `"warnings": []`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if err := c.Render(&strings.Builder{}, "tea"); err == nil || !strings.Contains(err.Error(), `"tea" is none of text, markdown, json`) {
		t.Errorf("a format that is none: %v", err)
	}
}

func TestComparedAlthoughTheyDiffer(t *testing.T) {
	old, new := comparedSide(0, 1e6), comparedSide(laterSide, 1e6)
	new[0].Config.Clients, new[0].Config.Seed = 7, 5
	c := Compare(old, new, CompareOptions{})
	if want := []string{"they differ in clients: 1, 7"}; !slices.Equal(c.Differences, want) {
		t.Errorf("%q, want %q", c.Differences, want)
	}
	if text := renderedComparison(t, c, "text"); !strings.Contains(text, "warning     these runs were compared although they differ in clients: 1, 7\n") {
		t.Errorf("it is not told:\n%s", text)
	}
}
