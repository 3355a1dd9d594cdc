package record

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDifferences(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(old, new *Run)
		want   []string
	}{
		"none":            {func(_, _ *Run) {}, nil},
		"system":          {func(_, n *Run) { n.Host.OS = "darwin" }, []string{"they differ in system: linux, darwin"}},
		"architecture":    {func(_, n *Run) { n.Host.Arch = "arm64" }, []string{"they differ in architecture: amd64, arm64"}},
		"kernel":          {func(_, n *Run) { n.Host.Kernel = "6.2" }, []string{"they differ in kernel: 6.1, 6.2"}},
		"processors":      {func(_, n *Run) { n.Host.CPUs = 4 }, []string{"they differ in processors: 2, 4"}},
		"processor model": {func(_, n *Run) { n.Host.CPU = "B" }, []string{"they differ in processor model: A, B"}},
		"target":          {func(_, n *Run) { n.Config.Target = "h:2" }, []string{"they differ in target: h:1, h:2"}},
		"protocol":        {func(_, n *Run) { n.Config.Proto = "echo" }, []string{"they differ in protocol: text over tcp, echo over tcp"}},
		"mode":            {func(_, n *Run) { n.Config.Mode = Closed }, []string{"they differ in mode: open, closed"}},
		"rate":            {func(_, n *Run) { n.Config.Rate = 0.5 }, []string{"they differ in rate: 1000/s, 0.5/s"}},
		"stages":          {func(_, n *Run) { n.Config.Stages = []string{"1/s:1s", "9/s:1s"} }, []string{"they differ in rate: 1000/s, 1/s:1s 9/s:1s"}},
		"arrivals":        {func(_, n *Run) { n.Config.Arrivals = "poisson" }, []string{"they differ in arrivals: constant, poisson"}},
		"clients":         {func(_, n *Run) { n.Config.Clients = 16 }, []string{"they differ in clients: 8, 16"}},
		"size":            {func(_, n *Run) { n.Config.Size = 100 }, []string{"they differ in size: 64, 100"}},
		"two": {
			func(_, n *Run) { n.Config.Size, n.Config.Clients = 100, 1 },
			[]string{"they differ in clients: 8, 1", "they differ in size: 64, 100"},
		},
		"own servers on other ports": {func(o, n *Run) {
			o.Server.Own, n.Server.Own, n.Config.Target = true, true, "h:2"
		}, nil},
		"servers started for the run": {func(o, n *Run) {
			o.Server.Command, n.Server.Command, n.Config.Target = "./old", "./new", "h:2"
		}, nil},
		"own and other": {func(o, _ *Run) { o.Server.Own = true }, []string{"they differ in target: own server, h:1"}},
		"unknown":       {func(o, _ *Run) { o.Host.CPU, o.Host.Kernel, o.Config.Size = "", "", 0 }, nil},
		"seed":          {func(o, _ *Run) { o.Config.Seed = 7 }, nil},
		"there twice":   {func(o, n *Run) { *n = *o }, []string{"run started 2026-01-02T03:04:00Z is included twice"}},
	} {
		runs := []*Run{decided(0), decided(1)}
		tc.change(runs[0], runs[1])
		if got := Differences(runs); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// decided is a run of which all is known that decides on its figures.
func decided(minute int) *Run {
	return &Run{
		Started: time.Date(2026, 1, 2, 3, 4+minute, 0, 0, time.UTC),
		Config:  Config{Target: "h:1", Proto: "text", Transport: "tcp", Mode: Open, Rate: 1000, Arrivals: "constant", Clients: 8, Size: 64},
		Host:    Host{OS: "linux", Arch: "amd64", Kernel: "6.1", CPUs: 2, CPU: "A"},
	}
}

// TestDifferencesOfMergedRuns holds that what the parts of a run do not agree on is compared
// all the same.
func TestDifferencesOfMergedRuns(t *testing.T) {
	pair := func(minute int, kernel string) *Run {
		a, b := decided(minute), decided(minute)
		b.Host.Kernel, b.Command = kernel, []string{"beside"}
		return merge(t, a, b)
	}
	old, same, other := pair(0, "6.2"), pair(1, "6.2"), pair(2, "6.3")
	if d := Differences([]*Run{old, same}); len(d) != 0 {
		t.Errorf("both are of two hosts that differ in the same: %q", d)
	}
	want := []string{"they differ in kernel: 6.1 and 6.2, 6.1 and 6.3"}
	if d := Differences([]*Run{old, other}); !slices.Equal(d, want) {
		t.Errorf("%q, want %q", d, want)
	}
	if d := strings.Join(Differences([]*Run{old, decided(0)}), "\n"); !strings.Contains(d, "is included twice") {
		t.Errorf("a part of a merged run is there by itself: %q", d)
	}
}
