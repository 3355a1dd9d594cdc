package loadgen

import (
	"fmt"
	"math"
	"strings"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// Of the replies of a run with directions that mean something.
const (
	maxExcluded = 0.50 // for want of an offset: they are missing evenly, by time
	// maxViolations contradict the others. They are not missing evenly, but those of
	// some clients or servers. A p99 rests on the slowest hundredth of the replies: if
	// more than that are left out, they may be all that it should have been.
	maxViolations = 0.01
)

// clockFaults are the reasons for which directions mean nothing.
func clockFaults(r *record.Run) reasons {
	out := reasons{}
	c := r.Clock
	out.when(c.Contradiction > 0, "a timestamp is %s further off than the %s that --clock %s vouches for: the clocks differ by more, or the server's timestamps are wrong",
		unit.Duration(float64(c.Contradiction)), unit.Duration(float64(c.Vouched)), r.Config.Clock)
	if r.Config.Proto != string(Text) || r.Config.Clock == string(RawClocks) || r.Totals.Received < fewestReplies {
		return out
	}
	unsuited := len(c.Segments) == 0 && c.Relation == ""
	missing := share(c.Violations+c.Excluded, r)
	limit := clock.MaxDrift * ppm
	tooFast := !c.IsRaw() && math.Abs(c.Drift) > 0.99*limit && c.DriftBound < record.UnknownDrift
	switch {
	case len(c.Groups) > 1 && (unsuited || missing > maxViolations):
		out.when(true, "several clocks answer here: %s; %s of the replies have no direction", describeGroups(c.Groups), percent(missing))
	case unsuited:
		out.when(true, "no offset suits the server's timestamps: they contradict one another, or its clock drifts by more than %.0f ppm; forward and reverse mean nothing", limit)
	case share(c.Violations, r) > maxViolations:
		out.when(true, "several clocks answer here, or one that jumps or is read from a cache: the timestamps of %s of the replies contradict the others", percent(share(c.Violations, r)))
	case !c.IsRaw() && share(c.Excluded, r) > maxExcluded:
		out.when(true, "no offset is known for %s of the replies: the clocks changed too often", percent(share(c.Excluded, r)))
	}
	out.when(tooFast, "the server's clock drifts by %.0f ppm or more, which is too fast to correct: forward and reverse are wrong", limit)
	return out
}

// share is the part of the replies that some are.
func share(some int64, r *record.Run) float64 {
	return float64(some) / float64(max(1, r.Totals.Received))
}

// describeGroups says how many clients talk to which clock.
func describeGroups(groups []record.ClockGroup) string {
	all := int64(0)
	for _, g := range groups {
		all += g.Clients
	}
	clients := unit.Plural(all, "client")
	if len(groups) == 2 {
		verb := "talk"
		if groups[1].Clients == 1 {
			verb = "talks"
		}
		return fmt.Sprintf("%d of %s %s to a clock %s the others'", groups[1].Clients, clients, verb, ahead(groups[1], " of"))
	}
	parts := []string{fmt.Sprintf("of %s %d talk to one clock", clients, groups[0].Clients)}
	for i, g := range groups[1:] {
		if i == mostNamed {
			parts = append(parts, unit.Plural(int64(len(groups)-1-mostNamed), "other clock"))
			break
		}
		parts = append(parts, fmt.Sprintf("%d to one %s", g.Clients, ahead(g, " of it")))
	}
	return strings.Join(parts, ", ")
}

const mostNamed = 3 // clocks

// ahead says where the clock of a group is; of completes "ahead".
func ahead(g record.ClockGroup, of string) string {
	if g.Ahead < 0 {
		return unit.Duration(-float64(g.Ahead)) + " behind" + strings.TrimPrefix(of, " of")
	}
	return unit.Duration(float64(g.Ahead)) + " ahead" + of
}
