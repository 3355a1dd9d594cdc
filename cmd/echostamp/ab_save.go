package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/echostamp/echostamp/internal/record"
)

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
		if isRun, _ := filepath.Match("[12]-*-[AB].json", f.Name()); isRun {
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
