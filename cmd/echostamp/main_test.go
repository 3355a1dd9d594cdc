package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/launch"
	"github.com/echostamp/echostamp/internal/record"
)

// TestMain makes the test's own program be echostamp under that name.
func TestMain(m *testing.M) {
	if launch.Keep() {
		return
	}
	testscript.Main(m, programs)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", os.Getenv("GORACE")) // how long each program waits at its end
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode, "serve": serve},
	})
}

// serve is the scripts' command "serve MANNER": it starts a server of this test's
// and puts its address into $ADDR.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	made := make(chan *peer, 1)
	manners := map[string]func(net.Conn){
		"honest":   honest,
		"silent":   silent,
		"closing":  func(net.Conn) {},
		"dropping": dropping(20),
		"picky":    picky(10),
		"mortal":   mortal(1000, made),
		"garbage":  talk(garbage),
		"ahead":    ahead(5*time.Second, 1),
		"lying":    ahead(5*time.Second, 10),
		"slow":     delayed(20 * time.Millisecond),
		"raving":   talk(func(m []byte) []byte { return answeredAt(rand.Int64N(1<<60), m) }),
	}
	if neg || len(args) != 1 || manners[args[0]] == nil {
		ts.Fatalf("usage: serve MANNER")
	}
	p, err := newPeer(manners[args[0]])
	ts.Check(err)
	made <- p
	ts.Defer(p.end)
	ts.Setenv("ADDR", p.addr())
}

// exitCode is the scripts' command "exitcode N PROGRAM ARG…".
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// eachEngine runs a test with each of the event loops that the system has.
func eachEngine(t *testing.T, name string, f func(t *testing.T, engine string)) {
	t.Helper()
	engines := []string{"portable"}
	if runtime.GOOS == "linux" {
		engines = append(engines, "epoll")
	}
	for _, engine := range engines {
		t.Run(name+"/"+engine, func(t *testing.T) { f(t, engine) })
	}
}

// patience is for what must happen. It only ends what hangs: nothing is measured by it.
const patience = 2 * time.Minute

// program returns a path at which this test's program is echostamp.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "echostamp")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// result is how a program ended.
type result struct {
	code        int
	out, errOut string
}

var notice = regexp.MustCompile(`(?m)^echostamp: warning: .*\n`)

// failure is what a program said besides what it noticed while it ran.
func (r result) failure() string { return notice.ReplaceAllString(r.errOut, "") }

// running is a program that goes on.
type running struct {
	cmd         *exec.Cmd
	out, errOut bytes.Buffer
	stuck       *time.Timer
}

// start starts a command, which is ended when it takes too long.
func start(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	r := &running{cmd: cmd}
	cmd.Stdout, cmd.Stderr = &r.out, &r.errOut
	r.begin(t)
	return r
}

func (r *running) begin(t *testing.T) {
	t.Helper()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.stuck = time.AfterFunc(patience, func() { _ = r.cmd.Process.Kill() })
}

// startWatched starts a command, and has a function called when it has printed a text on
// standard error.
func startWatched(t *testing.T, cmd *exec.Cmd, text string, see func()) *running {
	t.Helper()
	r := &running{cmd: cmd}
	watched := &watcher{pattern: regexp.MustCompile(regexp.QuoteMeta(text)), see: sync.OnceFunc(see)}
	cmd.Stdout, cmd.Stderr = &r.out, io.MultiWriter(&r.errOut, watched)
	r.begin(t)
	return r
}

// wait awaits the end of a command.
func (r *running) wait(t *testing.T) result {
	t.Helper()
	err := r.cmd.Wait()
	if !r.stuck.Stop() {
		t.Fatalf("%v did not end within %v; it printed\n%s%s", r.cmd.Args, patience, &r.out, &r.errOut)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{r.cmd.ProcessState.ExitCode(), r.out.String(), r.errOut.String()}
}

// await waits for c to be closed.
func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("waited %v in vain", patience)
	}
}

// execute runs a command to its end.
func execute(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	return start(t, cmd).wait(t)
}

