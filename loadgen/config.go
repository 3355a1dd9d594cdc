// Package loadgen opens many clients to a timestamp-echo server, has each send
// messages, and measures the replies: [Run] takes a [Config] and returns a
// record.Run.
//
// Each client is a state machine on a shard of package evloop; a shard owns its
// clients and its histograms, which are merged when all is done. What goes wrong
// is counted by kind and never recorded as a latency.
package loadgen

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/wire"
)

// Config says what a run does. Run refuses what Validate refuses.
type Config struct {
	Target  string // as ParseTarget takes it
	Clients int    // 1 to MaxClients
	// Duration and Messages end the run, whichever comes first; 0 is no limit,
	// and one of them must be set. Messages are those of all clients together.
	Duration time.Duration
	Messages int64
	// Rate makes an open loop: so many messages a second are due, of all clients
	// together, whether or not the replies to those before are in. 0 is a closed
	// loop, in which a client sends when it has the reply. Stages are a rate that
	// changes; their lengths are the duration then.
	Rate     float64
	Stages   []pace.Stage
	Arrivals pace.Arrivals // of an open loop; empty is pace.Constant
	Seed     uint64        // of pace.Poisson, to MaxSeed; 0 is one by chance
	Size     int           // bytes of a message, MinSize to MaxSize
	// Warmup is how long to send before measuring begins. With WarmupAuto it is
	// until the latencies have settled, MaxWarmup at most.
	Warmup     time.Duration
	WarmupAuto bool
	Until      *Precision    // ends the run before Duration
	MaxErrors  Allowance     // of a run that is valid
	Timeout    time.Duration // for a connection, and for each reply
	// GiveUp ends the run when clients have wanted a reply for so long and no whole
	// one has come; 0 is never. If none has ever come, and what came is of another
	// protocol, two seconds are enough.
	GiveUp time.Duration
	// ConnectRate is how many connections are begun in a second at most, of clients
	// that lost theirs too.
	ConnectRate int
	Proto       Proto
	Shards      int // event loops; at least 1
	Engine      evloop.Engine
	// Timestamps says whether the kernel is asked when a reply arrived, which
	// needs the epoll engine, as CPUs and Spin do.
	Timestamps Timestamps
	CPUs       []int        // to pin the event loops to, in turn; none pins nothing
	Spin       bool         // have the event loops never sleep
	Sources    []netip.Addr // to connect from, in turn; none leaves it to the system
	Clocks     Clocks       // what forward and reverse are by
	// Descriptors is how many files and sockets this process needs besides
	// those of the clients, such as those of a server within it.
	Descriptors int
	// Interval is how long the pieces are that a run is recorded in, at least MinInterval;
	// 0 is a second.
	Interval time.Duration
	// Stream, if set, is told of the run while it goes on, from one goroutine. What it is
	// given changes after it has returned.
	Stream func(record.Line)
	// Live, if set, is called with the state of the run a few times a second,
	// from one goroutine.
	Live func(Live)
}

// Proto is what is spoken with the server.
type Proto string

// The protocols.
const (
	Text Proto = "text" // of docs/protocol.md
	Echo Proto = "echo" // RFC 862: what is sent comes back, and nothing else
)

// Timestamps says who notes when a reply arrived.
type Timestamps string

// Who notes when a reply arrived.
const (
	AutoTime   Timestamps = "auto" // the kernel where it can
	KernelTime Timestamps = "kernel"
	UserTime   Timestamps = "user" // the program, when it has read it
)

// Live is the state of a run that goes on.
type Live struct {
	Phase     Phase
	Elapsed   time.Duration // of measuring
	Connected int           // clients
	Received  int64         // replies measured so far
	Errors    int64         // of all kinds so far
	// Awaited is how many replies are still to come, and AtMost how long that can take, when
	// nothing else is to be measured: in the phase Awaiting.
	Awaited int
	AtMost  time.Duration
	// Notices are what went wrong since the call before, a sentence each.
	Notices []string
	// Of the last second:
	Rate float64 // replies in a second
	// Of response, or of the round trip in closed loop.
	P50, P99, Max Delay
}

// A Delay is a figure in nanoseconds, 0 of too few samples, or a lower bound of it:
// messages without a reply may make it any higher.
type Delay struct {
	NS      int64
	AtLeast bool
}

// Phase is a part of a run.
type Phase uint8

// The phases in their order.
const (
	Connecting Phase = iota
	WarmingUp
	Measuring
	Awaiting // the replies to the last messages
)

// Limits of a Config.
const (
	MaxClients     = 1 << 20 // what fits in a message
	MinSize        = len("1732310000.123456789:") + clientDigits + messageDigits
	MaxSize        = wire.MaxMessage
	MaxConnectRate = 1_000_000
	MaxSeed        = 1 << 53 // what every reader of JSON can hold
	MaxWarmup      = 10 * time.Second
	MinInterval    = 100 * time.Millisecond
)

const defaultInterval = time.Second

// maxLength keeps every sum of times far from overflow.
const maxLength = 10 * 365 * 24 * time.Hour

// A ConfigError tells which field of a Config is wrong.
type ConfigError struct {
	Field  string // as an option of the command line has it
	Reason string
}

func (e *ConfigError) Error() string { return e.Field + ": " + e.Reason }

