package main

import (
	"fmt"
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

// fail tells an error that ends the command.
func (t ui) fail(e *exit) {
	fmt.Fprintf(t.errOut, "echostamp: %v\n", e.err)
	if e.code == exitUsage {
		fmt.Fprintln(t.errOut, "Try the command with --help.")
	}
}

// warn tells what does not end the command.
func (t ui) warn(format string, args ...any) {
	fmt.Fprintf(t.errOut, "echostamp: "+format+"\n", args...)
}
