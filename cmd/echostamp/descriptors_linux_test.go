package main

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/server"
)

// limited is a command that may have so many files open.
func limited(t *testing.T, descriptors string, args ...string) *exec.Cmd {
	sh := peers.Need(t, "sh")
	return exec.Command(sh, append([]string{"-c", `ulimit -n "$0" && exec "$@"`, descriptors, program(t)}, args...)...)
}

// isServed sends a message, and reports whether it is answered. Else the connection
// must have been closed.
func isServed(t *testing.T, c net.Conn) bool {
	t.Helper()
	if _, err := io.WriteString(c, "hello"); err != nil {
		return false
	}
	b, err := io.ReadAtLeast(c, make([]byte, 100), len("1732310000.123456789:hello"))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("neither served nor closed: read %d bytes, %v", b, err)
	}
	return err == nil
}

// crowd connects to a full server with as many clients as it cannot serve, and returns
// those that it does serve.
func crowd(t *testing.T, addr string, clients int) (served []net.Conn) {
	t.Helper()
	for range clients {
		if c := dial(t, addr); isServed(t, c) {
			served = append(served, c)
		} else {
			c.Close()
		}
	}
	if len(served) == 0 || len(served) == clients {
		t.Fatalf("%d of %d clients were served", len(served), clients)
	}
	return served
}

// TestServerOutOfDescriptors holds that a server whose descriptors are used up serves
// those clients that it has, closes the connections of others and says so once, serves
// others when it has descriptors again, and ends as ever. The server died with "fatal
// error: runtime: netpollinit failed" when it needed its first timer then: in the log of
// messages after some thousand of them, and at SIGTERM always.
func TestServerOutOfDescriptors(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"epoll", "portable"} {
		for _, logging := range []string{"off", "messages"} {
			t.Run(engine+", log "+logging, func(t *testing.T) {
				t.Parallel()
				s := listeningOn(t, 1, limited(t, "40", "server", "--listen", "127.0.0.1:0", "--engine", engine, "--log", logging, "--grace", "100ms"))
				first := dial(t, s.addrs[0])
				ask(t, first)
				served := crowd(t, s.addrs[0], 80)
				for range 100 {
					for _, c := range served {
						ask(t, c)
					}
				}
				gone := served[:len(served)/2]
				for _, c := range gone {
					c.Close()
				}
				for range gone {
					// Until the server has noticed that they are gone, it refuses.
					for next := dial(t, s.addrs[0]); !isServed(t, next); next = dial(t, s.addrs[0]) {
						next.Close()
					}
				}
			})
		}
	}
}

// TestFullServerEnds holds that a server without descriptors ends on SIGTERM with exit
// code 0, and that its log has the refusals in two lines at most: of the first, and of
// all others, if it does not take longer than they are counted for.
func TestFullServerEnds(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"epoll", "portable"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := listeningOn(t, 1, limited(t, "40", "server", "--listen", "127.0.0.1:0", "--engine", engine, "--grace", "100ms"))
			began := time.Now()
			crowd(t, s.addrs[0], 120)
			code, log := s.end(t, syscall.SIGTERM)
			most := 2 + int(time.Since(began)/server.RefusalInterval)
			lines := strings.Split(strings.TrimSpace(log), "\n")
			says := regexp.MustCompile(`^echostamp: out of file descriptors: closed (\d+) new connections?( in the last \S+)?; raise the limit \(ulimit -n\) or connect fewer clients$`)
			if code != exitDone || len(lines) > most {
				t.Errorf("exit code %d, %d lines:\n%s", code, len(lines), log)
			}
			for _, l := range lines {
				if !says.MatchString(l) {
					t.Errorf("the log has the line %q", l)
				}
			}
		})
	}
}

// TestTooFewDescriptorsToListen holds that what cannot serve anybody does not say that it
// listens.
func TestTooFewDescriptorsToListen(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"epoll", "portable"} {
		r := execute(t, limited(t, "6", "server", "--listen", "127.0.0.1:0", "--engine", engine))
		if r.code != exitFailed || r.out != "" || !regexp.MustCompile(`^echostamp: .*too many open files; raise the limit of open files \(ulimit -n\)`).MatchString(r.errOut) {
			t.Errorf("%s: exit code %d, %q, %q", engine, r.code, r.out, r.errOut)
		}
	}
}
