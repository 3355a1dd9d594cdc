package clock

import "math"

// A peer is what a client's own samples say of the clock that it talks to, whatever those
// of others say.
type peer struct {
	seen, breaks int64 // samples, and how many contradicted those before
	at           int64 // when its last reply arrived
	upper, lower int64 // θ was in between then
	stamp, since int64 // its last timestamp, and when the first reply with that arrived
}

// peerEvery is how often a client's samples are looked at, nanoseconds: more of them would
// tell little more.
const peerEvery = 10_000_000

// take adds a sample. Between two of them the clocks drift by MaxDrift at most.
func (p *peer) take(s *Sample, tolerated int64) {
	lower, upper := s.Lower(), s.Upper()+drifted(s.Arrived-s.Sent)
	if p.seen++; p.seen > 1 {
		by := drifted(s.Arrived - p.at)
		if l, u := max(lower, p.lower-by), min(upper, p.upper+by); l <= u+tolerated {
			lower, upper = l, u
		} else {
			p.breaks++
		}
	}
	p.at, p.lower, p.upper = s.Arrived, lower, upper
}

// drifted is what two clocks drift apart in a time by at most.
func drifted(length int64) int64 { return abs(length) / (1 / MaxDrift) }

// steady reports whether the client talks to one clock: one that is stepped now and then
// is, a server that answers by two clocks in turns is not.
func (p *peer) steady() bool { return p.seen > 0 && p.breaks*fewBreaks <= p.seen }

const fewBreaks = 20 // one in so many samples

// peers are those of all clients, by their numbers.
type peers []peer

func (p *peers) of(client uint32) *peer {
	if int(client) >= len(*p) {
		*p = append(*p, make([]peer, int(client)+1-len(*p))...)
	}
	return &(*p)[client]
}

// A Group is the clients that talk to one clock, where not all talk to the same.
type Group struct {
	Clients int
	Ahead   int64 // how far their clock is ahead of that of the first group
}

// groups tells the clocks apart that clients talk to, at the end of a run that began at a
// time: that of the most clients first. It is empty if there is but one, or if clients
// are not steady. A client whose last reply is old is left out, for its clock may have been
// stepped since.
func (p peers) groups(began, tolerated int64) (out []Group) {
	var now int64
	for i := range p {
		now = max(now, p[i].at)
	}
	var spans []span
	for i := range p {
		if q := &p[i]; q.steady() && q.at >= began+(now-began)/2 {
			by := drifted(now-q.at) + tolerated
			spans = append(spans, span{float64(q.lower) - float64(by), float64(q.upper) + float64(by)})
		}
	}
	if len(spans) < 2 {
		return nil
	}
	var first float64
	for len(spans) > 0 && len(out) < mostGroups {
		value, most := popular(spans)
		if len(out) == 0 {
			first = value
		}
		out = append(out, Group{most, int64(math.Round(value - first))})
		spans = without(spans, value)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

const mostGroups = 10

// without returns the spans that a value is not in.
func without(spans []span, value float64) (out []span) {
	for _, s := range spans {
		if value < s.lowest || value > s.highest {
			out = append(out, s)
		}
	}
	return out
}
