package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/server"
)

func serverCommand(t ui) *cobra.Command {
	var (
		listen       []string
		logging      string
		grace        time.Duration
		writeTimeout time.Duration
		engine       engineOptions
		timestamps   string
	)
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Answer every message with the time at which it came",
		Long: `Server speaks the timestamp-echo protocol until it is interrupted. It then takes
no more connections, answers what is in flight, and closes.

Several servers may listen on one port, and then each gets a part of the
connections.

It prints a line "listening on IP:PORT" to standard output for each address. A
log goes to standard error: a line "[ip:port] t2:"data"" for each message, with
the data quoted. When lines come faster than they can be written, some are lost,
and counted. When out of file descriptors, it closes new connections immediately and
says so on standard error, at most once in ten seconds.`,
		Example: `  echostamp server
  echostamp server --listen 127.0.0.1:0 --listen [::1]:0 --log messages`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&listen, "listen", "l", []string{"0.0.0.0:12345"}, "`IP:PORT` to listen on, or :PORT for all IPv4 addresses; several times for several; port 0 is a free one")
	f.StringVar(&logging, "log", "off", "what to log: off, connections or messages")
	f.DurationVar(&grace, "grace", time.Second, "how long to serve what is in flight when interrupted; 0 is not at all")
	f.DurationVar(&writeTimeout, "write-timeout", 30*time.Second, "how long a client may leave its replies unread; 0 is for ever")
	f.StringVar(&timestamps, "timestamps", "user", "what t2 is: when the message was read (user), or reached the kernel (kernel)")
	engine.define(f)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := engine.validate(); err != nil {
			return usage(err)
		}
		spareProcessor(engine.count())
		cfg := server.Config{
			Grace: grace, WriteTimeout: writeTimeout, KernelTime: timestamps == "kernel",
			Engine: engine.engine, Shards: engine.count(), CPUs: engine.cpus, Spin: engine.spin,
		}
		var err error
		if cfg.Listen, err = listenAddrs(listen); err != nil {
			return usage(err)
		}
		switch {
		case grace < 0:
			return usage(fmt.Errorf("--grace: %v is negative", grace))
		case writeTimeout < 0:
			return usage(fmt.Errorf("--write-timeout: %v is negative", writeTimeout))
		case timestamps != "user" && timestamps != "kernel":
			return usage(fmt.Errorf("--timestamps: %q is neither user nor kernel", timestamps))
		case timestamps == "kernel" && evloop.Choose(engine.engine) != evloop.Epoll:
			return usage(fmt.Errorf("--timestamps kernel: %w", evloop.ErrNoEpoll))
		}
		log, err := newEventLog(t.errOut, logging)
		if err != nil {
			return usage(err)
		}
		log.into(&cfg)
		s, err := server.Listen(cfg)
		if err != nil {
			return failed(err)
		}
		defer log.close()
		for _, a := range s.Addrs() {
			if _, err := fmt.Fprintf(t.out, "listening on %v\n", a); err != nil {
				return failed(fmt.Errorf("cannot print the address %v: %w", a, pathless(err)))
			}
		}
		if err := s.Run(cmd.Context()); err != nil {
			return failed(err)
		}
		return nil
	}
	return cmd
}

// listenAddrs reads addresses to listen on. Names are not taken: which of a
// host's addresses to open should not depend on a resolver.
func listenAddrs(texts []string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, text := range texts {
		given := text
		if strings.HasPrefix(text, ":") {
			given = "0.0.0.0" + text
		}
		a, err := netip.ParseAddrPort(given)
		if err != nil {
			return nil, fmt.Errorf("--listen: %q is no IP:PORT, such as 0.0.0.0:12345 or [::1]:0", text)
		}
		out = append(out, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
	}
	return out, nil
}
