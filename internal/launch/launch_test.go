//go:build unix

package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes the test's own program be a server in some manner, if the environment
// asks for it.
func TestMain(m *testing.M) {
	if Keep() {
		return
	}
	if manner := os.Getenv("LAUNCH_MANNER"); manner != "" {
		serveIn(manner, os.Args[1])
		return
	}
	code := m.Run()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err == nil {
		fmt.Println("FAIL: process", pid, "was not buried, or one goes on")
		code = 1
	}
	os.Exit(code)
}

// serveIn is a server in some manner.
func serveIn(manner, addr string) {
	fmt.Println("this is", manner)
	switch manner {
	case "silent":
		listen(addr)
	case "absent":
	case "failing":
		fmt.Fprintln(os.Stderr, "no such \x1b[31mthing")
		os.Exit(7)
	case "counting": // how often it is asked to end
		asked := make(chan os.Signal, 10)
		signal.Notify(asked, syscall.SIGTERM)
		go echo(listen(addr), nil)
		<-asked
		select {
		case <-asked:
			fmt.Println("asked twice")
			select {}
		case <-time.After(100 * time.Millisecond):
			os.Exit(0)
		}
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		go echo(listen(addr), nil)
	case "honest":
		go echo(listen(addr), nil)
	case "mortal":
		go echo(listen(addr), func() { os.Exit(3) })
	case "leaving":
		startChild("waiting", addr, false)
		go echo(listen(addr), nil)
	case "daemon":
		startChild("honest", addr, true)
		return
	case "waiting":
		signal.Ignore(syscall.SIGTERM)
		os.NewFile(3, "ready").Close()
	case "starting": // a program that starts a server by a command, and tells of it
		s, err := Start(context.Background(), addr, Options{answers, waiting, waiting})
		if err != nil {
			panic(err)
		}
		fmt.Println(s.Addr)
	}
	select {}
}

// startChild starts this program in another manner, in a session of its own so that it is in
// another process group.
func startChild(manner, addr string, quiet bool) {
	child := exec.Command(os.Args[0], addr)
	child.Env = append(os.Environ(), "LAUNCH_MANNER="+manner)
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if quiet {
		if err := child.Start(); err != nil {
			panic(err)
		}
		return
	}
	ready, isReady, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	child.Stdout, child.ExtraFiles = os.Stdout, []*os.File{isReady} // it holds the first one open
	if err := child.Start(); err != nil {
		panic(err)
	}
	isReady.Close()
	_, _ = ready.Read(make([]byte, 1)) // until it closes it
}

func listen(addr string) net.Listener {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		panic(err)
	}
	return l
}

// echo answers the first message of each connection. After a second connection it ends.
func echo(l net.Listener, end func()) {
	for n := 1; ; n++ {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		b := make([]byte, 100)
		k, _ := c.Read(b)
		_, _ = c.Write(b[:k])
		c.Close()
		if n == 2 && end != nil {
			end()
		}
	}
}

// answers asks a server.
func answers(ctx context.Context, addr netip.AddrPort) error {
	c, err := (&net.Dialer{Timeout: 50 * time.Millisecond}).DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := c.Write([]byte("?")); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

// waiting is for what must happen.
const waiting = 30 * time.Second

// command is one that starts this program in a manner.
func command(t *testing.T, manner string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("LAUNCH_MANNER=%s exec '%s' {addr}", manner, self)
}

func TestStart(t *testing.T) {
	for name, tc := range map[string]struct {
		command string
		ready   time.Duration
		says    []string // in the error of starting; none is that it starts
	}{
		"honest":  {command(t, "honest"), waiting, nil},
		"failing": {command(t, "failing"), waiting, []string{"before it was ready", "exit status 7", "this is failing | no such �[31mthing"}},
		"missing": {"/nowhere/server {port}", waiting, []string{"before it was ready", "exit status 127", "/nowhere/server"}},
		"syntax":  {"( {port}", waiting, []string{"before it was ready", "exit status 2"}},
		"silent":  {command(t, "silent"), 5 * time.Second, []string{"was not ready at 127.0.0.1:", "within 5s", "timeout", "the last it printed: this is silent"}},
		"absent":  {command(t, "absent"), 200 * time.Millisecond, []string{"was not ready at 127.0.0.1:", "refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(t.Context(), tc.command, Options{answers, tc.ready, waiting})
			if len(tc.says) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if forced, err := s.Stop(t.Context()); forced || err != nil {
					t.Errorf("stopping: forced %v, %v", forced, err)
				}
				gone(t, s)
				return
			}
			if err == nil {
				_, _ = s.Stop(t.Context())
				t.Fatal("it started")
			}
			for _, says := range tc.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("error %q, want %q in it", err, says)
				}
			}
		})
	}
}

