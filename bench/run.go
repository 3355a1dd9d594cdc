package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// A pair is one side of a comparison: a server and what puts load on it.
type pair struct {
	server    server
	generator generator
}

// A server is the command line of one, for a port that is free. A server that
// finds one itself when given port 0 needs no help with that.
type server func() (argv []string, err error)

// A generator is a program that measures, and how to understand it.
type generator struct {
	argv func(port string, clients int) []string
	read func(output []byte) (figures, error)
	// cores are those that it may use; empty is generatorCore.
	cores string
	// limit is how long it may take before it is taken to hang.
	limit time.Duration
}

// The server and the generator have a core each, so that neither takes the
// other's time and the scheduler moves neither.
const (
	serverCore    = "0"
	generatorCore = "1"
)

// startLimit is how long a server may take to say where it listens.
const startLimit = 10 * time.Second

// measure runs the generator against a fresh server.
func (p pair) measure(ctx context.Context, clients int) (figures, error) {
	port, stop, err := p.server.start(ctx)
	if err != nil {
		return nil, err
	}
	f, err := p.generator.run(ctx, port, clients)
	if said := stop(); err != nil && said != "" {
		err = fmt.Errorf("%w\nthe server said: %s", err, said)
	}
	return f, err
}

// start starts the server. Its stop ends it, and returns what it wrote to
// standard error.
func (s server) start(ctx context.Context) (port string, stop func() string, err error) {
	argv, err := s()
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := pinned(ctx, serverCore, argv)
	var said bytes.Buffer
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return "", nil, failure(cmd, err, "")
	}
	stop = func() string {
		cancel()
		_ = cmd.Wait() // an error only tells that it was ended
		return said.String()
	}
	late := time.AfterFunc(startLimit, cancel)
	defer late.Stop()
	if port, err = listening(stdout); err != nil {
		return "", nil, failure(cmd, err, stop())
	}
	return port, stop, nil
}

// address is in the line with which servers say where they listen: sockperf
// with "IP = 127.0.0.1  PORT = 12345", the others with "127.0.0.1:12345".
var address = regexp.MustCompile(`127\.0\.0\.1(?::|\s+PORT =\s+)(\d+)`)

func listening(stdout io.Reader) (port string, err error) {
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", errors.New("it did not say where it listens")
}

// run runs the generator to its end.
func (g generator) run(ctx context.Context, port string, clients int) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	cmd := pinned(ctx, cmp.Or(g.cores, generatorCore), g.argv(port, clients))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, failure(cmd, err, stderr.String())
	}
	f, err := g.read(stdout.Bytes())
	if err != nil {
		return nil, failure(cmd, err, stderr.String())
	}
	return f, nil
}

func pinned(ctx context.Context, cores string, argv []string) *exec.Cmd {
	return child(ctx, append([]string{"taskset", "-c", cores}, argv...))
}

// child returns a command that is asked to end when ctx does, and made to if
// it has not by a few seconds later.
func child(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// failure is the error of a command, with what it wrote to standard error.
func failure(cmd *exec.Cmd, err error, said string) error {
	err = fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	if said = strings.TrimSpace(said); said != "" {
		err = fmt.Errorf("%w\n%s", err, said)
	}
	return err
}
