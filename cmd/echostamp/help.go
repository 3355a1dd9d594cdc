package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"
)

// A helper prints the help of commands. Unlike cobra's own it fails if that cannot be printed,
// or if there is no such command.
type helper struct {
	t     ui
	root  *cobra.Command
	write func(*cobra.Command, []string) // cobra's own
	err   error                          // of what --help asked for, which cobra takes for done
}

func helperOf(root *cobra.Command, t ui) *helper {
	h := &helper{t: t, root: root, write: root.HelpFunc()}
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { h.err = h.asked(cmd) })
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.RunE = func(_ *cobra.Command, args []string) error { return h.about(args) }
	}
	return h
}

// asked prints what --help asks for. What cobra finds no command for is an argument of the root.
func (h *helper) asked(cmd *cobra.Command) error {
	if given := cmd.Flags().Args(); cmd == h.root && len(given) > 0 {
		return usage(unknownCommand(h.root, given[0]))
	}
	return h.print(cmd)
}

// about prints the help of the command of a name.
func (h *helper) about(names []string) error {
	cmd, rest, err := h.root.Find(names)
	switch {
	case err != nil:
		return usage(err)
	case len(rest) > 0:
		return usage(unknownCommand(h.root, rest[0]))
	}
	cmd.InitDefaultHelpFlag()
	return h.print(cmd)
}

func (h *helper) print(cmd *cobra.Command) error {
	var text bytes.Buffer
	cmd.SetOut(&text)
	h.write(cmd, nil)
	cmd.SetOut(h.t.out)
	if _, err := h.t.out.Write(text.Bytes()); err != nil {
		return failed(fmt.Errorf("cannot print the help: %w", pathless(err)))
	}
	return nil
}
