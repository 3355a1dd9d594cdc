package record

import (
	"strings"
	"testing"
	"time"
)

func hostOf(machine, boot, container string) Host {
	var h Host
	h.identify(ids{spread(machine), spread(boot), container})
	return h
}

// spread makes an id of 128 bits of a letter.
func spread(letter string) string { return strings.Repeat(letter, 32) }

func TestMachinesAreToldApart(t *testing.T) {
	const restarted, unknown, containers = "rebooted", "not known", "containers"
	host := hostOf("a", "1", "h")
	for name, tc := range map[string]struct {
		hosts   []Host
		differ  bool
		remarks []string
	}{
		"one machine":                        {[]Host{host, host}, false, nil},
		"saved before there were identities": {[]Host{host, {}, host}, false, nil},
		"two machines":                       {[]Host{host, hostOf("b", "2", "h")}, true, nil},
		"two machines and an unknown one":    {[]Host{host, {}, hostOf("b", "2", "h")}, true, nil},
		"a restart":                          {[]Host{host, hostOf("a", "2", "h")}, false, []string{restarted}},
		"two machines, one restarted":        {[]Host{host, hostOf("b", "2", "h"), hostOf("a", "3", "h")}, true, []string{restarted}},
		"containers with machine-ids":        {[]Host{host, hostOf("c", "1", "k"), hostOf("d", "1", "l")}, false, []string{containers}},
		"machine-ids on one boot":            {[]Host{host, hostOf("c", "1", "h")}, false, []string{"differ in machine-id"}},
		"containers without":                 {[]Host{hostOf("", "1", "h"), hostOf("", "1", "k")}, false, []string{containers}},
		"a container on its host":            {[]Host{host, hostOf("", "1", "k")}, false, []string{containers}},
		"containers of two machines":         {[]Host{host, hostOf("c", "1", "k"), hostOf("d", "2", "l")}, true, []string{containers}},
		"one image on two machines":          {[]Host{hostOf("i", "1", "h"), hostOf("i", "2", "k")}, false, []string{restarted}},
		"two boots and no machine-id":        {[]Host{hostOf("", "1", "h"), hostOf("", "2", "h")}, false, []string{unknown}},
		"a machine and a boot":               {[]Host{host, hostOf("", "2", "h")}, false, []string{unknown}},
		"machines without boots":             {[]Host{hostOf("a", "", ""), hostOf("b", "", "")}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var runs []*Run
			for i, h := range tc.hosts {
				runs = append(runs, &Run{Host: h, Duration: int64(i)})
			}
			differences := strings.Join(differ(runs, []property{{"machine", func(r *Run) string { return machinesOf(runs).of(r.Host) }}}), "; ")
			if got := strings.Contains(differences, "machine"); got != tc.differ {
				t.Errorf("differences: %q", differences)
			}
			if all := strings.Join(Differences(runs), "; "); strings.Contains(all, "machine, by a hash") != tc.differ {
				t.Errorf("all differences: %q", all)
			}
			remarks := Remarks(runs)
			if len(remarks) != len(tc.remarks) {
				t.Fatalf("remarks: %q, want %q", remarks, tc.remarks)
			}
			for i, want := range tc.remarks {
				if !strings.Contains(remarks[i], want) {
					t.Errorf("remark %q, want one of %q", remarks[i], want)
				}
			}
		})
	}
}

// TestMergedRunsKeepTheirMachines compares runs that were merged of those of several hosts.
func TestMergedRunsKeepTheirMachines(t *testing.T) {
	merged := func(hosts ...Host) *Run {
		var runs []*Run
		for i, h := range hosts {
			runs = append(runs, &Run{Schema: Schema, Started: time.Unix(1e9, 0), Host: h, Duration: int64(i), Metrics: map[string]Metric{}})
		}
		whole, err := Merge(runs)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range hosts {
			if whole.Parts[i].Host != h {
				t.Errorf("part %d is of %+v, want %+v", i, whole.Parts[i].Host, h)
			}
		}
		return whole
	}
	a, b, c := hostOf("a", "1", "h"), hostOf("b", "2", "h"), hostOf("c", "3", "h")
	for name, tc := range map[string]struct {
		x, y   *Run
		differ bool
	}{
		"of the same":  {merged(a, b), merged(b, a), false},
		"of others":    {merged(a, b), merged(a, c), true},
		"of one":       {merged(a, a), merged(a, a), false},
		"one and more": {merged(a, a), merged(a, b), true},
	} {
		if got := strings.Contains(strings.Join(Differences([]*Run{tc.x, tc.y}), "; "), "machine, by"); got != tc.differ {
			t.Errorf("%s: differ %v", name, got)
		}
	}
}

// TestIdentitiesRevealNothing holds that hashes are those of the documented construction, and
// that what is no id makes none.
func TestIdentitiesRevealNothing(t *testing.T) {
	// printf 'echostamp: machine of a run' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
	var h Host
	h.identify(ids{"0123456789abcdef0123456789abcdef\n", "01234567-89ab-cdef-0123-456789ABCDEF\n", "h"})
	if h.Machine != "81c7cde31b02c1bb" || len(h.Boot) != 16 || h.Machine == h.Boot || h.Boot == h.Container {
		t.Errorf("%+v", h)
	}
	for _, none := range []string{"", "\n", "uninitialized\n", "0"} {
		h := Host{}
		if h.identify(ids{none, none, "h"}); h != (Host{}) {
			t.Errorf("%q made %+v", none, h)
		}
	}
	if here := ThisHost(); here != ThisHost() {
		t.Error("two looks at this host differ")
	}
}
