package loadgen

import (
	"fmt"
	"net/netip"

	"github.com/echostamp/echostamp/internal/unit"
)

// A lack is something that the machine has too little of for a run.
type lack struct {
	kind   kind
	reason string
}

func (l *lack) Error() string { return l.reason }

// limits are what the machine allows; 0 is not known.
type limits struct {
	descriptors int // open files of this process
	ports       int // that connections from one address may have
}

// ownDescriptors is more than the program has open besides its connections, and
// shardDescriptors what a shard has.
const (
	ownDescriptors   = 24
	shardDescriptors = 4
)

// preflight finds out what a run would run out of, before anything connects.
func preflight(cfg *Config) *lack {
	need := cfg.Clients + cfg.Descriptors + ownDescriptors + shardDescriptors*cfg.Shards
	return cfg.lacks(need, systemLimits(need))
}

func (c *Config) lacks(need int, has limits) *lack {
	sources := max(1, len(c.Sources))
	switch {
	case has.descriptors > 0 && need > has.descriptors:
		return &lack{descriptors, fmt.Sprintf("%s clients need %s file descriptors, and the limit is %s: raise it (ulimit -n), or use fewer clients",
			unit.Count(int64(c.Clients)), unit.Count(int64(need)), unit.Count(int64(has.descriptors)))}
	case has.ports > 0 && c.Clients > has.ports*sources:
		return &lack{ports, fmt.Sprintf("%s clients need as many ports, and %d source address(es) have %s: give more addresses with --source, or use fewer clients",
			unit.Count(int64(c.Clients)), sources, unit.Count(int64(has.ports*sources)))}
	}
	return nil
}

// checkSources returns an error for a source that is not to be had, or cannot
// reach the target.
func checkSources(sources []netip.Addr, target netip.Addr) error {
	for _, a := range sources {
		if !isLocal(a) {
			return &ConfigError{"source", fmt.Sprintf("%v is no address of this host", a)}
		}
		if a.Is4() != target.Is4() {
			return &ConfigError{"source", fmt.Sprintf("%v and the target %v are not of one kind, IPv4 or IPv6", a, target)}
		}
	}
	return nil
}
