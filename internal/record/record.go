// Package record is one saved run, "echostamp.run.v1": one JSON object that
// holds all that a report shows. Fields are added to it, never renamed or
// re-typed. All times are integer nanoseconds.
//
// The load generator fills a [Run]; renderers and comparisons read it and need
// nothing else.
package record

import (
	"runtime"
	"time"
)

// Schema is the value of Run.Schema.
const Schema = "echostamp.run.v1"

// A Run is what was asked, on what it ran, and what was measured.
type Run struct {
	Schema      string    `json:"schema"`
	Tool        Tool      `json:"tool"`
	Command     []string  `json:"command"`
	Started     time.Time `json:"started"`     // when measuring began
	Duration    int64     `json:"duration_ns"` // of measuring, without connecting and warm-up
	Interrupted bool      `json:"interrupted"`
	Config      Config    `json:"config"`
	Host        Host      `json:"host"`
	Server      Server    `json:"server"`
	Totals      Totals    `json:"totals"`
	Clock       Clock     `json:"clock"`
	Validity    Validity  `json:"validity"`
	Generator   Generator `json:"generator"`
	// Precision is there if the run was to go on until a figure is precise.
	Precision *Precision `json:"precision,omitempty"`
	// Search is there if the highest rate that holds an objective was searched
	// for. The rest of the record is then of the last run at that rate.
	Search *Search `json:"search,omitempty"`
	// Warnings are what a reader must know to read the figures right.
	Warnings []string `json:"warnings"`
	// Assertions are what the run was held to, and how it went.
	Assertions []Assertion `json:"assertions,omitempty"`
	// StreamLost is how many lines of its stream were lost, because the reader was too slow.
	StreamLost int64 `json:"stream_lost,omitempty"`
	// Parts are the runs that were merged into this one, each without its metrics and
	// intervals, and Overlap says whether they ran at the same time.
	Parts   []Run    `json:"parts,omitempty"`
	Overlap *Overlap `json:"overlap,omitempty"`
	// Metrics are those of the whole run, and Intervals those of its time in pieces.
	// Neither is there where only the facts of a run are told.
	Metrics   map[string]Metric `json:"metrics,omitzero"`
	Intervals []Interval        `json:"intervals,omitzero"`
}

// Facts returns r without its metrics, intervals and parts, and how these overlap.
func (r *Run) Facts() Run {
	f := *r
	f.Metrics, f.Intervals, f.Parts, f.Overlap = nil, nil, nil, nil
	return f
}

// Tool is the program that made the run.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// Config is what was asked of the run.
type Config struct {
	Target    string `json:"target"`
	Proto     string `json:"proto"`
	Transport string `json:"transport"`
	Clients   int    `json:"clients"`
	Mode      string `json:"mode"` // Closed or Open
	// Rate is how many messages a second are due in open loop, of all clients
	// together, and on average of all Stages; 0 in closed loop.
	Rate     float64  `json:"rate"`
	Arrivals string   `json:"arrivals,omitempty"` // how they follow each other: constant or poisson
	Seed     uint64   `json:"seed,omitempty"`     // of poisson
	Stages   []string `json:"stages,omitempty"`   // as --stages has them
	Duration int64    `json:"duration_ns,omitempty"`
	Messages int64    `json:"messages,omitempty"`
	Size     int      `json:"size"`
	// Warmup is how long messages were sent before measuring began. If
	// WarmupAuto it ended when the latencies had settled.
	Warmup     int64  `json:"warmup_ns"`
	WarmupAuto bool   `json:"warmup_auto,omitempty"`
	MaxErrors  string `json:"max_errors,omitempty"` // as --max-errors has it
	Timeout    int64  `json:"timeout_ns"`
	Shards     int    `json:"shards"`
	Engine     string `json:"engine"`
	// Timestamps is KernelTime or UserTime: who noted when replies arrived.
	Timestamps string   `json:"timestamps"`
	CPUs       []int    `json:"cpus,omitempty"`
	Spin       bool     `json:"spin,omitempty"`
	Sources    []string `json:"sources,omitempty"`
	Clock      string   `json:"clock,omitempty"` // as --clock has it: what directions are to be by
	// Interval is how long an interval is to be. Those of a run of very many are
	// longer.
	Interval int64 `json:"interval_ns,omitempty"`
}

// Who noted when replies arrived.
const (
	KernelTime = "kernel"
	UserTime   = "user"
)

// The modes.
const (
	Closed = "closed" // a client sends when the reply before is in
	Open   = "open"   // a client sends when a message is due
)