// run reads the record that a program printed, and holds it to its promises.
func (r result) run(t *testing.T) *record.Run {
	t.Helper()
	var run record.Run
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	if err := d.Decode(&run); err != nil {
		t.Fatalf("not one record: %v\n%s%s", err, r.out, r.errOut)
	}
	if rest, _ := io.ReadAll(d.Buffered()); strings.TrimSpace(string(rest)) != "" {
		t.Errorf("behind the record: %q", rest)
	}
	isValid(t, r.out)
	holds(t, &run)
	return &run
}

// schema is the published one.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../../docs/run.schema.json")
})

// isValid holds a record to the published schema.
func isValid(t *testing.T, text string) {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(value); err != nil {
		t.Errorf("the record is not what docs/run.schema.json says: %v", err)
	}
}

// holds checks that the figures of a run agree with each other.
func holds(t *testing.T, r *record.Run) {
	t.Helper()
	tot := r.Totals
	if r.Schema != record.Schema {
		t.Errorf("schema %q", r.Schema)
	}
	if tot.Sent != tot.Received+tot.Failed+tot.Unanswered {
		t.Errorf("sent %d ≠ received %d + failed %d + unanswered %d", tot.Sent, tot.Received, tot.Failed, tot.Unanswered)
	}
	if d := float64(r.Duration) / 1e9; d > 0 {
		if n, want := tot.Rate*d, float64(tot.Received-tot.Late); n < want*0.999999 || n > want*1.000001 {
			t.Errorf("rate %v × duration %v s ≠ %v replies", tot.Rate, d, want)
		}
	}
	if asked := r.Config.Duration; asked > 0 && r.Config.Messages == 0 && tot.Received > 0 && !r.Interrupted && r.Duration > asked {
		t.Errorf("%d ns were measured, %d asked", r.Duration, asked)
	}
	if tot.BytesSent != tot.Sent*int64(r.Config.Size) {
		t.Errorf("%d bytes sent in %d messages of %d", tot.BytesSent, tot.Sent, r.Config.Size)
	}
	want, unanswered := map[string]int64{record.RTT: tot.Received}, map[string]int64{record.RTT: tot.Failed + tot.Unanswered}
	if r.Config.Mode == record.Open {
		want[record.Response], want[record.Lag], want[record.OwnLag] = tot.Received, tot.Sent, tot.Sent
		unanswered[record.Response], unanswered[record.Lag] = unanswered[record.RTT]+tot.NeverSent(), tot.NeverSent()
		if tot.Due < tot.Sent || tot.Backlog < tot.NeverSent() {
			t.Errorf("due %d, sent %d, backlog %d", tot.Due, tot.Sent, tot.Backlog)
		}
	}
	for name, count := range unanswered {
		if got := r.Metrics[name].Unanswered(); got != count {
			t.Errorf("%s has %d messages without a reply, want %d", name, got, count)
		}
	}
	if r.Config.Proto == "text" {
		corrected := tot.Received - r.Clock.Excluded - r.Clock.Violations
		want[record.ForwardRaw], want[record.ReverseRaw] = tot.Received, tot.Received
		want[record.Forward], want[record.Reverse] = tot.Received, tot.Received
		if !r.Clock.IsRaw() {
			want[record.Forward], want[record.Reverse] = corrected, corrected
		}
		if r.Config.Clock != "raw" {
			want[record.ForwardExcess], want[record.ReverseExcess] = corrected, corrected
		}
	}
	if stamped := tot.Received - tot.Unstamped; r.Config.Timestamps == record.KernelTime && stamped > 0 {
		want[record.Wakeup] = stamped
	}
	if len(want) != len(r.Metrics) {
		t.Errorf("%d metrics, want %d", len(r.Metrics), len(want))
	}
	for name, count := range want {
		m, ok := r.Metrics[name]
		if !ok || m.Count != count {
			t.Errorf("%s has %d values, want %d", name, m.Count, count)
		}
		last := m.Min
		for _, q := range record.Percentiles {
			if v, ok := m.Percentiles[record.PercentileName(q)]; ok {
				if v < last {
					t.Errorf("%s: p%v = %d is below what comes before it, %d", name, q, v, last)
				}
				last = v
			}
		}
		if last > m.Max || m.Count > 0 && (measuredMean(m) < float64(m.Min)-1 || m.Mean > float64(m.Max)+1) {
			t.Errorf("%s: last percentile %d, mean %v, max %d", name, last, m.Mean, m.Max)
		}
	}
	inIntervals(t, r)
	for _, g := range r.Clock.Segments {
		const ever = int64(time.Hour) // of any test
		if g.From > g.To || abs(g.From) > ever || abs(g.To) > ever || g.Bound <= 0 || g.Bound > r.Clock.Bound {
			t.Errorf("a segment of the clock is %+v", g)
		}
	}
	// Holds for each message, so it holds for the sums.
	var sums = map[string]float64{}
	for name, m := range r.Metrics {
		sums[name] = measuredMean(m) * float64(m.Count)
	}
	all := tot.Sent == tot.Received // the lag of those without a reply is known, too
	if d := sums[record.Response] - sums[record.RTT] - sums[record.Lag]; r.Config.Mode == record.Open && all && (d < -1000 || d > 1000) {
		t.Errorf("response ≠ rtt + lag: %v", sums)
	}
	if d := sums[record.RTT] - sums[record.ForwardRaw] - sums[record.ReverseRaw] - sums[record.Wakeup]; r.Config.Proto == "text" && (d < -1000 || d > 1000) {
		t.Errorf("rtt ≠ forward_raw + reverse_raw + wakeup: %v", sums)
	}
	// A client never waits for two replies at once, and the last
	// of each may come after the end or have been sent before the beginning. What was due
	// is sent for as long as a reply may take after the end.
	m := r.Metrics[record.RTT]
	most := float64(r.Config.Clients) * (float64(r.Duration) + 2*float64(m.Max))
	if tot.Backlog > 0 {
		most += float64(r.Config.Clients) * float64(r.Config.Timeout)
	}
	if busy := sums[record.RTT]; busy > most+1 {
		t.Errorf("clients waited %v ns in all, in %d × %d ns", busy, r.Config.Clients, r.Duration)
	}
}