// gone checks that nothing answers any more, and that the process is no more.
func gone(t *testing.T, s *Server) {
	t.Helper()
	if err := answers(t.Context(), s.Addr); err == nil {
		t.Error("it answers after it was stopped")
	}
	if err := syscall.Kill(-s.family.group, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("its process group is still there: %v", err)
	}
}

func TestStartIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{}, 1)
	go func() {
		<-asked
		cancel()
	}()
	never := func(context.Context, netip.AddrPort) error {
		select {
		case asked <- struct{}{}:
		default:
		}
		return errors.New("no")
	}
	if _, err := Start(ctx, command(t, "absent"), Options{never, waiting, waiting}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestServerEndsByItself(t *testing.T) {
	t.Parallel()
	s := started(t, "mortal", waiting)
	_ = answers(t.Context(), s.Addr) // the second time
	select {
	case <-s.Ended():
	case <-time.After(waiting):
		t.Fatal("it goes on")
	}
	if err := s.Err(); !strings.Contains(err.Error(), "ended with exit status 3; the last it printed: this is mortal") {
		t.Errorf("%v", err)
	}
	if forced, err := s.Stop(t.Context()); forced || err != nil {
		t.Errorf("stopping: forced %v, %v", forced, err)
	}
}

func started(t *testing.T, manner string, grace time.Duration) *Server {
	t.Helper()
	s, err := Start(t.Context(), command(t, manner), Options{answers, waiting, grace})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServerIsAskedOnce holds that it is asked to end once: a second time many end at once.
func TestServerIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := started(t, "counting", waiting)
	if forced, err := s.Stop(t.Context()); forced || err != nil {
		t.Errorf("forced %v, %v%s", forced, err, s.said)
	}
}

// TestStopInAHurry holds that a stubborn server does not hold up an interrupt.
func TestStopInAHurry(t *testing.T) {
	t.Parallel()
	s := started(t, "stubborn", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if forced, err := s.Stop(ctx); !forced || err != nil {
		t.Errorf("forced %v, %v", forced, err)
	}
}

func TestStubbornServerIsKilled(t *testing.T) {
	t.Parallel()
	s := started(t, "stubborn", 50*time.Millisecond)
	if forced, err := s.Stop(t.Context()); !forced || err != nil {
		t.Errorf("forced %v, %v", forced, err)
	}
	gone(t, s)
}

// startStarter starts a program that starts a server, whose address it returns.
func startStarter(t *testing.T, command string) (starter *exec.Cmd, addr netip.AddrPort) {
	t.Helper()
	starter = exec.Command(os.Args[0], command)
	starter.Env = append(os.Environ(), "LAUNCH_MANNER=starting")
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for !addr.IsValid() && lines.Scan() {
		addr, _ = netip.ParseAddrPort(lines.Text())
	}
	if !addr.IsValid() {
		t.Error("it did not start a server")
	}
	return starter, addr
}

// TestGuard holds that a server does not outlive what started it, whatever becomes of that.
func TestGuard(t *testing.T) {
	t.Parallel()
	starter, addr := startStarter(t, command(t, "honest")+"; :")
	_, _ = starter.Process.Kill(), starter.Wait()
	for deadline := time.Now().Add(waiting); answers(t.Context(), addr) == nil; {
		if time.Now().After(deadline) {
			t.Fatal("the server goes on")
		}
	}
}

func TestFreePort(t *testing.T) {
	addr, err := freePort()
	if err != nil || addr.Port() < firstPort || addr.Port() > lastPort {
		t.Fatalf("%v, %v", addr, err)
	}
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestTailKeepsTheLast(t *testing.T) {
	var s tail
	if text := s.String(); text != "; it printed nothing" {
		t.Errorf("%q", text)
	}
	for i := range 1000 {
		fmt.Fprintf(&s, "line %d\n", i)
	}
	if text := lastOf(strings.Repeat("é", 201)); text != "…"+strings.Repeat("é", 200) {
		t.Errorf("%q", text)
	}
	if text := s.String(); text != "; the last it printed: line 996 | line 997 | line 998 | line 999" || len(s.text) > keptBytes {
		t.Errorf("%q of %d", text, len(s.text))
	}
}

func TestIsCommand(t *testing.T) {
	for text, want := range map[string]bool{"server {port}": true, "server -l {addr}": true, "server": false, "host:12345": false, "": false} {
		if IsCommand(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
