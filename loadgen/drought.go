package loadgen

import "time"

// drought is the time since the last whole reply. It decides when a run is given up.
type drought struct {
	since  int64         // when the last whole reply came, or else sending began, on the time line
	wanted time.Duration // for how much of the time since then somebody wanted one

	seen   int64 // when it was looked at last, on the time line
	last   need  // what was seen then
	missed int64 // as of the last whole reply
}

// need is what the shards have got so far, and what they still want.
type need struct {
	replies int64 // whole ones, measured or not
	missed  int64 // messages that got none
	foreign int64 // of those, that got what no timestamp-echo server sends
	wanting int   // clients that wait for a reply, or have no connection to ask for one
}

func (n *need) add(o need) {
	n.replies += o.replies
	n.missed += o.missed
	n.foreign += o.foreign
	n.wanting += o.wanting
}

// begin notes that sending begins at a time.
func (d *drought) begin(at int64) { *d = drought{since: at, seen: at} }

// note takes what there is now.
func (d *drought) note(now int64, n need) {
	switch {
	case n.replies > d.last.replies:
		d.since, d.wanted, d.missed = now, 0, n.missed
	case n.wanting > 0:
		d.wanted += time.Duration(max(0, now-d.seen))
	}
	d.seen, d.last = max(d.seen, now), n
}

const (
	// So many messages without a reply in a row are enough to give up on, though nobody
	// wants one at the moment: clients that send rarely.
	enoughMissed = 5
	// So long is enough if there has been no whole reply at all, and what came back was
	// foreign: what listens there speaks something else.
	enoughForeign = 2 * time.Second
)

// isOver reports whether a run is to be given up, which waits for so long at most; 0 is
// for ever.
func (d *drought) isOver(giveUp time.Duration) bool {
	patience := d.patience(giveUp)
	return patience > 0 && (d.wanted > patience || d.last.missed-d.missed >= enoughMissed && d.length() > patience)
}

// patience is how long a run that waits for so long at most waits for a whole reply.
func (d *drought) patience(giveUp time.Duration) time.Duration {
	if d.last.replies == 0 && d.last.foreign >= enoughMissed {
		return min(giveUp, enoughForeign)
	}
	return giveUp
}

// length is how long it has been.
func (d *drought) length() time.Duration { return time.Duration(d.seen - d.since) }
