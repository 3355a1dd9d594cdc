package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands are all that users give.
func commands() (all []*cobra.Command) {
	for _, c := range rootCommand(ui{}).Commands() {
		if c.Runnable() && c.Name() != "completion" && c.Name() != "help" {
			all = append(all, c)
		}
	}
	return all
}

// TestEmptyValuesAreNotMissingOnes gives each option of each command an empty value.
func TestEmptyValuesAreNotMissingOnes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			seen[f.Value.Type()] = true
			var out, errOut bytes.Buffer
			args := []string{c.Name(), "--" + f.Name + "="}
			if c.Name() == "chat" || c.Name() == "report" || c.Name() == "merge" || c.Name() == "compare" {
				args = append(args, "127.0.0.1:1", "b")[:3]
			}
			code := run(args, strings.NewReader(""), &out, &errOut)
			if code != exitUsage || !strings.HasPrefix(errOut.String(), "echostamp: --"+f.Name+": the value is empty (an unset variable?)\n") || out.Len() > 0 {
				t.Errorf("%v: exit code %d, %s%s", args, code, &out, &errOut)
			}
		})
	}
	for _, kind := range []string{"string", "list", "stringArray", "duration", "int", "bool"} {
		if !seen[kind] {
			t.Errorf("no option is a %s", kind)
		}
	}
}

// TestEmptyPartsOfLists has one empty value among others.
func TestEmptyPartsOfLists(t *testing.T) {
	for _, args := range []string{
		"load --source 127.0.0.1 --source=", "load --source= --source 127.0.0.1", "load --source 127.0.0.1,",
		"load --source ,127.0.0.1", "load --assert rtt.p99<1s --assert=", "server -l 127.0.0.1:0 --listen=",
		"compare --gate --figure rtt.p50, a b", "ab --figure=,",
	} {
		var out, errOut bytes.Buffer
		if code := run(strings.Fields(args), strings.NewReader(""), &out, &errOut); code != exitUsage || !strings.Contains(errOut.String(), "the value is empty") {
			t.Errorf("%s: exit code %d, %s", args, code, &errOut)
		}
	}
}

// TestEmptyArguments gives each command an empty argument, which is not a missing one.
func TestEmptyArguments(t *testing.T) {
	for _, args := range [][]string{{"load", ""}, {"chat", ""}, {"report", ""}, {"report", "a", ""}, {"merge", ""}, {"compare", "", "b"}} {
		var out, errOut bytes.Buffer
		if code := run(args, strings.NewReader(""), &out, &errOut); code != exitUsage || !strings.Contains(errOut.String(), "is empty (an unset variable?)") {
			t.Errorf("%q: exit code %d, %s", args, code, &errOut)
		}
	}
	// An empty argument is what completion begins with.
	var out, errOut bytes.Buffer
	if code := run([]string{cobra.ShellCompRequestCmd, ""}, strings.NewReader(""), &out, &errOut); code != exitDone || !strings.Contains(out.String(), "load") {
		t.Errorf("completion: exit code %d, %s%s", code, &out, &errOut)
	}
}
