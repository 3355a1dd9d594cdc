package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// messageSize is the size of every message, whoever sends it. stampSize is by
// how much echostamp's replies are longer: "1732310000.123456789:".
const (
	messageSize = "64"
	stampSize   = "21"
)

// The warm-up, as a duration and in seconds.
const (
	warmup        = "500ms"
	warmupSeconds = "0.5"
)

// ours is echostamp's pair, both sides of it with flags.
func (t tools) ours(flags ...string) pair {
	return pair{t.ourServer(flags...), t.ourGenerator(flags...)}
}

func (t tools) ourServer(flags ...string) server {
	return fixed(append([]string{t.echostamp, "server", "--listen", "127.0.0.1:0"}, flags...)...)
}

func (t tools) ourGenerator(flags ...string) generator {
	argv := func(port string, clients int) []string {
		argv := []string{
			t.echostamp, "load", "-c", strconv.Itoa(clients), "-d", fmt.Sprintf("%ds", t.seconds), "--warmup", warmup,
			"--size", messageSize, "--format", "json", "--quiet", "--accept-invalid",
		}
		return append(append(argv, flags...), "127.0.0.1:"+port)
	}
	return generator{argv: argv, read: readRecord, limit: t.limit()}
}

// pacedGenerator is one that is not confined to its core: it can tell that there is
// one to spare, and the system can move it.
func (t tools) pacedGenerator(flags ...string) generator {
	g := t.ourGenerator(flags...)
	g.cores = serverCore + "," + generatorCore
	return g
}

// readRecord reads what echostamp load prints. Both programs at their limit is what
// is to be compared; errors are not.
func readRecord(output []byte) (figures, error) {
	var r struct {
		Totals   struct{ Rate float64 }
		Validity struct {
			Verdict string
			Reasons []string
		}
		Metrics struct {
			RTT, Lag struct{ Percentiles map[string]float64 }
		}
	}
	err := json.Unmarshal(output, &r)
	if v := r.Validity; v.Verdict == "invalid" {
		fmt.Fprintln(os.Stderr, "bench: not to be trusted:", strings.Join(v.Reasons, "; "))
	}
	p, lag := r.Metrics.RTT.Percentiles, r.Metrics.Lag.Percentiles
	return figures{rate: r.Totals.Rate, p50: p["50"], p99: p["99"], lagP50: lag["50"], lagP99: lag["99"]}, err
}

// c is the pair in C.
func (t tools) c() pair { return pair{t.cServer(), t.cGenerator("0")} }

func (t tools) cServer() server { return fixed(t.server, "0") }

// cGenerator expects replies that are longer than the messages by extra bytes.
func (t tools) cGenerator(extra string) generator {
	argv := func(port string, clients int) []string {
		return []string{t.client, "127.0.0.1", port, strconv.Itoa(clients), strconv.Itoa(t.seconds), messageSize, extra, warmupSeconds}
	}
	return generator{argv: argv, read: readLine, limit: t.limit()}
}

// readLine reads what the C generator prints.
func readLine(output []byte) (f figures, err error) {
	err = json.Unmarshal(output, &f)
	return f, err
}

// sockperf is the pair of sockperf, which has one client whatever it is asked.
func (t tools) sockperf() pair {
	server := func() ([]string, error) {
		port, err := freePort()
		return []string{"sockperf", "server", "--tcp", "-i", "127.0.0.1", "-p", port}, err
	}
	argv := func(port string, _ int) []string {
		seconds := strconv.Itoa(t.seconds + 1) // its warm-up is a part of them
		return []string{"sockperf", "ping-pong", "--tcp", "--full-rtt", "-i", "127.0.0.1", "-p", port, "-m", messageSize, "-t", seconds}
	}
	return pair{server, generator{argv: argv, read: readSockperf, limit: t.limit()}}
}

// sockperfPercentile is a line of its report, in microseconds.
var sockperfPercentile = regexp.MustCompile(`percentile (50|99)\.000 =\s*([\d.]+)`)

func readSockperf(output []byte) (figures, error) {
	f := figures{}
	for _, m := range sockperfPercentile.FindAllStringSubmatch(string(output), -1) {
		us, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		f[metric("p"+m[1])] = us * 1000
	}
	return f, nil
}

// limit leaves a run time to connect and to end.
func (t tools) limit() time.Duration {
	return time.Duration(t.seconds)*time.Second + 30*time.Second
}

// fixed is a server whose command line is always the same.
func fixed(argv ...string) server {
	return func() ([]string, error) { return argv, nil }
}

// freePort finds a port for a server that would not tell which it got for 0.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