// measuredMean is the mean of the messages that were answered.
func measuredMean(m record.Metric) float64 {
	if m.Censored != nil {
		return m.Censored.MeasuredMean
	}
	return m.Mean
}

// inIntervals checks that the intervals of a run follow each other, and hold no more and
// no less than the whole.
func inIntervals(t *testing.T, r *record.Run) {
	t.Helper()
	var sum record.Totals
	parts, unanswered := map[string]*hist.Histogram{}, map[string]int64{}
	var end int64
	for _, i := range r.Intervals {
		if i.Start != end || i.Duration < 0 || i.Duration > r.Config.Interval {
			t.Errorf("an interval from %d of %d ns follows one until %d", i.Start, i.Duration, end)
		}
		end = i.Start + i.Duration
		sum.Sent += i.Sent
		sum.Received += i.Received
		sum.Failed += i.Failed
		sum.Late += i.Late
		sum.BytesSent += i.BytesSent
		sum.BytesReceived += i.BytesReceived
		for name, m := range i.Metrics {
			h, err := m.Histogram()
			if err != nil {
				t.Fatalf("%s of the interval from %d: %v", name, i.Start, err)
			}
			if parts[name] == nil {
				parts[name] = hist.New()
			}
			parts[name].Merge(h)
			unanswered[name] += m.Unanswered()
		}
	}
	if tot := r.Totals; sum.Sent != tot.Sent || sum.Received != tot.Received || sum.Failed != tot.Failed ||
		sum.Late != tot.Late || sum.BytesReceived != tot.BytesReceived {
		t.Errorf("the intervals have %+v, the whole %+v", sum, tot)
	}
	for name, m := range r.Metrics {
		if r.Clock.IsRaw() && (name == record.ForwardRaw || name == record.ReverseRaw) || m.Count == 0 {
			continue
		}
		if parts[name] == nil {
			t.Errorf("no interval has %s", name)
			continue
		}
		if text, below := parts[name].Encode(); text != m.HDR || below != m.HDRNegative {
			t.Errorf("the intervals have %d values of %s, the whole %d, or in other buckets", parts[name].Count(), name, m.Count)
		}
	}
	for _, name := range []string{record.RTT, record.Response, record.Lag} {
		if n := r.Metrics[name].Unanswered(); n != unanswered[name] {
			t.Errorf("the intervals have %d messages of %s without a reply, the whole %d", unanswered[name], name, n)
		}
	}
}
