package main

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/loadgen"
	"github.com/echostamp/echostamp/server"
)

// ask sends a message and awaits its reply.
func ask(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 26)
	if _, err := io.ReadFull(c, b); err != nil || !strings.HasSuffix(string(b), ":hello") {
		t.Fatalf("read %q, %v", b, err)
	}
}

// TestServerLivesThroughResets holds that a burst of connections that end in a
// reset, or in nothing, leaves a server as it was.
func TestServerLivesThroughResets(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"epoll", "portable"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0", "--engine", engine)
			good := dial(t, s.addrs[0])
			ask(t, good)
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					for i := range 1000 {
						c, err := net.Dial("tcp", s.addrs[0])
						if err != nil {
							t.Errorf("connection %d: %v", i, err)
							return
						}
						if i%2 == 0 {
							_, _ = c.Write([]byte("and gone"))
						}
						_ = c.(*net.TCPConn).SetLinger(0)
						c.Close()
					}
				})
			}
			wg.Wait()
			ask(t, good)
			ask(t, dial(t, s.addrs[0]))
		})
	}
}

// inProcess runs a server of this process for as long as f does.
func inProcess(t testing.TB, f func(addr string)) {
	t.Helper()
	s, err := server.Listen(server.Config{
		Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Shards: 1, Engine: evloop.Epoll,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	f(s.Addrs()[0].String())
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func loadConfig(target string, messages int64) loadgen.Config {
	return loadgen.Config{
		Target: target, Clients: 4, Messages: messages, Size: 64, Timeout: patience, ConnectRate: 1000,
		Proto: loadgen.Text, Engine: evloop.Epoll, Timestamps: loadgen.KernelTime, Shards: 1,
	}
}

// TestMessagesAllocateNothing holds that neither side allocates for a message: a whole run
// makes far fewer allocations than messages. Counting the ports in use before it makes some
// for each connection that the machine has, of which other tests leave many.
func TestMessagesAllocateNothing(t *testing.T) {
	const messages = 100_000
	inProcess(t, func(addr string) {
		cfg := loadConfig(addr, messages)
		cfg.Interval = time.Hour // intervals allocate, and how many there are is up to the machine
		allocated := func() uint64 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.Mallocs
		}
		before := allocated()
		if _, err := loadgen.Run(context.Background(), cfg); err != nil {
			t.Fatal(err)
		}
		n := allocated() - before
		t.Logf("%d messages, %d allocations", messages, n)
		if n > messages/2 {
			t.Errorf("%d messages made %d allocations", messages, n)
		}
	})
}

// BenchmarkIdleConnections reports the Go memory of an idle connection, of both sides
// together, tables of the event loops included. The garbage collector decides what is
// found, so nothing is held to it: see TestIdleConnectionIsSmall and TestClientsAreSmall.
func BenchmarkIdleConnections(b *testing.B) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatal(err)
	}
	conns := min(8000, int(min(limit.Cur, 1<<20)-200)/2)
	inProcess(b, func(addr string) {
		heap := func() int64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		// What is measured is a run whose clients connect and then wait.
		measure := func(clients int) (used int64) {
			cfg := loadConfig(addr, 0)
			cfg.Clients, cfg.Duration, cfg.ConnectRate = clients, time.Hour, 50_000
			cfg.Warmup = time.Hour
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cfg.Live = func(l loadgen.Live) {
				if used == 0 && l.Phase == loadgen.WarmingUp {
					used = heap()
					cancel()
				}
			}
			if _, err := loadgen.Run(ctx, cfg); err != nil {
				b.Error(err)
			}
			return used
		}
		measure(conns) // grows the tables
		var all int64
		for b.Loop() {
			all += measure(conns) - measure(100)
		}
		b.ReportMetric(float64(all)/float64(b.N)/float64(conns-100), "B/connection")
	})
}

// haveStamps has the kernel stamp all that arrives on this host until the test ends. It
// begins some time after the first socket has asked for it, so that a short run may be over
// before.
func haveStamps(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, unix.SOF_TIMESTAMPING_RX_SOFTWARE|unix.SOF_TIMESTAMPING_SOFTWARE))
	check(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	self, err := unix.Getsockname(fd)
	check(err)
	b, control := make([]byte, 1), make([]byte, 128)
	for deadline := time.Now().Add(patience); ; {
		check(unix.Sendto(fd, b, 0, self))
		_, n, _, _, err := unix.Recvmsg(fd, b, control, 0)
		check(err)
		if n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the kernel stamps nothing that arrives")
		}
	}
}

// TestKernelTimestamps holds that with many clients the kernel tells of each reply when it
// arrived. See TestWakeup for what that is for.
func TestKernelTimestamps(t *testing.T) {
	t.Parallel()
	haveStamps(t)
	r, run := loadJSON(t, "--accept-invalid -c 64 -n 20000 --timestamps kernel")
	if r.code != exitDone || run.Config.Timestamps != record.KernelTime || run.Config.Engine != "epoll" {
		t.Fatalf("exit code %d, %+v; %s", r.code, run.Config, r.errOut)
	}
	if n := run.Totals.Unstamped; n != 0 {
		t.Errorf("of %d replies %d had no timestamp", run.Totals.Received, n)
	}
}

// TestServerKernelTime holds that t2 is then no later than without.
func TestServerKernelTime(t *testing.T) {
	t.Parallel()
	s := listening(t, 1, program(t), "server", "--listen", "127.0.0.1:0", "--timestamps", "kernel")
	r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "32", "-n", "20000", "--format", "json", s.addrs[0]))
	run := r.run(t)
	if r.code != exitDone || run.Metrics[record.Forward].Min < 0 {
		t.Errorf("exit code %d, forward from %d ns", r.code, run.Metrics[record.Forward].Min)
	}
}

func TestPlainEcho(t *testing.T) {
	t.Parallel()
	p := startPeer(t, talk(func(m []byte) []byte { return m }))
	r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "4", "-n", "1000", "--proto", "echo", "--format", "json", p.addr()))
	run := r.run(t)
	if r.code != exitDone || run.Totals.Received != 1000 {
		t.Errorf("exit code %d, %d replies", r.code, run.Totals.Received)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"epoll", "portable"} {
		var mu sync.Mutex
		seen := map[string]int{}
		p := startPeer(t, func(c net.Conn) {
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			mu.Lock()
			seen[host]++
			mu.Unlock()
			honest(c)
		})
		r := execute(t, exec.Command(program(t), "load", "--accept-invalid", "-c", "10", "-n", "100", "--engine", engine, "--shards", "1", "--source", "127.0.0.2,127.0.0.3", p.addr()))
		mu.Lock()
		if r.code != exitDone || len(seen) != 2 || seen["127.0.0.2"] != 5 || seen["127.0.0.3"] != 5 {
			t.Errorf("%s: exit code %d, connections from %v; %s", engine, r.code, seen, r.errOut)
		}
		mu.Unlock()
	}
}
