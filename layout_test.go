// Package echostamp_test holds the project to its own layout.
package echostamp_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/echostamp/echostamp/"

// siblings are the packages of the project that each may import. Programs
// may import all.
var siblings = map[string][]string{
	"internal/wire":       {},
	"internal/atomicfile": {},
	"internal/evloop":     {},
	"internal/clock":      {},
	"internal/hist":       {},
	"internal/unit":       {},
	"internal/pace":       {},
	"internal/stat":       {},
	"internal/usage":      {},
	"internal/record":     {"internal/hist"},
	"internal/gate":       {"internal/record", "internal/stat"},
	"internal/launch":     {},
	"server":              {"internal/clock", "internal/evloop", "internal/wire"},
	"loadgen": {
		"internal/clock", "internal/evloop", "internal/hist", "internal/pace", "internal/record", "internal/stat",
		"internal/unit", "internal/usage", "internal/wire",
	},
	"report": {"internal/gate", "internal/hist", "internal/record", "internal/stat", "internal/unit"},
	// For tests, and for the self-test.
	"internal/evloop/evlooptest": {"internal/evloop"},
	"internal/peers":             {},
	"internal/rig":               {"internal/evloop"},
}

// forbidden may not be imported below cmd: what prints to a global, parses
// flags or ends the program.
var forbidden = []string{"log", "log/slog", "flag", "github.com/spf13/pflag", "github.com/spf13/cobra"}

// isProgram reports whether a file is of a program, which may import all.
func isProgram(file string) bool {
	return strings.HasPrefix(file, "cmd/") || strings.HasPrefix(file, "bench/")
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		file = filepath.ToSlash(file)
		if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || isProgram(file) {
			return err
		}
		dir := path.Dir(file)
		may, known := siblings[dir]
		if !known {
			t.Errorf("%s: what the package may import is not written down", file)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			own, ours := strings.CutPrefix(name, module)
			if ours && !slices.Contains(may, own) || slices.Contains(forbidden, name) {
				t.Errorf("%s must not import %s", file, name)
			}
			if strings.Contains(name, "hdrhistogram-go") && dir != "internal/hist" {
				t.Errorf("%s imports %s, which is for internal/hist alone", file, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
