package record

import "math"

// add adds counts, and reports whether their sums fit.
func (t *Totals) add(o Totals) (fits bool) {
	if backlog := float64(t.Backlog) + float64(o.Backlog); backlog > 0 {
		t.OwnBacklog = (t.OwnBacklog*float64(t.Backlog) + o.OwnBacklog*float64(o.Backlog)) / backlog
	}
	if t.Errors == nil {
		t.Errors = map[string]int64{}
	}
	fits = addErrors(t.Errors, o.Errors)
	for to, n := range map[*int64]int64{
		&t.Due: o.Due, &t.Backlog: o.Backlog, &t.Sent: o.Sent, &t.Received: o.Received, &t.Failed: o.Failed,
		&t.Unanswered: o.Unanswered, &t.Late: o.Late, &t.Unstamped: o.Unstamped, &t.Unserved: o.Unserved, &t.Starved: o.Starved,
		&t.BytesSent: o.BytesSent, &t.BytesReceived: o.BytesReceived,
	} {
		fits = addTo(to, n) && fits
	}
	return fits
}

// addTo adds to a count, and reports whether the sum fits. One that does not stays at the limit.
func addTo(to *int64, n int64) (fits bool) {
	sum := *to + n
	if n > 0 && sum < *to {
		*to = math.MaxInt64
		return false
	}
	*to = sum
	return true
}
