//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// interrupts are the signals that end a command with its report.
var interrupts = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// A closed pipe is an error of writing, with the exit code of that, and no death.
// It is caught and not ignored, which the servers that ab starts would inherit.
func init() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
