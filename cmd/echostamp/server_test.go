package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/server"
)

// serving is a server in a process of its own.
type serving struct {
	cmd    *exec.Cmd
	addrs  []string
	errOut strings.Builder
}

// listening starts a command that prints "listening on ADDRESS" so many times.
func listening(t *testing.T, addrs int, name string, args ...string) *serving {
	t.Helper()
	return listeningOn(t, addrs, exec.Command(name, args...))
}

// listeningOn is listening, of a command that is made already.
func listeningOn(t *testing.T, addrs int, cmd *exec.Cmd) *serving {
	t.Helper()
	s := &serving{cmd: cmd}
	if cmd.Stderr == nil {
		cmd.Stderr = &s.errOut
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	lines := bufio.NewScanner(out)
	for range addrs {
		if !lines.Scan() {
			t.Fatalf("%v ended before it listened: %s", cmd.Args, &s.errOut)
		}
		addr, ok := strings.CutPrefix(lines.Text(), "listening on ")
		if !ok {
			t.Fatalf("%v printed %q", cmd.Args, lines.Text())
		}
		s.addrs = append(s.addrs, addr)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

// end signals the server and returns its exit code and what it logged.
func (s *serving) end(t *testing.T, sig os.Signal) (code int, log string) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait()
	if !stuck.Stop() {
		t.Fatalf("the server did not end within %v", patience)
	}
	return s.cmd.ProcessState.ExitCode(), s.errOut.String()
}

// dial connects to a server.
func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

func TestServerProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skipf("no signals between processes on %s", runtime.GOOS)
	}
	t.Parallel()
	for name, sig := range map[string]os.Signal{"interrupt": os.Interrupt, "terminate": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			s := listening(t, 2, program(t), "server", "--listen", "127.0.0.1:0", "-l", "127.0.0.1:0", "--log", "messages")
			forged := "hello\n[10.0.0.1:1] 1732310000.000000000:\"forged\"\x1b[31m\xff"
			for _, addr := range s.addrs {
				if strings.HasSuffix(addr, ":0") {
					t.Errorf("listening on %s", addr)
				}
				c := dial(t, addr)
				if _, err := io.WriteString(c, forged); err != nil {
					t.Fatal(err)
				}
				b := make([]byte, 21+len(forged))
				if _, err := io.ReadFull(c, b); err != nil || string(b[21:]) != forged {
					t.Fatalf("read %q, %v", b, err)
				}
				_, _ = c.Write([]byte{0xff})
				if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
					t.Fatalf("after the goodbye: %q, %v", rest, err)
				}
			}
			code, log := s.end(t, sig)
			if code != exitDone {
				t.Errorf("exit code %d; %s", code, log)
			}
			const who, when = `\[127\.0\.0\.1:\d+\] `, `\d{10}\.\d{9}`
			want := regexp.MustCompile(`^(` + who + when + ` connected\n` +
				who + when + `:"hello\\n\[10\.0\.0\.1:1\] 1732310000\.000000000:\\"forged\\"\\x1b\[31m\\xff"\n` +
				who + when + ` closed\n){2}$`)
			if !want.MatchString(log) {
				t.Errorf("the log is %q", log)
			}
		})
	}
}

func TestServerLogsConnectionsOnly(t *testing.T) {
	var b strings.Builder
	log, err := newEventLog(&b, "connections")
	if err != nil {
		t.Fatal(err)
	}
	log.add(server.Event{Kind: server.Message, Data: []byte("hello")})
	log.add(server.Event{Kind: server.Closed, Remote: netip.MustParseAddrPort("[::1]:5"), Time: 1, Err: io.ErrUnexpectedEOF})
	log.close()
	if got := b.String(); got != "[[::1]:5] 0.000000001 closed: unexpected EOF\n" {
		t.Errorf("logged %q", got)
	}
}

// dam is a stream that takes nothing until it is opened.
type dam struct {
	open chan struct{}
	b    strings.Builder
}

func (g *dam) Write(b []byte) (int, error) {
	<-g.open
	return g.b.Write(b)
}

