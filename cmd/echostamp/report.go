package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

func reportCommand(t ui) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "report FILE…",
		Short: "Report saved runs again",
		Long: `Report reads runs that load has saved (-o, --stream) and reports them. A file may
hold several, one after another; - is standard input.

A stream whose run was killed has all but the last of its intervals: it is reported as
interrupted, and invalid.`,
		Example: `  echostamp report run.json
  echostamp report --format json run.ndjson
  cat *.json | echostamp report -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, render, err := t.saved(args, format)
			if err != nil {
				return err
			}
			return t.print(runs, render)
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "text", "of the report: text or json")
	return cmd
}

// renderer prints a run in a format.
type renderer func(io.Writer, *record.Run) error

var renderers = map[string]renderer{"text": report.Text, "json": record.Write}

// saved returns the runs in files, and what prints them in a format.
func (t ui) saved(files []string, format string) ([]*record.Run, renderer, error) {
	render, ok := renderers[format]
	if !ok {
		return nil, nil, usage(fmt.Errorf("--format: %q is neither text nor json", format))
	}
	runs, err := t.read(files)
	if err != nil {
		return nil, nil, failed(err)
	}
	return runs, render, nil
}

// print prints runs, one after another.
func (t ui) print(runs []*record.Run, render renderer) error {
	for i, r := range runs {
		var b strings.Builder
		if i > 0 {
			b.WriteByte('\n')
		}
		if err := render(&b, r); err != nil {
			return failed(err)
		}
		if _, err := io.WriteString(t.out, b.String()); err != nil {
			return failed(fmt.Errorf("cannot print the report: %w", err))
		}
	}
	return nil
}

// read reads the runs in files, of which "-" is standard input. With an error there is
// none.
func (t ui) read(files []string) ([]*record.Run, error) {
	var all []*record.Run
	for _, name := range files {
		runs, err := t.readFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
}

func (t ui) readFile(name string) ([]*record.Run, error) {
	if name == "-" {
		return record.Read("standard input", t.in)
	}
	f, err := os.Open(name)
	if err != nil {
		if p := (*os.PathError)(nil); errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer f.Close()
	return record.Read(name, f)
}
