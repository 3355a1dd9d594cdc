package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/echostamp/echostamp/internal/atomicfile"
	"github.com/echostamp/echostamp/internal/record"
)

// isSaved reports whether a file is called as a saved run of a gate is.
func isSaved(name string) bool {
	match, _ := filepath.Match("[12]-*-[AB].json", name)
	return match
}

// checkSaved checks that what an option writes does not take the place of a saved run.
func (o *abOptions) checkSaved(option, path string) error {
	if o.save == "" || path == "" {
		return nil
	}
	real := atomicfile.Resolve(path)
	if filepath.Dir(real) == atomicfile.Resolve(o.save) && isSaved(filepath.Base(real)) {
		return fmt.Errorf("%s: %s has the name of a run file of --save", option, path)
	}
	return nil
}

// prepareSaving makes the directory for runs, which must have none of another gate.
func (g *abGate) prepareSaving() error {
	if g.save == "" {
		return nil
	}
	if err := os.MkdirAll(g.save, 0o777); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	there, err := os.ReadDir(g.save)
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	for _, f := range there {
		if isSaved(f.Name()) {
			return fmt.Errorf("--save: %s has runs of another gate, such as %s: give a new directory", g.save, f.Name())
		}
	}
	return nil
}

func (g *abGate) saveRun(name string, run *record.Run) error {
	if g.save == "" {
		return nil
	}
	path := filepath.Join(g.save, name)
	return saveTo(path, func(w io.Writer) error { return record.Write(w, run) })
}
