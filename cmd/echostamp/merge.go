package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

func mergeCommand(t ui) *cobra.Command {
	var force bool
	var out outputOptions
	cmd := &cobra.Command{
		Use:   "merge FILE…",
		Short: "Make one run of several saved ones",
		Long: `Merge makes one run of several: of load generators that ran side by side on several
machines, or of runs that followed each other. Its histograms are those of all samples,
so its percentiles are exact; percentiles of parts could not be averaged. The record
keeps what is known of each part. Time in which several measured counts once.

A file may hold several runs, one after another; - is standard input. What does not
belong together is refused: other targets, protocols or modes, or a run that is
included twice.`,
		Example: `  echostamp merge a.json b.json -o both.json
  cat *.json | echostamp merge -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.validate(t, args, ciOptions{}); err != nil {
				return usage(err)
			}
			runs, err := t.read(cmd.Context(), args)
			if err != nil {
				return err
			}
			if reasons := record.Mismatches(runs); len(reasons) > 0 && !force {
				return failed(fmt.Errorf("these runs do not belong together: %s; use --force to merge anyway", strings.Join(reasons, "; ")))
			}
			whole, err := record.Merge(runs)
			if err != nil {
				return failed(err)
			}
			whole.Tool, whole.Command = thisTool(), os.Args
			return t.put([]*record.Run{whole}, out)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&force, "force", false, "merge what does not belong together")
	out.define(f, "json", "of what is written: "+strings.Join(report.Names(), ", "))
	return cmd
}
