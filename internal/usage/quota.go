package usage

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Quota is how much of the processors a control group may use, and what became of that
// since it was set up. Containers have one, and services.
type Quota struct {
	Group     string        // the directory of the group
	CPUs      float64       // processors' worth of time; above 0
	Periods   int64         // in which the group ran
	Throttled int64         // of these, in which the quota was used up
	Stopped   time.Duration // total throttled time, summed over CPUs
}

// Throttling returns the quota that stopped this process most after an earlier state, or
// else the smallest, with what happened since; false is that there is none.
func Throttling(before, after []Quota) (Quota, bool) {
	var since []Quota
	for _, q := range after {
		i := slices.IndexFunc(before, func(b Quota) bool { return b.Group == q.Group })
		if i < 0 {
			continue
		}
		q.Periods -= before[i].Periods
		q.Throttled -= before[i].Throttled
		q.Stopped -= before[i].Stopped
		since = append(since, q)
	}
	if len(since) == 0 {
		return Quota{}, false
	}
	return slices.MinFunc(since, func(a, b Quota) int {
		return cmp.Or(cmp.Compare(b.Stopped, a.Stopped), cmp.Compare(a.CPUs, b.CPUs))
	}), true
}

// quotas finds those that hold for this process: of its group, and of all that this is
// in, as far as they can be seen. Both versions of cgroup may be there at once:
// Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
func quotas(root fs.FS) (all []Quota) {
	groups := parseGroups(read(root, "/proc/self/cgroup"))
	for _, m := range parseMounts(read(root, "/proc/self/mountinfo")) {
		group, ok := groups[m.version]
		if !ok {
			continue
		}
		for dir := path.Join(m.point, m.below(group)); ; dir = path.Dir(dir) {
			q := Quota{Group: dir}
			if m.version.read(root, dir, &q) && q.CPUs > 0 {
				all = append(all, q)
			}
			if len(dir) <= len(m.point) {
				break
			}
		}
	}
	return all
}

// read returns a file's text, or "" if it cannot be had.
func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, strings.TrimPrefix(name, "/"))
	if err != nil {
		return ""
	}
	return string(b)
}

// version is one of cgroup's.
type version string

const (
	v1 version = "cgroup"
	v2 version = "cgroup2"
)

// read fills in a quota from the files of its directory. It is false if there is none.
func (v version) read(root fs.FS, dir string, q *Quota) bool {
	var quota, period float64
	unit, key := time.Nanosecond, "throttled_time"
	switch v {
	case v1:
		quota = number(read(root, dir+"/cpu.cfs_quota_us")) // -1 is none
		period = number(read(root, dir+"/cpu.cfs_period_us"))
	case v2:
		text, of, _ := strings.Cut(read(root, dir+"/cpu.max"), " ") // "max" is none
		quota, period = number(text), number(of)
		unit, key = time.Microsecond, "throttled_usec"
	}
	if !(quota > 0 && period > 0) {
		return false
	}
	q.CPUs = quota / period
	stat := map[string]int64{}
	for line := range strings.Lines(read(root, dir+"/cpu.stat")) {
		name, value, _ := strings.Cut(line, " ")
		stat[name] = int64(number(value))
	}
	q.Periods, q.Throttled, q.Stopped = stat["nr_periods"], stat["nr_throttled"], time.Duration(stat[key])*unit
	return true
}

// number reads a number that takes a line; 0 is that it is none.
func number(text string) float64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return float64(n)
}

// parseGroups reads which groups a process is in, as far as they are about processors:
// "4:cpu,cpuacct:/a" of version 1, "0::/a/b" of version 2.
func parseGroups(text string) map[version]string {
	groups := map[version]string{}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(f) < 3:
		case f[0] == "0" && f[1] == "":
			groups[v2] = f[2]
		case slices.Contains(strings.Split(f[1], ","), "cpu"):
			groups[v1] = f[2]
		}
	}
	return groups
}

// mount is where the groups of a version can be seen.
type mount struct {
	version version
	root    string // the group that is seen at point
	point   string
}

// below returns where a group is below the mount's point. One that lies outside, as those
// of the host do for a container, is seen as the point at best.
func (m mount) below(group string) string {
	rest, ok := strings.CutPrefix(group, strings.TrimSuffix(m.root, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "/"
	}
	return path.Clean("/" + rest)
}

// parseMounts reads the mounts of cgroup from /proc/self/mountinfo, proc(5):
// "36 35 98:0 ROOT POINT rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct".
func parseMounts(text string) (mounts []mount) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		end := slices.Index(f, "-")
		if end < 6 || len(f) < end+4 {
			continue
		}
		m := mount{version(f[end+1]), unescape(f[3]), unescape(f[4])}
		if m.version == v2 || m.version == v1 && slices.Contains(strings.Split(f[end+3], ","), "cpu") {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

// unescape reads the names in mountinfo, in which spaces and the like are octal: "\040".
func unescape(text string) string {
	var b strings.Builder
	for text != "" {
		if text[0] == '\\' && len(text) >= 4 {
			if n, err := strconv.ParseUint(text[1:4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				text = text[4:]
				continue
			}
		}
		b.WriteByte(text[0])
		text = text[1:]
	}
	return b.String()
}
