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
	m, err := record.NewMetric(h)
	if err != nil {
		t.Fatal(err)
	}
	return m
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
		"own server": {
			Duration: 1e9,
			Config:   record.Config{Target: "127.0.0.1:40001", Proto: "text", Transport: "tcp", Clients: 1, Mode: record.Closed, Size: 64},
			Server:   record.Server{Address: "127.0.0.1:40001", Own: true},
			Totals:   record.Totals{Sent: 1, Received: 1, BytesSent: 64, BytesReceived: 85, Rate: 1},
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
