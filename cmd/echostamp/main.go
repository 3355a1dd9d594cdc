// Command echostamp measures network latency with the timestamp-echo protocol,
// and puts load on the servers that speak it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/launch"
)

func main() {
	if launch.Keep() {
		return
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes, which scripts rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2   // the command line is wrong
	exitRegression  = 3   // a threshold failed, or something got worse
	exitInvalid     = 4   // it is done, and its figures cannot be trusted
	exitInterrupted = 130 // the partial report has been printed
)

// An exit is an error that has decided on the exit code. Its err may be nil
// where everything has been said.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func failed(err error) error { return &exit{exitFailed, err} }
func usage(err error) error  { return &exit{exitUsage, err} }

// run carries out a command line and returns its exit code.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), heeded(interrupts)...)
	defer stop()
	// A second signal ends the program at once, but for one that comes with the first: timeout(1)
	// signals its child, and then its group.
	keep := context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	defer keep() // the end of the command is no signal

	t := ui{in, out, errOut}
	root := rootCommand(t)
	help := helperOf(root, t)
	code := exitUsage // of errors that cobra itself finds before a command begins
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if err := checkGiven(cmd, args); err != nil {
			return err
		}
		code = exitFailed
		return nil
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = help.err
	}
	if err == nil {
		return exitDone
	}
	e := &exit{code: code, err: err}
	errors.As(err, &e)
	if e.err != nil {
		t.fail(e)
	}
	return e.code
}

// outlivePipes has writing to a pipe whose reader closed it fail, where it would end the program: what
// was measured is still to be saved elsewhere.
func outlivePipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// heeded leaves out a hang-up that nohup(1) has this program ignore.
func heeded(signals []os.Signal) []os.Signal {
	return slices.DeleteFunc(slices.Clone(signals), func(s os.Signal) bool { return s == syscall.SIGHUP && signal.Ignored(s) })
}

func rootCommand(t ui) *cobra.Command {
	root := &cobra.Command{
		Use:   "echostamp",
		Short: "Measure network latency with the timestamp-echo protocol",
		Long: `echostamp measures network latency with the timestamp-echo protocol, and puts
load on the servers that speak it. A message carries the time at which it was
sent, the reply the time at which the server had it; so the round trip and both
directions are known.

Exit codes: 0 done or passed, 1 failed, 2 usage, 3 an assertion failed or a
server got slower, 4 the figures cannot be trusted or nothing can be told (or a
self-test failed), 130 interrupted (the partial report is printed).`,
		Example: `  echostamp load                        measure a server of its own, on loopback
  echostamp server                      serve on port 12345
  echostamp load -c 64 -d 30s HOST:12345
  echostamp ab --a './server-old --port {port}' --b './server-new --port {port}'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return usage(unknownCommand(cmd, args[0]))
		},
		DisableFlagsInUseLine:      true,
		SuggestionsMinimumDistance: 2,

		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(serverCommand(t), loadCommand(t), chatCommand(t), reportCommand(t), mergeCommand(t), abCommand(t), compareCommand(t), selftestCommand(t), versionCommand(t))
	root.SetFlagErrorFunc(flagError)
	refuseUnknownShells(root)
	return root
}

// unknownCommand is the error of a name that is not a command's.
func unknownCommand(root *cobra.Command, name string) error {
	hint := ""
	if like := root.SuggestionsFor(name); len(like) > 0 {
		hint = "; did you mean " + strings.Join(like, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q%s", name, hint)
}

// refuseUnknownShells makes completion for a shell that is not known an error, as cobra does
// not.
func refuseUnknownShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args = cobra.NoArgs
		completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}
