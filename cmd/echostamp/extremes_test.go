package main

import (
	"bytes"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/report"
)

// stamped answers with timestamps, in turn.
func stamped(texts ...string) func(m []byte) []byte {
	var n atomic.Int64
	return func(m []byte) []byte { return append([]byte(texts[(n.Add(1)-1)%int64(len(texts))]+":"), m...) }
}

const (
	earliest = "-9223372036.854775808" // 1677
	latest   = "9223372036.854775807"  // 2262
)

// wrapped is a figure that stands for the end of 63 bits, and no measurement.
var wrapped = regexp.MustCompile(`9,?223,?372,?03[67]|\bNaN|\bInf\b|2562047h`)

// script is that of a page, which has such words.
var script = regexp.MustCompile(`(?s)<script.*?</script>`)

// TestTimestampsOfEveryYear goes the whole way with the timestamps that the protocol allows:
// load, record, every report, merge and compare.
func TestTimestampsOfEveryYear(t *testing.T) {
	t.Parallel()
	echostamp := program(t)
	const far = float64(clock.MaxApart)
	for name, tc := range map[string]struct {
		stamps   []string
		low, top float64 // of forward_raw, where that is known to a day
		far      bool    // more than 100 years from now
	}{
		"the earliest":         {[]string{earliest}, -far, -far, true}, // was +2^63 - …: the year 1677 told as one to come
		"the latest":           {[]string{latest}, far, far, true},
		"both in turn":         {[]string{earliest, latest}, -far, far, true},
		"1970":                 {[]string{"0"}, -float64(time.Now().UnixNano()), -float64(time.Now().UnixNano()), false},
		"1970, by a fraction":  {[]string{"-0.000000001"}, -float64(time.Now().UnixNano()), -float64(time.Now().UnixNano()), false},
		"1970 and 2120":        {[]string{"0", "4733510400"}, -float64(time.Now().UnixNano()), 4733510400e9 - float64(time.Now().UnixNano()), false},
		"now and the earliest": {[]string{earliest, fmt.Sprint(time.Now().Unix())}, -far, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, clocks := range []string{"auto", "synced:1ms", "corrected", "raw"} {
				s := startPeer(t, talk(stamped(tc.stamps...)))
				file := filepath.Join(dir, clocks[:3]+".json")
				r := execute(t, exec.Command(echostamp, "load", "-q", "-n", "60", "-c", "2", "--accept-invalid", "--clock", clocks, "--format", "json", "-o", file, s.addr()))
				if r.code != exitDone {
					t.Fatalf("exit code %d, %s", r.code, r.errOut)
				}
				made := r.extreme(t)
				raw := made.Metrics[record.ForwardRaw]
				if day := 864e11; math.Abs(float64(raw.Min)-tc.low) > day || math.Abs(float64(raw.Max)-tc.top) > day {
					t.Errorf("%s: forward_raw is from %d to %d, want %.0f to %.0f", clocks, raw.Min, raw.Max, tc.low, tc.top)
				}
				if told := strings.Contains(strings.Join(made.Warnings, "; "), "more than 100 years from this host's clock"); told != tc.far {
					t.Errorf("%s: warnings: %q", clocks, made.Warnings)
				}
				if strings.HasPrefix(clocks, "synced") && made.Clock.Contradiction < int64(time.Hour) {
					t.Errorf("%s: contradicted by %d", clocks, made.Clock.Contradiction)
				}
			}
			a, b := filepath.Join(dir, "aut.json"), filepath.Join(dir, "raw.json")
			for _, f := range report.Formats {
				for _, args := range [][]string{{"report", "-f", f.Name, a}, {"merge", "-f", f.Name, "--force", a, b}} {
					var out, errOut bytes.Buffer
					code := run(args, strings.NewReader(""), &out, &errOut)
					if at := wrapped.FindString(script.ReplaceAllString(out.String(), "")); code != exitDone || at != "" {
						t.Errorf("%v: exit code %d, %q in %.4000s%s", args, code, at, &out, &errOut)
					}
				}
			}
			if r := execute(t, exec.Command(echostamp, "compare", "--all", "--force", a, b)); r.code != exitDone || wrapped.MatchString(r.out) {
				t.Errorf("compare: exit code %d, %s%s", r.code, r.out, r.errOut)
			}
		})
	}
}

