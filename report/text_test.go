package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// metric has values from low on, each one more than the one before.
func metric(t *testing.T, low int64, n int) record.Metric {
	t.Helper()
	h := hist.New()
	for i := range n {
		h.Record(low + int64(i))
	}
	return record.NewMetric(h)
}

func TestText(t *testing.T) {
	for name, run := range map[string]*record.Run{
		"plain": {
			Duration: 5e9,
			Config:   record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 64, Mode: record.Closed, Size: 64},
			Server:   record.Server{Address: "192.0.2.7:12345"},
			Totals:   record.Totals{Sent: 20000, Received: 20000, BytesSent: 1280000, BytesReceived: 1700000, Rate: 4000},
			Validity: record.Validity{Verdict: record.Valid},
			Metrics: map[string]record.Metric{
				record.RTT: metric(t, 50_000, 20_000), record.Forward: metric(t, 20_000, 20_000), record.Reverse: metric(t, 30_000, 20_000),
			},
		},
		"troubled": {
			Duration:    1e9,
			Interrupted: true,
			Config:      record.Config{Target: "host:12345", Proto: "text", Transport: "tcp", Clients: 1, Mode: record.Closed, Size: 100, Warmup: 1e9},
			Server:      record.Server{Address: "192.0.2.7:12345"},
			Totals: record.Totals{Sent: 34, Received: 30, Failed: 3, Unanswered: 1, BytesSent: 3400, BytesReceived: 3600, Rate: 30,
				Errors: map[string]int64{"timeout": 2, "reset": 1, "refused": 1234}},
			Validity: record.Validity{Verdict: record.Invalid, Reasons: []string{"1,237 errors"}},
			Warnings: []string{"the clocks differ"},
			Metrics: map[string]record.Metric{
				record.RTT: metric(t, 50_000, 30), record.Forward: metric(t, -267_000_000, 30), record.Reverse: metric(t, 275_000_000, 30),
			},
		},
		"nothing": {
			Config:   record.Config{Target: "host:12345", Proto: "text", Transport: "tcp", Clients: 5, Mode: record.Closed, Size: 100},
			Totals:   record.Totals{Errors: map[string]int64{"resolve": 1}},
			Validity: record.Validity{Verdict: record.Invalid, Reasons: []string{"no reply was measured"}},
			Metrics:  map[string]record.Metric{record.RTT: metric(t, 0, 0), record.Forward: metric(t, 0, 0), record.Reverse: metric(t, 0, 0)},
		},
		"open loop": {
			Duration: 10e9,
			Config: record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 10, Mode: record.Open,
				Rate: 1000, Arrivals: "poisson", Seed: 42, Size: 64, Warmup: 2e9, WarmupAuto: true},
			Server:   record.Server{Address: "192.0.2.7:12345"},
			Totals:   record.Totals{Due: 10050, Backlog: 50, Sent: 10000, Received: 10000, BytesSent: 640000, BytesReceived: 850000, Rate: 1000},
			Validity: record.Validity{Verdict: record.GeneratorLimited, Reasons: []string{"the event loop was busy for 95% of the time", "of 10,050 messages due 50 were never sent"}},
			Generator: record.Generator{CPU: 3e9, Busy: 0.95, InvoluntarySwitches: 1234, Waited: 5e6, GCs: 1, GCPause: 20_000, Steal: 0.012,
				Quota: &record.Quota{CPUs: 1.5, Periods: 100, Throttled: 45, Stopped: 420_000_000}},
			Precision: &record.Precision{Metric: record.Response, Percentile: "99", Asked: 0.02, Reached: true, Figure: 200_000, Low: 197_000, High: 203_000},
			Metrics: map[string]record.Metric{
				record.Response: metric(t, 60_000, 10_000), record.RTT: metric(t, 50_000, 10_000),
				record.Lag: metric(t, 10_000, 10_000), record.OwnLag: metric(t, 100, 10_000),
				record.Forward: metric(t, 20_000, 10_000), record.Reverse: metric(t, 25_000, 10_000), record.Wakeup: metric(t, 5_000, 10_000),
			},
		},
		"stages": {
			Duration: 2e9,
			Config: record.Config{Target: "192.0.2.7:12345", Proto: "echo", Transport: "tcp", Clients: 10, Mode: record.Open,
				Rate: 20, Arrivals: "constant", Stages: []string{"10/s:1s", "10/s..50/s:1s"}, Size: 64},
			Totals:    record.Totals{Due: 40, Sent: 40, Received: 40, BytesSent: 2560, BytesReceived: 2560, Rate: 20},
			Validity:  record.Validity{Verdict: record.Valid},
			Precision: &record.Precision{Metric: record.RTT, Percentile: "99", Asked: 0.02},
			Metrics: map[string]record.Metric{
				record.Response: metric(t, 60_000, 40), record.RTT: metric(t, 50_000, 40), record.Lag: metric(t, 10_000, 40), record.OwnLag: metric(t, 100, 40),
			},
		},
		"corrected": {
			Duration: 30e9,
			Config:   record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 100, Mode: record.Closed, Size: 64},
			Server:   record.Server{Address: "192.0.2.7:12345"},
			Totals:   record.Totals{Sent: 30_000, Received: 30_000, BytesSent: 1_920_000, BytesReceived: 2_550_000, Rate: 1000},
			Clock: record.Clock{
				Relation: record.Corrected, Offset: 3_196_412_345, Bound: 20_100_000, Drift: 50.02, DriftBound: 0.41,
				Segments: []record.Segment{
					{To: 12e9, FromOffset: 3_200_000_000, ToOffset: 3_200_600_000, Bound: 20_100_000, Drift: 50.1, DriftBound: 0.8},
					{From: 12.5e9, To: 30e9, FromOffset: 3_195_600_000, ToOffset: 3_196_412_345, Bound: 20_100_000, Drift: 50.02, DriftBound: 0.41},
				},
				Excluded: 500, Violations: 7, ViolationsFrom: 1e9, ViolationsTo: 29e9,
				Changes: []record.Change{
					{Kind: record.ClockStep, From: 12_125_000_000, To: 12_126_000_000, By: -5_000_123}, {Kind: record.ClockSlew, From: 14e9, To: 16e9, By: 20_000, Rate: -50},
					{Kind: record.HostStep, From: 15e9, To: 15e9, By: 1e9}, {Kind: record.ForwardFloor, From: 16e9, To: 20e9, By: 100_000}, {Kind: record.ReverseFloor, From: 17e9, To: 21e9, By: -100_000},
				},
			},
			Validity: record.Validity{Verdict: record.Valid},
			Metrics: map[string]record.Metric{
				record.RTT: metric(t, 40_000_000, 30_000), record.Forward: metric(t, 20_000_000, 29_493), record.Reverse: metric(t, 20_000_000, 29_493),
				record.ForwardRaw: metric(t, 3_210_000_000, 30_000), record.ReverseRaw: metric(t, -3_170_000_000, 30_000),
				record.ForwardExcess: metric(t, 0, 29_493), record.ReverseExcess: metric(t, 0, 29_493),
			},
		},
		"asserted": {
			Duration: 1e9,
			Config:   record.Config{Target: "192.0.2.7:12345", Proto: "text", Transport: "tcp", Clients: 1, Mode: record.Closed, Size: 64},
			Totals:   record.Totals{Sent: 100, Received: 100, BytesSent: 6400, BytesReceived: 8500, Rate: 100},
			Clock: record.Clock{
				Relation: record.Asserted, Vouched: 50_000, Offset: -2_345, Bound: 4_004_321, DriftBound: 200, Resolution: 4_000_000, Segments: []record.Segment{{}},
			},
			Validity: record.Validity{Verdict: record.Valid},
			Metrics: map[string]record.Metric{
				record.RTT: metric(t, 10_000, 100), record.Forward: metric(t, 5_000, 100), record.Reverse: metric(t, 5_000, 100),
				record.ForwardRaw: metric(t, 5_000, 100), record.ReverseRaw: metric(t, 5_000, 100),
			},
		},
		"own server": {
			Duration: 1e9,
			Config:   record.Config{Target: "127.0.0.1:40001", Proto: "text", Transport: "tcp", Clients: 1, Mode: record.Closed, Size: 64},
			Server:   record.Server{Address: "127.0.0.1:40001", Own: true},
			Totals:   record.Totals{Sent: 1, Received: 1, BytesSent: 64, BytesReceived: 85, Rate: 1},
			Clock: record.Clock{
				Relation: record.Same, Offset: -30, Bound: 1_050, Drift: -0.001, DriftBound: 0.2, Segments: []record.Segment{{}},
			},
			Validity: record.Validity{Verdict: record.Valid},
			Metrics:  map[string]record.Metric{record.RTT: metric(t, 50, 1), record.Forward: metric(t, 25, 1), record.Reverse: metric(t, 25, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Text(&b, run); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}
