// Command spinserver is a timestamp-echo server that computes for a known time before it
// answers a message: something whose slowness is known, for trying out how small a
// regression is found. It computes one message at a time, on one processor.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/echostamp/echostamp/internal/wire"
)

func main() {
	addr := flag.String("listen", "127.0.0.1:12345", "`IP:PORT` to listen on")
	work := flag.Duration("work", 0, "how long to compute for each message")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	l, err := net.Listen("tcp", *addr)
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			go serve(c, *work)
		}
	}
	fmt.Fprintln(os.Stderr, "spinserver:", err)
	os.Exit(1)
}

// serve answers until the client leaves.
func serve(c net.Conn, work time.Duration) {
	defer c.Close()
	message, reply := make([]byte, wire.MaxMessage), make([]byte, 0, 2*wire.MaxMessage)
	for {
		n, err := c.Read(message)
		if err != nil || n > 0 && message[0] == wire.Goodbye {
			return
		}
		now := time.Now()
		for time.Since(now) < work {
		}
		if _, err := c.Write(wire.AppendReply(reply, now.UnixNano(), message[:n])); err != nil {
			return
		}
	}
}
