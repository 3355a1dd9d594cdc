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
	"sync/atomic"
	"time"
)

// programs are what the scripts can run besides echostamp, each to be found under its name.
var programs = map[string]func(){
	"echostamp":        main,
	"interrupted":      interrupted,
	"serving":          servingProgram,
	"made-up-selftest": madeUpSelftest,
}

// interrupted is "interrupted WHEN PROGRAM ARG…": it runs a program, interrupts it, and ends
// as it ends. WHEN is "reading": when the program has read of its standard input, which goes on
// for ever; "asking": when it has sent a message to the server of which the argument ADDR
// becomes the address; or else what the program has printed.
func interrupted() {
	when, args := os.Args[1], os.Args[2:]
	cmd := exec.Command(args[0], args[1:]...)
	var once sync.Once
	interrupt := func() { once.Do(func() { _ = cmd.Process.Signal(os.Interrupt) }) }
	seen := &watcher{pattern: regexp.MustCompile(when), see: interrupt}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, seen), io.MultiWriter(os.Stderr, seen)
	in, err := cmd.StdinPipe()
	var silent net.Listener
	if err == nil && when == "asking" {
		if silent, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			cmd.Args[len(cmd.Args)-1] = silent.Addr().String()
		}
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	switch when {
	case "reading":
		go func() {
			_, _ = in.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than a pipe holds
			interrupt()
		}()
	case "asking":
		go func() {
			_, _ = in.Write([]byte("hello\n"))
			if c, err := silent.Accept(); err == nil {
				_, _ = c.Read(make([]byte, 1))
				interrupt()
			}
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

// watcher looks for a pattern in what it is given.
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
	if w.pattern.Match(w.text) {
		w.see()
	}
	return len(b), nil
}

// servingProgram is "serving MANNER IP:PORT": a server that is slow, or mortal: it answers a thousand
// messages and then ends with exit code 3, complaining.
func servingProgram() {
	serve := map[string]func(net.Conn){"slow": delayed(20 * time.Millisecond), "mortal": talk(mortally())}[os.Args[1]]
	l, err := net.Listen("tcp", os.Args[2])
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			go serve(c)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// mortally answers a thousand messages.
func mortally() func(m []byte) []byte {
	var answers atomic.Int64
	return func(m []byte) []byte {
		if answers.Add(1) > 1000 {
			fmt.Fprintln(os.Stderr, "mortal: out of memory")
			os.Exit(3)
		}
		return answered(m)
	}
}

// madeUpSelftest is "made-up-selftest PASSED": a self-test whose only check passes or does
// not. The real one takes long, and what it finds depends on the machine.
func madeUpSelftest() {
	passed := os.Args[1] == "true"
	made := func(context.Context) ([]finding, error) {
		return []finding{{"path", "forward 10.0ms", "forward p50 20.0ms", passed}}, nil
	}
	e := &exit{}
	if err := selftest(context.Background(), os.Stdout, []check{made}); errors.As(err, &e) {
		ui{errOut: os.Stderr}.fail(e)
	}
	os.Exit(e.code)
}
