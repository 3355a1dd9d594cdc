package loadgen

import (
	"strings"
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// TestJudge holds each bound from both sides.
func TestJudge(t *testing.T) {
	// A run of 10 s with 10,000 replies, response p50 1 ms and own_lag p99 0.1 ms.
	sound := func() (*record.Run, metrics) {
		r := &record.Run{
			Duration: int64(10 * time.Second),
			Config:   record.Config{Mode: record.Open, Clients: 10, Shards: 1},
			Totals:   record.Totals{Due: 10_000, Sent: 10_000, Received: 10_000},
			Generator: record.Generator{
				Quota: &record.Quota{CPUs: 0.5, Periods: 100, Throttled: 1, Stopped: int64(10 * time.Millisecond)},
				Busy:  0.9, InvoluntarySwitches: 1000, Waited: int64(time.Second), GCPause: int64(10 * time.Millisecond), Steal: 0.05,
			},
		}
		m := newMetrics(Config{Rate: 1, Proto: Text, Timestamps: KernelTime}, immediate)
		for range r.Totals.Received {
			m[response].Record(1_000_000)
			m[rtt].Record(1_000_000)
			m[wakeup].Record(500_000)
		}
		for range 1000 {
			m[ownLag].Record(99_900) // within the histogram's resolution
		}
		return r, m
	}
	all := func(v int64) *hist.Histogram {
		h := hist.New()
		for range 1000 {
			h.Record(v)
		}
		return h
	}
	for name, tc := range map[string]struct {
		change  func(r *record.Run, m *metrics)
		end     ending
		verdict string
		says    []string
	}{
		"at every bound": {change: func(*record.Run, *metrics) {}, verdict: record.Valid},
		"late": {
			change:  func(_ *record.Run, m *metrics) { m[ownLag] = all(101_000) },
			verdict: record.GeneratorLimited, says: []string{"own_lag p99 101µs is more than 10% of response p50 1.00ms"},
		},
		"late, with few samples": {
			change: func(_ *record.Run, m *metrics) {
				m[ownLag] = hist.New()
				for range 150 {
					m[ownLag].Record(101_000)
				}
			},
			verdict: record.GeneratorLimited, says: []string{"own_lag p90 101µs"},
		},
		"late, but the server is slower": {
			change:  func(_ *record.Run, m *metrics) { m[ownLag], m[response] = all(101_000), all(2_000_000) },
			verdict: record.Valid,
		},
		"busy": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.Busy = 0.91 },
			verdict: record.GeneratorLimited, says: []string{"busy for 91% of the time"},
		},
		"switched": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.Waited, r.Generator.InvoluntarySwitches = 0, 1001 },
			verdict: record.GeneratorLimited, says: []string{"took the processor away 1,001 times, more than once for 10 replies"},
		},
		"switched, with no loss of time": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.InvoluntarySwitches = 1001 },
			verdict: record.Valid,
		},
		"starved": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.Waited = 1_010_000_000 },
			verdict: record.GeneratorLimited, says: []string{"had no processor for 10% of the time (1,000 involuntary switches)"},
		},
		"starved with few replies": {
			change: func(r *record.Run, m *metrics) {
				r.Generator.Waited /= 100
				r.Duration /= 100
				r.Generator.GCPause /= 100
				r.Generator.Quota.Stopped /= 100
				r.Totals.Due, r.Totals.Sent, r.Totals.Received = 99, 99, 99
				r.Generator.InvoluntarySwitches = 1
			},
			verdict: record.GeneratorLimited, says: []string{"had no processor for 101µs a reply, more than 10% of rtt p50 1.00ms (1 involuntary switch)"},
		},
		"starved, but with too few replies to tell": {
			change: func(r *record.Run, m *metrics) {
				r.Generator.Waited /= 20
				r.Totals.Due, r.Totals.Sent, r.Totals.Received = 490, 490, 490
				r.Generator.InvoluntarySwitches = 1
			},
			verdict: record.Valid,
		},
		"slow to read": {
			change:  func(_ *record.Run, m *metrics) { m[wakeup].Record(100_000_000) },
			verdict: record.GeneratorLimited, says: []string{"wakeup is 51% of rtt on average"},
		},
		"collected": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.GCPause++ },
			verdict: record.GeneratorLimited, says: []string{"garbage collection stopped the load generator for 10.0ms"},
		},
		"throttled": {
			change: func(r *record.Run, _ *metrics) {
				r.Generator.Quota.Throttled, r.Generator.Quota.Stopped = 45, 420_000_000
			},
			verdict: record.GeneratorLimited, says: []string{"CPU quota (cgroup, 0.5 CPUs) throttled the load generator in 45 of 100 periods, 420ms in all"},
		},
		"throttled a little": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.Quota.Stopped++ },
			verdict: record.GeneratorLimited, says: []string{"throttled the load generator in 1 of 100 periods, 10.0ms in all"},
		},
		"stolen": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.Steal = 0.06 },
			verdict: record.GeneratorLimited, says: []string{"gave 6% of this machine's processor time"},
		},
		"a clock step": {
			change:  func(r *record.Run, _ *metrics) { r.Generator.ClockSteps, r.Generator.ClockStep = 1, -5_000_000 },
			verdict: record.Invalid, says: []string{"was stepped once, at most by -5.00ms"},
		},
		"a clock step that directions do not depend on": {
			change: func(r *record.Run, _ *metrics) {
				r.Generator.ClockSteps, r.Clock.Relation, r.Clock.Segments = 1, record.Corrected, make([]record.Segment, 1)
			},
			verdict: record.Valid,
		},
		"clocks that differ by more than was vouched for": {
			change: func(r *record.Run, _ *metrics) {
				r.Config.Clock = "synced:1ms"
				r.Clock = record.Clock{Relation: record.Asserted, Vouched: 1_000_000, Contradiction: 5_000_000}
			},
			verdict: record.Invalid, says: []string{"a timestamp is 5.00ms further off than the 1.00ms that --clock synced:1ms vouches for"},
		},
		"timestamps that no offset suits": {
			change:  func(r *record.Run, _ *metrics) { r.Config.Proto, r.Config.Clock = "text", "auto" },
			verdict: record.Invalid, says: []string{"no offset suits the server's timestamps"},
		},
		"timestamps that no offset was to suit": {
			change:  func(r *record.Run, _ *metrics) { r.Config.Proto, r.Config.Clock = "text", "raw" },
			verdict: record.Valid,
		},
		"a clock that runs away": {
			change: func(r *record.Run, _ *metrics) {
				r.Config.Proto, r.Config.Clock = "text", "auto"
				r.Clock = record.Clock{Relation: record.Corrected, Segments: make([]record.Segment, 1), Drift: -499.9, DriftBound: 2}
			},
			verdict: record.Invalid, says: []string{"drifts by 500 ppm or more"},
		},
		"a drift that is not known": {
			change: func(r *record.Run, _ *metrics) {
				r.Config.Proto, r.Config.Clock = "text", "auto"
				r.Clock = record.Clock{Relation: record.Corrected, Segments: make([]record.Segment, 1), Drift: -499.9, DriftBound: 500}
			},
			verdict: record.Valid,
		},
		"clocks that change all the time": {
			change: func(r *record.Run, _ *metrics) {
				r.Config.Proto, r.Config.Clock = "text", "auto"
				r.Clock = record.Clock{Relation: record.Corrected, Segments: make([]record.Segment, 1), Excluded: 5001}
			},
			verdict: record.Invalid, says: []string{"no offset is known for 50% of the replies"},
		},
		"few": {
			change: func(r *record.Run, _ *metrics) {
				r.Totals = record.Totals{Received: 19}
				r.Generator = record.Generator{}
			},
			verdict: record.Invalid, says: []string{"19 replies: a median needs 20"},
		},
		"none": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Received = 0 },
			verdict: record.Invalid, says: []string{"no reply was measured"},
		},
		"errors": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Errors = map[string]int64{"reset": 11} },
			verdict: record.Invalid, says: []string{"11 errors, 10 allowed"},
		},
		"errors that are allowed": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Errors = map[string]int64{"reset": 10} },
			verdict: record.Valid,
		},
		"errors by which messages were lost": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Failed, r.Totals.Errors = 1, map[string]int64{"reset": 11} },
			verdict: record.Invalid, says: []string{"11 errors, 10 allowed; 1 message got no reply"},
		},
		"gave up on a server that answered": {
			change: func(r *record.Run, _ *metrics) { r.Totals.Backlog = 500 }, end: ending{gaveUp: true, answered: true, silence: time.Second},
			verdict: record.Invalid, says: []string{"the server stopped answering"},
		},
		"gave up on a server that never did": {
			change: func(r *record.Run, _ *metrics) { r.Totals.Received = 0 }, end: ending{gaveUp: true},
			verdict: record.Invalid, says: []string{"no reply was measured", "the server never sent a valid reply"},
		},
		"silent in the end": {
			change: func(r *record.Run, _ *metrics) { r.Totals.Backlog = 500 }, end: ending{answered: true, silence: 1001 * time.Millisecond},
			verdict: record.Invalid, says: []string{"no reply for the last 1.00s of the run"},
		},
		"silent in the end of a short run, and with errors": {
			change: func(r *record.Run, _ *metrics) {
				r.Duration = int64(3 * time.Second)
				r.Generator = record.Generator{}
				r.Totals.Failed, r.Totals.Errors = 11, map[string]int64{"timeout": 11}
			},
			end: ending{answered: true, silence: 301 * time.Millisecond}, verdict: record.Invalid,
			says: []string{"no reply for the last 301ms of the run", "11 errors, 10 allowed; 11 messages got no reply"},
		},
		"silent in the end for no longer than replies take": {
			change: func(r *record.Run, m *metrics) { r.Totals.Backlog, m[rtt] = 500, all(600_000_000) }, end: ending{answered: true, silence: 1100 * time.Millisecond},
			verdict: record.Invalid, says: []string{"the server did not keep up with 10 clients"},
		},
		"silent in the end, and nothing is lost": {
			change: func(*record.Run, *metrics) {}, end: ending{answered: true, silence: 5 * time.Second},
			verdict: record.Valid,
		},
		"silent in the end for want of ports": {
			change: func(r *record.Run, _ *metrics) {
				r.Totals.Backlog, r.Totals.Errors = 500, map[string]int64{"ports": 1}
			},
			end:     ending{answered: true, silence: 5 * time.Second},
			verdict: record.GeneratorLimited, says: []string{"this host ran out of local ports", "500 of 10,000 due messages"},
		},
		"a limit that was seen before": {
			change: func(r *record.Run, _ *metrics) { r.Totals = record.Totals{Errors: map[string]int64{"descriptors": 1}} },
			end:    ending{impeded: &lack{descriptors, "64 clients need 92 file descriptors, and the limit is 40"}}, verdict: record.Invalid,
			says: []string{"no reply was measured", "64 clients need 92 file descriptors, and the limit is 40"},
		},
		"a message left over": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Backlog = 10 },
			verdict: record.Valid,
		},
		"overloaded": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Backlog = 11 },
			verdict: record.Invalid, says: []string{"the server did not keep up with 10 clients: 11 of 10,000 due messages (0.1%) were still unsent at the end"},
		},
		"overloaded with many clients": {
			change: func(r *record.Run, _ *metrics) {
				r.Config.Clients, r.Totals.Due, r.Totals.Backlog = 1000, 10_000, 101
			},
			verdict: record.Invalid, says: []string{"101 of 10,000 due messages (1.0%) were still unsent at the end"},
		},
		"overloaded by its own doing": {
			change: func(r *record.Run, _ *metrics) {
				r.Totals.Backlog, r.Totals.OwnBacklog, r.Generator.Busy = 10_000, 0.11, 0.99
			},
			verdict: record.GeneratorLimited, says: []string{"busy for 99%", "10,000 of 10,000 due messages (100%) were still unsent at the end"},
		},
		"overloaded, and busy": {
			change:  func(r *record.Run, _ *metrics) { r.Totals.Backlog, r.Generator.Busy = 500, 0.99 },
			verdict: record.Invalid, says: []string{"did not keep up with 10 clients: 500 of 10,000 due messages (5.0%) were still unsent at the end", "busy for 99%"},
		},
		"out of ports, and behind for it": {
			change: func(r *record.Run, _ *metrics) {
				r.Totals.Backlog, r.Totals.Errors = 500, map[string]int64{"ports": 11}
			},
			verdict: record.Invalid, says: []string{"11 errors", "this host ran out of local ports: 11 attempts to connect failed", "500 of 10,000 due messages (5.0%) were still unsent at the end"},
		},
		"out of ports and descriptors, and allowed to be": {
			change: func(r *record.Run, _ *metrics) {
				r.Totals.Backlog, r.Totals.Errors = 500, map[string]int64{"ports": 1, "descriptors": 9}
			},
			verdict: record.GeneratorLimited, says: []string{"this host ran out of local ports: 1 attempt to", "this host ran out of file descriptors: 9 attempts to", "500 of 10,000 due messages"},
		},
		"both": {
			change: func(r *record.Run, _ *metrics) {
				r.Generator.Busy, r.Totals.Errors = 0.99, map[string]int64{"reset": 11}
			},
			verdict: record.Invalid, says: []string{"11 errors", "busy for 99%"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := sound()
			tc.change(r, &m)
			v := judge(r, m, Allowance{count: 10}, tc.end)
			if v.Verdict != tc.verdict || len(v.Reasons) != len(tc.says) {
				t.Fatalf("%s %q, want %s %q", v.Verdict, v.Reasons, tc.verdict, tc.says)
			}
			for i, says := range tc.says {
				if !strings.Contains(v.Reasons[i], says) {
					t.Errorf("reason %q, want %q", v.Reasons[i], says)
				}
			}
		})
	}
}
