package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkGiven refuses arguments and options that are given and empty. In a script they are
// variables that nobody set, and what the command would do without them is something else
// than what was meant: load without an address measures a server of its own.
func checkGiven(cmd *cobra.Command, args []string) (err error) {
	if cmd.DisableFlagParsing { // completion, where an empty argument is one that is about to be typed
		return nil
	}
	if at := slices.Index(args, ""); at >= 0 {
		return fmt.Errorf("argument %d is empty (an unset variable?)", at+1)
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if several, ok := f.Value.(interface{ GetSlice() []string }); ok {
			values = several.GetSlice()
		}
		if err == nil && slices.Contains(values, "") {
			err = emptyValue(f)
		}
	})
	return err
}

// flagError is the error of an option that pflag cannot read: an empty one, which is no number,
// is told as all others that are empty.
func flagError(_ *cobra.Command, err error) error {
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) && invalid.GetValue() == "" {
		return emptyValue(invalid.GetFlag())
	}
	return err
}

func emptyValue(f *pflag.Flag) error {
	return fmt.Errorf("--%s: the value is empty (an unset variable?)", f.Name)
}

// A list is an option of several texts with commas between them, which may be given several
// times. Unlike pflag's it keeps empty ones, for checkGiven to find.
type list []string

func (l *list) Set(text string) error {
	*l = append(*l, strings.Split(text, ",")...)
	return nil
}

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Type() string       { return "list" }
func (l *list) GetSlice() []string { return *l }
