package record

// An Interval is a piece of the time of a run: what was settled in it, and the replies
// that came in it. The sums over all intervals are the totals of the run, but for
// errors before measuring began; so are the metrics.
type Interval struct {
	// Part is the index in Run.Parts of the run that it is of, if there are any.
	Part     int   `json:"part,omitempty"`
	Start    int64 `json:"start_ns"` // since measuring began
	Duration int64 `json:"duration_ns"`

	Sent          int64            `json:"sent"`
	Received      int64            `json:"received"`
	Failed        int64            `json:"failed"`
	Late          int64            `json:"late"`
	BytesSent     int64            `json:"bytes_sent"`
	BytesReceived int64            `json:"bytes_received"`
	Rate          float64          `json:"rate"` // (received − late) in a second
	Errors        map[string]int64 `json:"errors"`
	// Metrics are those that have any samples. ForwardRaw and ReverseRaw are not there
	// where they are Forward and Reverse.
	Metrics map[string]Metric `json:"metrics"`
}
