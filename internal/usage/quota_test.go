package usage

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree is a file system of these files.
func tree(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

const (
	mountV1    = "36 25 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:14 - cgroup cgroup rw,cpu,cpuacct\n"
	mountV2    = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	mountOther = "37 25 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n22 1 8:1 / / rw - ext4 /dev/root rw\n"
)

func TestQuotas(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  []Quota
	}{
		"none": {files: map[string]string{}},
		"version 2, of the group itself": {
			files: map[string]string{
				"/proc/self/cgroup":                           "0::/app.slice/a.service\n",
				"/proc/self/mountinfo":                        mountOther + mountV2,
				"/sys/fs/cgroup/app.slice/a.service/cpu.max":  "50000 100000\n",
				"/sys/fs/cgroup/app.slice/a.service/cpu.stat": "usage_usec 1234\nnr_periods 100\nnr_throttled 45\nthrottled_usec 420000\nnr_bursts 0\n",
				"/sys/fs/cgroup/app.slice/cpu.max":            "max 100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup/app.slice/a.service", 0.5, 100, 45, 420 * time.Millisecond}},
		},
		"version 2, of a group above": {
			files: map[string]string{
				"/proc/self/cgroup":                          "0::/app.slice/a.service\n",
				"/proc/self/mountinfo":                       mountV2,
				"/sys/fs/cgroup/app.slice/a.service/cpu.max": "max 100000\n",
				"/sys/fs/cgroup/app.slice/cpu.max":           "150000 100000\n",
				"/sys/fs/cgroup/app.slice/cpu.stat":          "nr_periods 7\nnr_throttled 0\nthrottled_usec 0\n",
			},
			want: []Quota{{"/sys/fs/cgroup/app.slice", 1.5, 7, 0, 0}},
		},
		"version 2, in a namespace": {
			files: map[string]string{
				"/proc/self/cgroup":       "0::/\n",
				"/proc/self/mountinfo":    mountV2,
				"/sys/fs/cgroup/cpu.max":  "20000 100000\n",
				"/sys/fs/cgroup/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_usec 1\n",
			},
			want: []Quota{{"/sys/fs/cgroup", 0.2, 1, 1, time.Microsecond}},
		},
		"version 2, outside of the namespace": {
			files: map[string]string{
				"/proc/self/cgroup":      "0::/../../other\n",
				"/proc/self/mountinfo":   mountV2,
				"/sys/fs/cgroup/cpu.max": "20000 100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup", 0.2, 0, 0, 0}},
		},
		"version 1": {
			files: map[string]string{
				"/proc/self/cgroup":    "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n0::/docker/x\n",
				"/proc/self/mountinfo": mountOther + mountV1,
				"/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us":  "25000\n",
				"/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "50000\n",
				"/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.stat":          "nr_periods 10\nnr_throttled 9\nthrottled_time 8000\n",
				"/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us":    "-1\n",
				"/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us":   "100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup/cpu,cpuacct/docker/x", 0.5, 10, 9, 8 * time.Microsecond}},
		},
		"version 1, of which a container sees its own part": {
			files: map[string]string{
				"/proc/self/cgroup":                         "4:cpu:/docker/x/deep\n",
				"/proc/self/mountinfo":                      "36 25 0:31 /docker/x /sys/fs/cgroup/c\\040p rw - cgroup cgroup rw,cpu\n",
				"/sys/fs/cgroup/c p/cpu.cfs_quota_us":       "100000\n",
				"/sys/fs/cgroup/c p/cpu.cfs_period_us":      "100000\n",
				"/sys/fs/cgroup/c p/deep/cpu.cfs_quota_us":  "50000\n",
				"/sys/fs/cgroup/c p/deep/cpu.cfs_period_us": "100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup/c p/deep", 0.5, 0, 0, 0}, {"/sys/fs/cgroup/c p", 1, 0, 0, 0}},
		},
		"version 1, whose mount is of another group": {
			files: map[string]string{
				"/proc/self/cgroup":                    "4:cpu:/docker/xy\n",
				"/proc/self/mountinfo":                 "36 25 0:31 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
				"/sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "100000\n",
				"/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup/cpu", 1, 0, 0, 0}},
		},
		"both versions": {
			files: map[string]string{
				"/proc/self/cgroup":                              "1:cpu:/a\n0::/b\n",
				"/proc/self/mountinfo":                           strings.ReplaceAll(mountV2, "/sys/fs/cgroup", "/sys/fs/cgroup/unified") + mountV1,
				"/sys/fs/cgroup/unified/b/cpu.max":               "300000 100000\n",
				"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us":  "200000\n",
				"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
			},
			want: []Quota{{"/sys/fs/cgroup/unified/b", 3, 0, 0, 0}, {"/sys/fs/cgroup/cpu,cpuacct/a", 2, 0, 0, 0}},
		},
		"nonsense": {
			files: map[string]string{
				"/proc/self/cgroup":      "0::\n0\n:::\n4:cpu:/\n",
				"/proc/self/mountinfo":   "- - -\n1 2 3 / /x - cgroup2\n" + mountV2,
				"/sys/fs/cgroup/cpu.max": "-5 0\n",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, quotas(tree(tc.files))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestThrottling(t *testing.T) {
	before := []Quota{{"/a/b", 0.5, 100, 40, time.Second}, {"/a", 2, 200, 0, 0}}
	for name, tc := range map[string]struct {
		after []Quota
		want  Quota
		ok    bool
	}{
		"none":                     {nil, Quota{}, false},
		"set up since":             {[]Quota{{"/c", 1, 1, 1, 1}}, Quota{}, false},
		"not used up":              {[]Quota{{"/a/b", 0.5, 150, 40, time.Second}, {"/a", 2, 250, 0, 0}}, Quota{"/a/b", 0.5, 50, 0, 0}, true},
		"used up":                  {[]Quota{{"/a/b", 0.5, 150, 45, time.Second + 420*time.Millisecond}, {"/a", 2, 250, 0, 0}}, Quota{"/a/b", 0.5, 50, 5, 420 * time.Millisecond}, true},
		"used up by others, above": {[]Quota{{"/a/b", 0.5, 150, 40, time.Second}, {"/a", 2, 250, 1, time.Millisecond}}, Quota{"/a", 2, 50, 1, time.Millisecond}, true},
	} {
		if got, ok := Throttling(before, tc.after); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %+v, %v; want %+v", name, got, ok, tc.want)
		}
	}
}

func FuzzQuotas(f *testing.F) {
	f.Add("0::/a/../b\n4:cpu:/x\n", mountV1+mountV2, "50000 100000", "nr_periods 5\nnr_throttled 3")
	f.Add("0::/..\n", "1 2 3 /\\057 /\\0a - - cgroup2 x rw\n", "1 1", "")
	f.Fuzz(func(t *testing.T, groups, mounts, max, stat string) {
		for _, q := range quotas(tree(map[string]string{
			"/proc/self/cgroup": groups, "/proc/self/mountinfo": mounts, "/sys/fs/cgroup/cpu.max": max, "/sys/fs/cgroup/cpu.stat": stat,
		})) {
			if !(q.CPUs > 0) || q.Group == "" {
				t.Errorf("%+v", q)
			}
		}
	})
}