// Host is the machine that the load generator ran on.
type Host struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPUs   int    `json:"cpus"`
	CPU    string `json:"cpu,omitempty"` // the model of the processors, where the system tells it
	// Machine, Boot and Container tell whether two runs were made on one machine, without a
	// restart in between, and in one container: keyed hashes, which reveal nothing else. Each
	// is missing where the system has no id for it.
	Machine   string `json:"machine,omitempty"`
	Boot      string `json:"boot,omitempty"`
	Container string `json:"container,omitempty"` // means something within one boot
}

// ThisHost describes the machine that this runs on.
func ThisHost() Host {
	h := Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Kernel: kernelRelease(), CPUs: runtime.NumCPU(), CPU: cpuModel()}
	h.identify(systemIDs())
	return h
}

// Server is what is known of the server.
type Server struct {
	Address string `json:"address,omitempty"` // that the target resolved to
	Own     bool   `json:"own"`               // started by the load generator, in its own process
	// Command is the one that started it, for this run, on a free port.
	Command string `json:"command,omitempty"`
}

// Totals count the messages that were measured, and the errors of the whole
// run. Sent = Received + Failed + Unanswered.
type Totals struct {
	// Due are the messages of an open loop, of which Due − Sent were never sent. Backlog
	// are those that had not been sent when the time was over: they are sent then, for as
	// long as a reply may take.
	Due     int64 `json:"due,omitempty"`
	Backlog int64 `json:"backlog,omitempty"`
	// OwnBacklog is the share of the backlog's delay that was the load generator's
	// own doing, 0 to 1.
	OwnBacklog float64 `json:"own_backlog,omitempty"`
	// Unserved are the clients that got no reply though they wanted one, and Starved
	// the others that went without one for more than half of the run.
	Unserved      int64            `json:"unserved,omitempty"`
	Starved       int64            `json:"starved,omitempty"`
	Sent          int64            `json:"sent"`
	Received      int64            `json:"received"`
	Failed        int64            `json:"failed"`     // messages whose reply deviated or never came
	Unanswered    int64            `json:"unanswered"` // under way when nothing was awaited any more: the run was ended, or its time was long over
	Late          int64            `json:"late"`       // of Received, those that came when Config.Duration was over
	Unstamped     int64            `json:"unstamped"`  // received, without the kernel's time though it was asked
	BytesSent     int64            `json:"bytes_sent"`
	BytesReceived int64            `json:"bytes_received"`
	Rate          float64          `json:"rate"` // (received − late) in a second of Run.Duration
	Errors        map[string]int64 `json:"errors"`
}

// NeverSent is the number of messages that were due and never sent.
func (t Totals) NeverSent() int64 { return max(0, t.Due-t.Sent) }

// ErrorCount is the number of errors of all kinds.
func (t Totals) ErrorCount() int64 {
	var n int64
	for _, k := range t.Errors {
		n += k
	}
	return n
}

// Validity says whether the figures can be trusted.
type Validity struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons"`
	// Limited says that the load generator was at a limit, whatever the verdict.
	Limited bool `json:"limited"`
	// ByErrors says that the run is invalid for the number of its errors, and for nothing
	// else.
	ByErrors bool `json:"by_errors,omitempty"`
}

// Comparable reports whether runs can be compared by a run: what a load generator at its
// limit adds is in all of them.
func (v Validity) Comparable() bool { return v.Verdict == Valid || v.Verdict == GeneratorLimited }

// The verdicts.
const (
	Valid            = "valid"
	GeneratorLimited = "generator-limited" // the figures are the load generator's as much as the server's
	Invalid          = "invalid"
)

