package loadgen

import (
	"time"

	"github.com/echostamp/echostamp/internal/hist"
)

// warmth finds out when latencies have settled: when the medians of two successive
// windows agree.
type warmth struct {
	now     *hist.Histogram // the window that is open
	began   int64           // when it was opened, since sending began
	last    int64           // the median of the one before; 0 is none
	settled bool
}

const (
	warmWindow    = int64(time.Second)
	warmAgreement = 0.05 // of the median before
)

// add takes the latencies up to a time since sending began, which are not kept.
func (w *warmth) add(h *hist.Histogram, elapsed int64) {
	w.now.Merge(h)
	if elapsed-w.began < warmWindow {
		return
	}
	median := w.now.Percentile(50)
	w.settled = w.last > 0 && float64(max(median-w.last, w.last-median)) <= warmAgreement*float64(w.last)
	w.last, w.began = median, elapsed
	w.now.Reset()
}
