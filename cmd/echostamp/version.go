package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/record"
)

func versionCommand(t ui) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := thisTool()
			_, err := fmt.Fprintln(t.out, "echostamp", v.Version, v.Commit, v.Go)
			if err != nil {
				return failed(fmt.Errorf("cannot print the version: %w", pathless(err)))
			}
			return nil
		},
	}
}

// thisTool describes this program as it was built.
func thisTool() record.Tool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return record.Tool{Version: "unknown"}
	}
	tool := record.Tool{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			tool.Commit = s.Value
		}
	}
	return tool
}