// Validate returns a *ConfigError for the first field that is wrong.
func (c Config) Validate() error {
	for _, r := range []struct {
		field    string
		value    int64
		min, max int64
	}{
		{"clients", int64(c.Clients), 1, MaxClients},
		{"messages", c.Messages, 0, 1 << 62},
		{"size", int64(c.Size), int64(MinSize), MaxSize},
		{"connect-rate", int64(c.ConnectRate), 1, MaxConnectRate},
		{"shards", int64(c.Shards), 1, 1024},
	} {
		if r.value < r.min || r.value > r.max {
			return &ConfigError{r.field, fmt.Sprintf("%d is not between %d and %d", r.value, r.min, r.max)}
		}
	}
	for _, r := range []struct {
		field      string
		value, min time.Duration
	}{
		{"duration", c.Duration, 0},
		{"warmup", c.Warmup, 0},
		{"timeout", c.Timeout, time.Millisecond},
		{"give-up", c.GiveUp, 0},
		{"interval", cmp.Or(c.Interval, defaultInterval), MinInterval},
	} {
		if r.value < r.min || r.value > maxLength {
			return &ConfigError{r.field, fmt.Sprintf("%v is not between %v and %v", r.value, r.min, maxLength)}
		}
	}
	for _, r := range []struct {
		field, value string
		known        []string
	}{
		{"proto", string(c.Proto), []string{string(Text), string(Echo)}},
		{"engine", string(c.Engine), []string{string(evloop.Auto), string(evloop.Epoll), string(evloop.Portable)}},
		{"timestamps", string(c.Timestamps), []string{string(AutoTime), string(KernelTime), string(UserTime)}},
	} {
		if !slices.Contains(r.known, r.value) {
			return &ConfigError{r.field, fmt.Sprintf("%q is none of %s", r.value, strings.Join(r.known, ", "))}
		}
	}
	if c.Duration == 0 && c.Messages == 0 && len(c.Stages) == 0 {
		return &ConfigError{"duration", "without a duration or a number of messages the run would never end"}
	}
	if err := c.validatePace(); err != nil {
		return err
	}
	if err := c.validateClocks(); err != nil {
		return err
	}
	if c.Messages > 0 && c.Messages < int64(c.Clients) {
		return &ConfigError{"messages", fmt.Sprintf("%d messages are fewer than one for each of %d clients", c.Messages, c.Clients)}
	}
	if err := c.Until.validate(c); err != nil {
		return err
	}
	if err := c.validateSources(); err != nil {
		return err
	}
	return checkTarget(c.Target)
}

// open reports whether this is an open loop.
func (c Config) open() bool { return c.Rate > 0 || len(c.Stages) > 0 }

// Latency is the metric that a user's latency is: from when a message was due, in closed
// loop from when it was sent.
func (c Config) Latency() string {
	if c.open() {
		return record.Response
	}
	return record.RTT
}

// stamped reports whether the kernel is asked when replies arrive.
func (c Config) stamped() bool {
	return c.Timestamps == KernelTime || c.Timestamps == AutoTime && evloop.Choose(c.Engine) == evloop.Epoll
}

// plan is that of an open loop; nil of a closed one.
func (c Config) plan() (*pace.Plan, error) {
	switch {
	case len(c.Stages) > 0:
		return pace.NewPlan(c.Stages...)
	case c.Rate > 0:
		return pace.NewPlan(pace.Stage{From: c.Rate, To: c.Rate})
	}
	return nil, nil
}

// Length is how long the run is to measure: Duration, or that of all Stages; 0 is
// without limit.
func (c Config) Length() time.Duration {
	if len(c.Stages) == 0 {
		return c.Duration
	}
	var sum time.Duration
	for _, s := range c.Stages {
		sum += s.Length
	}
	return sum
}

// validatePace checks what says when messages are due.
func (c Config) validatePace() error {
	switch {
	case !(c.Rate >= 0 && c.Rate <= pace.MaxRate): // nor is it no number
		return &ConfigError{"rate", fmt.Sprintf("%v is not between 0 and %.0f/s", c.Rate, pace.MaxRate)}
	case len(c.Stages) > 0 && c.Rate > 0:
		return &ConfigError{"stages", "have their own rates: leave --rate out"}
	case len(c.Stages) > 0 && (c.Duration > 0 || c.Messages > 0):
		return &ConfigError{"stages", "have their own lengths: leave --duration and --messages out"}
	case c.Arrivals != "" && c.Arrivals != pace.Constant && c.Arrivals != pace.Poisson:
		return &ConfigError{"arrivals", fmt.Sprintf("%q is none of %s, %s", c.Arrivals, pace.Constant, pace.Poisson)}
	case c.Arrivals == pace.Poisson && !c.open():
		return &ConfigError{"arrivals", "a closed loop has no schedule: set --rate or --stages"}
	case c.Seed > 0 && c.Arrivals != pace.Poisson:
		return &ConfigError{"seed", "only random arrivals have one: set --arrivals poisson"}
	case c.Seed > MaxSeed:
		return &ConfigError{"seed", fmt.Sprintf("%d is not between 0 and %d", c.Seed, int64(MaxSeed))}
	case c.WarmupAuto && c.Warmup > 0:
		return &ConfigError{"warmup", "is either auto or a time"}
	}
	var sum float64 // what Length adds up may be too much for it
	for _, s := range c.Stages {
		sum += float64(s.Length)
	}
	if sum > float64(maxLength) {
		return &ConfigError{"stages", fmt.Sprintf("all together they take longer than %v", maxLength)}
	}
	plan, err := c.plan()
	switch {
	case err != nil:
		return &ConfigError{"stages", err.Error()}
	case plan == nil:
		return nil
	}
	length := c.Length()
	if due := plan.Count(int64(length)); length > 0 && due < 1 {
		return &ConfigError{"rate", fmt.Sprintf("in %v less than one message is due: set a higher rate or a longer duration", length)}
	}
	return nil
}
