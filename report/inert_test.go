package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

func TestInert(t *testing.T) {
	for line, want := range map[string]string{
		"plain µs → ± 5":              "plain µs → ± 5",
		"::error title=x::y":          ": :error title=x::y",
		"  ::set-output name=a::b":    "  : :set-output name=a::b",
		"\u00a0::error::x":            `\u00a0::error::x`,
		"a ::error::x":                "a ::error::x",
		"##[error]x":                  "# #[error]x",
		"a ##vso[task.complete]x":     "a # #vso[task.complete]x",
		"###[group]":                  "## #[group]",
		"##teamcity[message]":         "# #teamcity[message]",
		"## heading":                  "## heading",
		"--- group":                   "- -- group",
		"+++ group":                   "+ ++ group",
		"a\x1b[31mb\x07\x7f\u009bc":   `a\x1b[31mb\a\x7f\u009bc`,
		"a\x9bb\xffc":                 `a\x9bb\xffc`,
		"a\rb\tc\u2028d\u202ee\u200b": `a\rb\tc\u2028d\u202ee\u200b`,
		"section_start:1:x\r\x1b[0K":  `section_start:1:x\r\x1b[0K`,
	} {
		if got := Inert(line); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
		if got := Inert(Inert(line)); got != Inert(line) {
			t.Errorf("%q becomes %q, and that %q", line, Inert(line), got)
		}
	}
}

// evil are texts that something obeys.
var evil = []string{
	"::error title=x::y", "##[error]x", "##vso[task.complete result=Succeeded]", "##teamcity[x]", "--- x", "\n::error::x",
	"\x1b[2J", "\u202etxt", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "<script>alert(1)</script>", "[x](javascript:y)", "![x](http://y)",
	"|a|b|", "@octocat", "https://example.com/x", "__x__", "$x$", ":tada:", "1. x", "- x", "\"}\n# TYPE x", "`x`", "<!-- x",
}

// evilRun is a run of which every text is one of these.
func evilRun(text string) *record.Run {
	h := hist.New()
	for i := range int64(30) {
		h.Record(1000 + i)
	}
	m := record.NewMetric(h)
	return &record.Run{
		Schema: record.Schema, Started: time.Unix(1e9, 0), Duration: 1e9, Command: []string{text}, Tool: record.Tool{Version: text},
		Config: record.Config{Target: text, Proto: text, Transport: text, Clients: 1, Mode: text, Arrivals: text, Stages: []string{text}, Size: 64, Clock: text, Timestamps: text, MaxErrors: text},
		Host:   record.Host{OS: text, Arch: text, Kernel: text, CPU: text}, Server: record.Server{Address: text},
		Totals:     record.Totals{Sent: 30, Received: 30, Errors: map[string]int64{text: 1}},
		Clock:      record.Clock{Relation: text, Segments: []record.Segment{}, Changes: []record.Change{{Kind: text}}},
		Validity:   record.Validity{Verdict: text, Reasons: []string{text}},
		Warnings:   []string{text},
		Assertions: []record.Assertion{{Objective: text, Outcome: text, Reason: text}},
		Metrics:    map[string]record.Metric{record.RTT: m, text: m},
		Intervals:  []record.Interval{},
	}
}

// What a runner obeys in the output of a step.
var obeyed = regexp.MustCompile(`(?m)^[\s\x{a0}]*(::|---|\+\+\+)|##\w*\[|\x1b|\x{202e}`)

// TestNothingInAFileIsObeyed renders runs of which every text is a command, in every format.
func TestNothingInAFileIsObeyed(t *testing.T) {
	for _, text := range evil {
		for _, f := range Formats {
			var b bytes.Buffer
			r := evilRun(text)
			if f.Name != "json" { // as it is read
				var saved bytes.Buffer
				if err := record.Write(&saved, r); err != nil {
					t.Fatal(err)
				}
				runs, err := record.Read("a file", &saved)
				if err != nil {
					t.Fatal(err)
				}
				r = runs[0]
			}
			if err := Render(&b, f.Name, []*record.Run{r}, ""); err != nil {
				t.Fatalf("%s of %q: %v", f.Name, text, err)
			}
			if at := obeyed.FindString(b.String()); at != "" {
				t.Errorf("%s of %q: a runner or a terminal obeys %q in\n%.3000s", f.Name, text, at, &b)
			}
			if f.Name == "json" {
				var back record.Run
				if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Config.Target != text {
					t.Errorf("json of %q: %v, it reads %q", text, err, back.Config.Target)
				}
			}
		}
		for _, format := range CompareFormats {
			var b bytes.Buffer
			if err := Compare([]*record.Run{evilRun(text)}, []*record.Run{evilRun(text)}, CompareOptions{}).Render(&b, format); err != nil {
				t.Fatal(err)
			}
			if at := obeyed.FindString(b.String()); at != "" {
				t.Errorf("a comparison as %s of %q: %q is obeyed in\n%s", format, text, at, &b)
			}
		}
		for _, format := range ABFormats {
			var b bytes.Buffer
			ab := &AB{A: text, B: text, Verdict: gate.Invalid, Reasons: []string{text}, Warnings: []string{text}}
			if err := RenderAB(&b, format, ab); err != nil {
				t.Fatal(err)
			}
			if at := obeyed.FindString(b.String()); at != "" {
				t.Errorf("a gate as %s of %q: %q is obeyed in\n%s", format, text, at, &b)
			}
		}
	}
}

// TestMarkdownIsInert has texts that mean something in GitHub's Markdown.
func TestMarkdownIsInert(t *testing.T) {
	for text, want := range map[string]string{
		"<script>":            `\<script\>`,
		"[x](y)":              `\[x\](y)`,
		"a|b":                 `a\|b`,
		"@octocat":            `@<!-- -->octocat`,
		"https://example.com": `https\://example.com`,
		"www.example.com":     `www\.example.com`,
		"__init__":            `\_\_init\_\_`,
		"_x_ and a_b":         `\_x\_ and a_b`,
		"$x$":                 `\$x\$`,
		":tada:":              `\:tada:`,
		"- x":                 `\- x`,
		"+ x":                 `\+ x`,
		"12. x":               `12\. x`,
		"1) x":                `1\) x`,
		"---":                 `\---`,
		"===":                 `\===`,
		"20.0/s: 30 replies":  `20.0/s: 30 replies`,
		"127.0.0.1:12345":     `127.0.0.1:12345`,
		"-20.0%":              `-20.0%`,
	} {
		if got := escapeMarkdown(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestSpreadsheetsTakeNoFormula has texts that a spreadsheet would compute.
func TestSpreadsheetsTakeNoFormula(t *testing.T) {
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1"} {
		if got := csvText(text); got != "'"+text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := csvText("a=b"); got != "a=b" {
		t.Errorf("a=b became %q", got)
	}
}

// TestOwnPageIsNotDisarmed holds that nothing of the page itself looks like a command.
func TestOwnPageIsNotDisarmed(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, []*record.Run{evilRun("x")}); err != nil {
		t.Fatal(err)
	}
	if got := inert("html", b.String()); got != b.String() {
		t.Error("the page has lines that begin as commands of CI systems do")
	}
}

func FuzzInert(f *testing.F) {
	for _, text := range evil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Inert(text)
		if at := obeyed.FindString(got); at != "" || strings.ContainsAny(got, "\n\r\x1b\x00") {
			t.Errorf("%q became %q, of which %q is obeyed", text, got, at)
		}
	})
}
