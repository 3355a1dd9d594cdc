package report

import (
	"strings"
	"testing"
)

// TestAnnotations has the lines that error and warning of @actions/core 1.11.1 print for the
// same title and text, but for what Azure Pipelines would obey.
func TestAnnotations(t *testing.T) {
	for _, tc := range []struct {
		name, title string
		check       Check
		want        string
	}{
		{"passed", "echostamp", Check{"response.p99<2ms", Pass, "it was 1ms"}, ""},
		{"failed", "echostamp", Check{"response.p99<2ms", Fail, "it was 3.1ms"}, "::error title=echostamp::response.p99<2ms: it was 3.1ms\n"},
		{"inconclusive", "t", Check{"n", Inconclusive, "d"}, "::warning title=t::n: d\n"},
		{"unknown", "t", Check{Name: "n", Detail: "d"}, "::warning title=t::n: d\n"},
		{"signs in a title", "a:b,c=d%0A\r\n", Check{"x", Fail, "y"}, "::error title=a%3Ab%2Cc=d%250A%0D%0A::x: y\n"},
		{"signs in a text", "t", Check{"a", Fail, "100%25, ::error::b"}, "::error title=t::a: 100%2525, ::error::b\n"},
		{
			"commands in a text", "t", Check{"x", Fail, "50% more\r\n::set-output name=x::y ##[error]z"},
			"::error title=t::x: 50%25 more%0D%0A::set-output name=x::y # #[error]z\n",
		},
		{"commands in a name", "t", Check{"x\n::stop-commands::y", Fail, "z"}, "::error title=t::x%0A::stop-commands::y: z\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			if err := Annotations(&b, tc.title, []Check{tc.check}); err != nil {
				t.Fatal(err)
			}
			if b.String() != tc.want {
				t.Errorf("%q, want %q", b.String(), tc.want)
			}
		})
	}
}
