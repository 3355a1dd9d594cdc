package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// ui is the terminal's rules. What a command is for goes to standard output:
// reports, the address of a server, the lines of a chat. Everything else goes to
// standard error: progress, logs, warnings and errors. The bar and prompts are shown
// on a terminal only.
type ui struct {
	in          io.Reader
	out, errOut io.Writer
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