func TestAStuckLogLosesLinesAndCountsThem(t *testing.T) {
	g := &dam{open: make(chan struct{})}
	log, err := newEventLog(g, "messages")
	if err != nil {
		t.Fatal(err)
	}
	const events = 10_000
	for range events {
		log.add(server.Event{Kind: server.Message, Data: []byte("hello")}) // does not wait
	}
	close(g.open)
	log.close()
	<-log.written
	got := g.b.String()
	var lost int
	for line := range strings.Lines(got) {
		if _, err := fmt.Sscanf(line, "echostamp: %d lines of the log were lost", &lost); err == nil {
			break
		}
	}
	if kept := strings.Count(got, "hello"); lost == 0 || kept+lost != events {
		t.Errorf("of %d lines %d were kept, %d told as lost", events, kept, lost)
	}
}

// TestServerOutlivesItsLog holds that closing the log does not stop a server.
func TestServerOutlivesItsLog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skipf("no signals between processes on %s", runtime.GOOS)
	}
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := exec.Command(program(t), "server", "--listen", "127.0.0.1:0", "--log", "messages")
	cmd.Stderr = w
	s := listeningOn(t, 1, cmd)
	for range 3 {
		c := dial(t, s.addrs[0])
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 26)); err != nil {
			t.Fatal(err)
		}
	}
	if code, _ := s.end(t, os.Interrupt); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

const peersDir = "testdata/peers/"

// TestLoadOfPythonServer holds that figures come from a server that was written
// from the document alone.
func TestLoadOfPythonServer(t *testing.T) {
	t.Parallel()
	python := peers.Need(t, "python3")
	for name, args := range map[string][]string{"plain": nil, "0 digits": {"--digits", "0"}, "9 digits": {"--digits", "9"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listening(t, 1, python, append([]string{peersDir + "select_server.py"}, args...)...)
			r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "64", "-n", "6400", "--format", "json", s.addrs[0]))
			run := r.run(t)
			if r.code != exitDone || run.Totals.Received != 6400 || len(run.Totals.Errors) != 0 {
				t.Errorf("exit code %d, %d replies, errors %v", r.code, run.Totals.Received, run.Totals.Errors)
			}
			if run.Clock.Relation != record.Same {
				t.Errorf("clock relation %q", run.Clock.Relation)
			}
		})
	}
}

func TestChatWithPythonServer(t *testing.T) {
	t.Parallel()
	python := peers.Need(t, "python3")
	s := listening(t, 1, python, peersDir+"select_server.py")
	cmd := exec.Command(program(t), "chat", "--delays", s.addrs[0])
	cmd.Stdin = strings.NewReader("hello\nsecond line\n")
	r := execute(t, cmd)
	want := regexp.MustCompile(`^(\d{10}\.\d{9}:\d{10}\.\d+:\d{10}\.\d{9}:(hello|second line)\nrtt \S+ = forward \S+ \+ reverse \S+\n){2}$`)
	if r.code != exitDone || !want.MatchString(r.out) || r.errOut != "" {
		t.Errorf("exit code %d, printed %q, %q", r.code, r.out, r.errOut)
	}
}

func TestPythonClients(t *testing.T) {
	t.Parallel()
	python := peers.Need(t, "python3")
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	host, port, _ := net.SplitHostPort(s.addrs[0])
	r := execute(t, exec.Command(python, peersDir+"client.py", host, port, "--clients", "20", "--messages", "50"))
	if r.code != 0 || !strings.HasPrefix(r.out, "ok: 20 clients, 50 messages each") {
		t.Errorf("exit code %d, printed %q, %q", r.code, r.out, r.errOut)
	}
}

func TestNetcat(t *testing.T) {
	t.Parallel()
	nc := peers.Need(t, "nc")
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0")
	host, port, _ := net.SplitHostPort(s.addrs[0])
	cmd := exec.Command(nc, "-N", host, port)
	cmd.Stdin = strings.NewReader("0:hello\n")
	r := execute(t, cmd)
	if r.code != 0 || !regexp.MustCompile(`^\d{10}\.\d{9}:0:hello\n$`).MatchString(r.out) {
		t.Errorf("exit code %d, printed %q, %q", r.code, r.out, r.errOut)
	}
}
