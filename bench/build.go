package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// The C programs travel inside this one, so that it does not matter in which
// directory it runs.
var (
	//go:embed c/server.c
	serverSource string
	//go:embed c/client.c
	clientSource string
)

// tools are the paths of what was built, and how long each run measures.
type tools struct {
	echostamp, server, client string
	seconds                   int
}

// build builds what is compared, into dir.
func build(ctx context.Context, dir string, seconds int) (tools, error) {
	t := tools{
		echostamp: filepath.Join(dir, "echostamp"),
		server:    filepath.Join(dir, "server"),
		client:    filepath.Join(dir, "client"),
		seconds:   seconds,
	}
	for _, need := range []string{"taskset", "cc", "go"} {
		if _, err := exec.LookPath(need); err != nil {
			return t, fmt.Errorf("%s is needed: %w", need, err)
		}
	}
	for _, step := range []struct {
		input string
		argv  []string
	}{
		{"", []string{"go", "build", "-o", t.echostamp, "github.com/echostamp/echostamp/cmd/echostamp"}},
		{serverSource, []string{"cc", "-O2", "-Wall", "-o", t.server, "-x", "c", "-"}},
		{clientSource, []string{"cc", "-O2", "-Wall", "-o", t.client, "-x", "c", "-"}},
	} {
		cmd := child(ctx, step.argv)
		var output bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(step.input), &output, &output
		if err := cmd.Run(); err != nil {
			return t, failure(cmd, err, output.String())
		}
	}
	return t, nil
}
