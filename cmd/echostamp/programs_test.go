package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"time"
)

// programs are what the scripts can run besides echostamp, each to be found under its name.
var programs = map[string]func(){
	"echostamp":        main,
	"interrupted":      interrupted,
	"mortal":           mortal,
	"failing-selftest": failingSelftest,
}

// interrupted is "interrupted PATTERN PROGRAM ARG…": it runs a program, interrupts it when
// it has printed something like that, and ends as it ends. With an empty pattern it does so
// when the program has begun to read its standard input, which goes on for ever.
func interrupted() {
	pattern, args := os.Args[1], os.Args[2:]
	cmd := exec.Command(args[0], args[1:]...)
	var once sync.Once
	interrupt := func() { once.Do(func() { _ = cmd.Process.Signal(os.Interrupt) }) }
	seen := &watcher{pattern: regexp.MustCompile(pattern), see: interrupt}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, seen), io.MultiWriter(os.Stderr, seen)
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	if pattern == "" {
		go func() {
			_, _ = in.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than a pipe holds
			interrupt()
		}()
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	stuck.Stop()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// watcher looks for a pattern in what it is given, unless that is empty.
type watcher struct {
	pattern *regexp.Regexp
	see     func()
	mu      sync.Mutex
	text    []byte
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, b...)
	if w.pattern.String() != "" && w.pattern.Match(w.text) {
		w.see()
	}
	return len(b), nil
}

// mortal is "mortal IP:PORT": a server that answers a thousand messages and then ends with
// exit code 3, complaining.
func mortal() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	answered := 0
	serve := talk(func(m []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if answered++; answered > 1000 {
			fmt.Fprintln(os.Stderr, "mortal: out of memory")
			os.Exit(3)
		}
		return answeredAt(time.Now().UnixNano(), m)
	})
	for {
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		go serve(c)
	}
}

// failingSelftest is a self-test that finds something wrong.
func failingSelftest() {
	wrong := func(context.Context) ([]finding, error) {
		return []finding{{"path", "forward 10.0ms", "forward p50 20.0ms", false}}, nil
	}
	e := &exit{}
	if err := selftest(context.Background(), os.Stdout, []check{wrong}); errors.As(err, &e) {
		ui{errOut: os.Stderr}.fail(e)
	}
	os.Exit(e.code)
}