// extreme reads the record that a program printed. Sums of years are rounded in floats, so that
// it is held to less than others.
func (r result) extreme(t *testing.T) *record.Run {
	t.Helper()
	runs, err := record.Read("standard output", strings.NewReader(r.out))
	if err != nil {
		t.Fatal(err)
	}
	isValid(t, r.out)
	run := runs[0]
	for name, m := range run.Metrics {
		if m.Mean < float64(m.Min)-1024 || m.Mean > float64(m.Max)+1024 || m.StdDev < 0 {
			t.Errorf("%s: from %d to %d, mean %v, deviation %v", name, m.Min, m.Max, m.Mean, m.StdDev)
		}
	}
	f, b, rtt := run.Metrics[record.ForwardRaw], run.Metrics[record.ReverseRaw], run.Metrics[record.RTT]
	wakeup := run.Metrics[record.Wakeup] // of those that the kernel stamped
	if sum := f.Mean + b.Mean + wakeup.Mean*float64(wakeup.Count)/float64(rtt.Count); math.Abs(sum-rtt.Mean) > 4096 {
		t.Errorf("forward_raw + reverse_raw + wakeup is %v, rtt %v", sum, rtt.Mean)
	}
	return run
}

// TestTimestampsOfNoYear has those that the protocol does not allow: they are told as what they
// are, and never as a delay.
func TestTimestampsOfNoYear(t *testing.T) {
	t.Parallel()
	for _, stamp := range []string{"253402300799", "-62167219200", "9223372036.854775808", "-9223372036.854775809", "99999999999999999999", "1e9", "9999999999"} {
		s := startPeer(t, talk(stamped(stamp)))
		r := execute(t, exec.Command(program(t), "load", "-q", "-n", "2", "-c", "1", "--give-up", "1s", "--format", "json", s.addr()))
		run := r.run(t)
		if r.code != exitFailed || run.Totals.Received != 0 || run.Totals.Errors["malformed"] == 0 {
			t.Errorf("%s: exit code %d, %+v", stamp, r.code, run.Totals)
		}
	}
}

// TestChatOfEveryYear has chat tell the delays of such a server.
func TestChatOfEveryYear(t *testing.T) {
	t.Parallel()
	for stamp, want := range map[string]string{
		earliest: `rtt \S+s = forward -1[01]\d{9}s \+ reverse 1[01]\d{9}s\n$`, // was forward 7…s
		latest:   `forward 7\d{9}s \+ reverse -7\d{9}s\n$`,
		"0":      `forward -1\d{9}s \+ reverse 1\d{9}s\n$`,
	} {
		s := startPeer(t, talk(stamped(stamp)))
		c := exec.Command(program(t), "chat", "--delays", s.addr())
		c.Stdin = strings.NewReader("x\n")
		if r := execute(t, c); r.code != exitDone || !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("%s: exit code %d, %s%s; want %s", stamp, r.code, r.out, r.errOut, want)
		}
	}
}

// TestFewReplies has no reply and one, of which nothing is told that was not measured.
func TestFewReplies(t *testing.T) {
	t.Parallel()
	for _, clocks := range []string{"auto", "synced", "synced:1ms", "corrected", "raw"} {
		s := startPeer(t, silent)
		r := execute(t, exec.Command(program(t), "load", "-q", "-n", "2", "-c", "2", "--timeout", "50ms", "--give-up", "200ms", "--clock", clocks, s.addr()))
		if r.code != exitFailed || wrapped.MatchString(r.out+r.errOut) || strings.Contains(r.out, "further off") {
			t.Errorf("no reply, %s: exit code %d, %s%s", clocks, r.code, r.out, r.errOut)
		}
		s = startPeer(t, honest)
		r = execute(t, exec.Command(program(t), "load", "-q", "-n", "1", "-c", "1", "--accept-invalid", "--clock", clocks, s.addr()))
		if r.code != exitDone || wrapped.MatchString(r.out+r.errOut) {
			t.Errorf("one reply, %s: exit code %d, %s%s", clocks, r.code, r.out, r.errOut)
		}
	}
}