// An Assertion is an objective that a run was held to.
type Assertion struct {
	Objective string `json:"objective"` // as --assert has it
	Outcome   string `json:"outcome"`   // pass, fail or unknown
	// Figure is that of the run, in nanoseconds, replies a second, errors or percent of
	// the messages. If it is not known, Reason says why, and AtLeast and AtMost between
	// what it lies, as far as that is known.
	Figure  *float64 `json:"figure,omitempty"`
	AtLeast *float64 `json:"at_least,omitempty"`
	AtMost  *float64 `json:"at_most,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	// Doubt says why the run cannot decide it, though the figure would: the outcome is unknown
	// then, unless --accept-invalid was given.
	Doubt string `json:"doubt,omitempty"`
}

// How an assertion went.
const (
	AssertionPassed  = "pass"
	AssertionFailed  = "fail"
	AssertionUnknown = "unknown"
)

// Generator is what the load generator took of its machine while it measured, and
// what it was denied. A figure that the system does not tell is missing.
type Generator struct {
	CPU int64 `json:"cpu_ns"` // of the whole process, with a server of its own
	// Busy is the share of the time in which the busiest event loop had something
	// to do; with the portable engine, that of its processors which the process took.
	Busy float64 `json:"busy"`
	// Switches are those away from the event loops' threads, and Waited how long
	// they were ready and had no processor; with the portable engine the switches
	// are the whole process's.
	VoluntarySwitches   int64   `json:"voluntary_switches"`
	InvoluntarySwitches int64   `json:"involuntary_switches"`
	Waited              int64   `json:"waited_ns,omitempty"`
	GCs                 int64   `json:"gcs"`
	GCPause             int64   `json:"gc_pause_ns"`             // all together
	Steal               float64 `json:"steal,omitempty"`         // share of the machine's processor time that its hypervisor gave to others
	ClockSteps          int64   `json:"clock_steps"`             // of the wall clock
	ClockStep           int64   `json:"clock_step_ns,omitempty"` // the largest
	// Quota is there if a control group (cgroup) lets the load generator have no more
	// than so much of the processors.
	Quota *Quota `json:"quota,omitempty"`
}

// Quota is how much of the processors a control group may use, and how that was used up
// while the run measured. Of several, one within the other, it is the one that stopped the
// load generator most, or else the smallest.
type Quota struct {
	CPUs      float64 `json:"cpus"`       // processors' worth of time
	Periods   int64   `json:"periods"`    // in which the group ran
	Throttled int64   `json:"throttled"`  // of Periods, in which the quota was used up
	Stopped   int64   `json:"stopped_ns"` // total throttled time, summed over CPUs
}

// Precision tells how well a percentile is known from one run.
type Precision struct {
	Metric     string  `json:"metric"`
	Percentile string  `json:"percentile"`
	Asked      float64 `json:"asked"`   // how far either end of the interval may be from the figure, as a share of that
	Reached    bool    `json:"reached"` // that ended the run; otherwise something else did
	// Figure is that of the whole run, and Low and High its interval of 95 %, which takes into
	// account how latencies that follow each other are related, and holds within this run only.
	// All are 0 if it cannot be told: the run has too few samples that are as good as independent.
	Figure float64 `json:"figure_ns"`
	Low    float64 `json:"low_ns"`
	High   float64 `json:"high_ns"`
}

// Search is a search for the highest rate at which an objective holds.
type Search struct {
	Objective string `json:"objective"` // as --find-rate has it
	// Min is the lowest rate at which a run has samples enough, and Max the
	// highest that was to be tried.
	Min float64 `json:"min"`
	Max float64 `json:"max"`
	// Rate is the highest at which the objective held, and held again in three
	// more runs; 0 is that there is none.
	Rate float64 `json:"rate"`
	// Limit says what was in the way of a higher rate.
	Limit string `json:"limit"`
	Steps []Step `json:"steps"`
}

// What is in the way of a higher rate than Search.Rate.
const (
	ByServer    = "server"    // it is the server's capacity
	ByGenerator = "generator" // the capacity is not known: it may be higher
	ByMax       = "max"       // nothing: it is Search.Max
	ByEnd       = "end"       // the search was ended before it was done
)

// A Step is one run of a search.
type Step struct {
	Rate     float64 `json:"rate"`     // that was asked
	Achieved float64 `json:"achieved"` // replies a second
	Purpose  string  `json:"purpose"`  // bracket, bisect or confirm
	Held     bool    `json:"held"`
	Failure  string  `json:"failure,omitempty"` // why it did not hold: Missed, Behind or Untrusted
	Limited  bool    `json:"limited"`           // that may have been the load generator\'s doing
	// Figure is the one that the objective is about, or a lower bound of it if
	// FigureAtLeast, for want of replies or samples; 0 is that nothing is known.
	Figure        float64  `json:"figure_ns"`
	FigureAtLeast bool     `json:"figure_at_least,omitempty"`
	Validity      Validity `json:"validity"`
	// Percentiles are those of metrics that count from when messages were due
	// and sent, by name and percentile; AtLeast names the lower bounds among them.
	Percentiles map[string]map[string]int64 `json:"percentiles"`
	AtLeast     map[string][]string         `json:"at_least,omitempty"`
}

// Why a rate does not hold.
const (
	Missed    = "missed"    // the objective
	Behind    = "behind"    // messages that were due had not been sent when the time was over
	Untrusted = "untrusted" // the run is invalid
)

// Names of metrics.
const (
	Response = "response"
	RTT      = "rtt"
	Lag      = "lag"
	OwnLag   = "own_lag"
	Wakeup   = "wakeup"

	// The two directions, on one time line if the clocks can be brought to one.
	Forward = "forward"
	Reverse = "reverse"
	// The same by the two clocks as they stand.
	ForwardRaw = "forward_raw"
	ReverseRaw = "reverse_raw"
	// What a direction took above the least that it took around that time.
	ForwardExcess = "forward_excess"
	ReverseExcess = "reverse_excess"
)
