package main

import (
	"context"
	"net/netip"

	"github.com/echostamp/echostamp/server"
)

// notStarted stands for the target until there is a server, which takes the place of it.
const notStarted = "127.0.0.1:1"

// startServer starts a server in this process, on a free port of loopback. Its stop
// returns when it has ended.
func startServer(cfg server.Config) (addr netip.AddrPort, stop func(), err error) {
	cfg.Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	s, err := server.Listen(cfg)
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	return s.Addrs()[0], background(s.Run), nil
}

// background runs something until stop is called, which returns when it has ended.
// Why it ended is of no interest: those who talk to it will notice.
func background(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		_ = run(ctx)
		close(ended)
	}()
	return func() { cancel(); <-ended }
}
