package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/internal/wire"
	"github.com/echostamp/echostamp/loadgen"
)

func chatCommand(t ui) *cobra.Command {
	var delays bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "chat HOST[:PORT]",
		Short: "Send lines by hand, and see each reply with its timestamps",
		Long: `Chat sends each line as a message and prints the reply with the time at which it
was read: <t3>:<t2>:<t1>:<message>. Ctrl-D, Ctrl-C or the end of the input
leave; an interrupt while a reply is awaited exits with 130.`,
		Example: `  echostamp chat localhost:12345
  echo hello | echostamp chat --delays localhost:12345`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&delays, "delays", false, "print the round trip and both directions below each reply")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long connecting, and each reply, may take")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if timeout <= 0 {
			return usage(fmt.Errorf("--timeout: %v is not positive", timeout))
		}
		target, err := loadgen.ParseTarget(args[0])
		if err != nil {
			return usage(err)
		}
		d := net.Dialer{Timeout: timeout}
		nc, err := d.DialContext(cmd.Context(), "tcp", target)
		if cmd.Context().Err() != nil {
			return &exit{code: exitInterrupted}
		}
		if err != nil {
			return failed(fmt.Errorf("cannot connect to %s: %w", target, err))
		}
		defer nc.Close()
		c := &chat{
			ui: t, conn: nc, line: clock.NewLine(), delays: delays, timeout: timeout,
			prompting: isTerminal(t.in) && isTerminal(t.out),
		}
		err = c.run(cmd.Context())
		if e := (*exit)(nil); err == nil || errors.As(err, &e) {
			return err
		}
		return failed(fmt.Errorf("chat with %s: %w", target, err))
	}
	return cmd
}

// chat is a conversation: a line, its reply, the next line.
type chat struct {
	ui
	conn      net.Conn
	line      clock.Line
	delays    bool
	prompting bool
	timeout   time.Duration
}

// received is what one receive returned, or the error that ended them.
type received struct {
	data []byte
	at   int64
	err  error
}

// typed is a line of the input, or the error that ended them.
type typed struct {
	text []byte
	err  error
}

// run converses until the input or the context ends, and says goodbye.
func (c *chat) run(ctx context.Context) error {
	lines, replies := make(chan typed), make(chan received)
	go scan(c.in, lines)
	go c.receive(replies)
	for {
		if c.prompting {
			fmt.Fprint(c.out, "> ")
		}
		select {
		case <-ctx.Done():
			return c.leave()
		case r := <-replies:
			return c.unasked(r)
		case l := <-lines:
			switch {
			case errors.Is(l.err, io.EOF):
				return c.leave()
			case l.err != nil:
				return fmt.Errorf("cannot read the input: %w", l.err)
			}
			if err := c.converse(ctx, l.text, replies); err != nil {
				return err
			}
		}
	}
}

// scan reads lines until the input ends. Its last is an error.
func scan(in io.Reader, lines chan<- typed) {
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		lines <- typed{text: append([]byte(nil), s.Bytes()...)}
	}
	err := s.Err()
	if err == nil {
		err = io.EOF
	}
	lines <- typed{err: err}
}

// receive reads from the connection until it ends. Its last is an error.
func (c *chat) receive(replies chan<- received) {
	for {
		b := make([]byte, wire.MaxReply)
		n, err := c.conn.Read(b)
		at, _ := c.line.Now()
		if n > 0 {
			replies <- received{data: b[:n], at: at}
		}
		if err != nil {
			replies <- received{err: err}
			return
		}
	}
}

// converse sends a line and prints the reply.
func (c *chat) converse(ctx context.Context, text []byte, replies <-chan received) error {
	t1, _ := c.line.Now()
	message := wire.AppendMessage(nil, t1, text)
	if len(message) > wire.MaxMessage {
		c.warn("that line makes a message of %d bytes; the most is %d: not sent", len(message), wire.MaxMessage)
		return nil
	}
	if _, err := c.conn.Write(message); err != nil {
		return ended(err)
	}
	late := time.After(c.timeout)
	var got []byte
	for {
		select {
		case <-ctx.Done():
			_ = c.leave()
			return &exit{code: exitInterrupted}
		case <-late:
			return fmt.Errorf("no whole reply within %v (received %s); is that a timestamp-echo server?", c.timeout, quoted(got))
		case r := <-replies:
			if r.err != nil {
				return ended(r.err)
			}
			got = append(got, r.data...)
			switch t2, verdict := wire.CheckReply(got, message); verdict {
			case wire.Partial:
			case wire.Whole:
				return c.print(got, t1, t2, r.at)
			default:
				return fmt.Errorf("no whole reply: received %q; is that a timestamp-echo server?", got)
			}
		}
	}
}

// quoted is what was received, for an error.
func quoted(got []byte) string {
	if len(got) == 0 {
		return "nothing"
	}
	return strconv.Quote(string(got))
}

// print prints a reply, in which the server's timestamp stands as it came.
func (c *chat) print(reply []byte, t1, t2, t3 int64) error {
	b := wire.AppendReply(nil, t3, reply)
	b = append(b, '\n')
	if c.delays {
		b = fmt.Appendf(b, "rtt %s = forward %s + reverse %s\n",
			unit.Duration(clock.Apart(t1, t3)), unit.Duration(clock.Apart(t1, t2)), unit.Duration(clock.Apart(t2, t3)))
	}
	_, err := c.out.Write(b)
	return err
}

// leave says goodbye. Whether it arrives is of no matter any more.
func (c *chat) leave() error {
	if c.prompting {
		fmt.Fprintln(c.out)
	}
	_, _ = c.conn.Write([]byte{wire.Goodbye})
	return nil
}

// unasked is the error of something received between messages.
func (c *chat) unasked(r received) error {
	if r.err != nil {
		return ended(r.err)
	}
	return fmt.Errorf("the server sent %q without being asked", r.data)
}

// ended is the error of a connection that is no more. A server that closes with
// something unread resets the connection.
func ended(err error) error {
	if errors.Is(err, io.EOF) || loadgen.IsReset(err) {
		return errors.New("the server closed the connection")
	}
	return err
}
