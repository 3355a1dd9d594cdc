package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/launch"
	"github.com/echostamp/echostamp/internal/wire"
	"github.com/echostamp/echostamp/loadgen"
)

// The sides of a gate.
var sideNames = [2]string{"A", "B"}

// A subject is a server that is compared: one that runs, or a command that starts one.
type subject struct {
	name, text string
	isCommand  bool
}

func parseSubject(name, text string) (subject, error) {
	s := subject{name, text, launch.IsCommand(text)}
	option := "--" + strings.ToLower(name)
	if text == "" {
		return s, fmt.Errorf("%s: is missing: a gate compares a server --a with a server --b", option)
	}
	if s.isCommand {
		return s, nil
	}
	if _, err := loadgen.ParseTarget(text); err != nil {
		return s, fmt.Errorf("%s: %w; a command that starts a server has {port} or {addr} in it", option, err)
	}
	return s, nil
}

// answers returns what finds out whether a server answers a message.
func answers(proto loadgen.Proto) func(context.Context, netip.AddrPort) error {
	const patience = 500 * time.Millisecond // for a server that has just begun
	return func(ctx context.Context, addr netip.AddrPort) error {
		dialer := net.Dialer{Timeout: patience}
		conn, err := dialer.DialContext(ctx, "tcp", addr.String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Write(wire.AppendMessage(nil, time.Now().UnixNano(), []byte("ready?"))); err != nil {
			return err
		}
		if _, err := conn.Read(make([]byte, wire.MaxMessage)); err != nil {
			return errors.Join(errors.New("it takes connections and does not answer"), err)
		}
		if proto == loadgen.Text {
			_, _ = conn.Write([]byte{wire.Goodbye})
		}
		return nil
	}
}
