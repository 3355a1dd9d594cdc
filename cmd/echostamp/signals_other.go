//go:build !unix

package main

import "os"

// interrupts are the signals that end a command with its report.
var interrupts = []os.Signal{os.Interrupt}
