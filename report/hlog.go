package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// hlogNegative ends the tag of the values below zero of a metric, as magnitudes: an HDR
// histogram holds none below zero.
const hlogNegative = ".negative"

// hlogUnanswered ends the tag of the messages of a metric that got no reply, with how long
// was waited for it.
const hlogUnanswered = ".unanswered"

// hlogLine is a histogram of a time.
type hlogLine struct {
	start, length int64 // ns
	tag           string
	max           int64
	hdr           string
}

// Hlog writes a run as a histogram log of version 1.3, the format of the class
// HistogramLogWriter of Java's HdrHistogram: a line for each interval and metric, with the
// metric's name as its tag. Values are nanoseconds, the column of maxima is milliseconds.
// Unlike Java's it keeps times and maxima to the nanosecond, and the maxima are exact.
//
// A metric of which the intervals do not hold all values, as in records that have
// no intervals, is one line for the whole run. ForwardRaw and ReverseRaw are not there
// where they are Forward and Reverse.
func Hlog(w io.Writer, r *record.Run) error {
	hlogHead(w, r)
	lines := hlogLines(r)
	for _, s := range []struct{ suffix, means string }{
		{hlogNegative, "has the values below zero of that metric, without their sign"},
		{hlogUnanswered, "has the messages of that metric without a reply: their latency is at least that long"},
	} {
		if slices.ContainsFunc(lines, func(l hlogLine) bool { return strings.HasSuffix(l.tag, s.suffix) }) {
			hlogComment(w, "a tag that ends in "+s.suffix+" "+s.means)
		}
	}
	_, err := fmt.Fprintln(w, `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`)
	for _, l := range lines {
		_, err = fmt.Fprintf(w, "Tag=%s,%s,%s,%s,%s\n", l.tag, threePlaces(l.start, 9), threePlaces(l.length, 9), threePlaces(l.max, 6), l.hdr)
	}
	return err
}

func hlogHead(w io.Writer, r *record.Run) {
	hlogComment(w, "[Histogram log format version 1.3]")
	var began int64
	if !r.Started.IsZero() {
		began = r.Started.UnixNano()
		hlogComment(w, fmt.Sprintf("[StartTime: %s (seconds since epoch), %s]", threePlaces(began, 9), r.Started.UTC().Format("Mon Jan 02 15:04:05 MST 2006")))
	} else {
		hlogComment(w, "[StartTime: 0.000 (seconds since epoch), not known]")
	}
	// Times count from it.
	hlogComment(w, fmt.Sprintf("[BaseTime: %s (seconds since epoch)]", threePlaces(began, 9)))
	for _, line := range []string{title(r), strings.Join(about(r), " · ")} {
		hlogComment(w, line)
	}
	hlogComment(w, "verdict: "+strings.Join(append([]string{r.Validity.Verdict}, r.Validity.Reasons...), "; "))
	hlogComment(w, "histograms are of nanoseconds, Interval_Max is milliseconds")
}

func hlogComment(w io.Writer, text string) { fmt.Fprintf(w, "#%s\n", oneLine(text)) }

// threePlaces moves the point of a decimal to the left, and leaves three digits behind
// it at least, as Java writes them.
func threePlaces(n int64, places int) string {
	text := pointLeft(strconv.FormatInt(n, 10), places)
	whole, fraction, _ := strings.Cut(text, ".")
	return whole + "." + fraction + strings.Repeat("0", max(0, 3-len(fraction)))
}

// hlogLines are all lines of a run, the earliest first.
func hlogLines(r *record.Run) (lines []hlogLine) {
	inPieces := map[string]bool{}
	for name, m := range r.Metrics {
		inPieces[name] = hasAll(r.Intervals, name, m.Count)
	}
	for _, name := range metricNames(r.Metrics) {
		same := r.Clock.IsRaw() && (name == record.ForwardRaw || name == record.ReverseRaw)
		if !inPieces[name] && !same {
			lines = append(lines, hlogMetric(0, r.Duration, name, r.Metrics[name])...)
		}
	}
	for _, i := range r.Intervals {
		for _, name := range metricNames(i.Metrics) {
			if inPieces[name] {
				lines = append(lines, hlogMetric(i.Start, i.Duration, name, i.Metrics[name])...)
			}
		}
	}
	// Those of merged runs may overlap.
	slices.SortStableFunc(lines, func(a, b hlogLine) int { return cmp.Compare(a.start, b.start) })
	return lines
}

// hasAll reports whether intervals hold so many values of a metric.
func hasAll(intervals []record.Interval, name string, count int64) bool {
	var n int64
	for _, i := range intervals {
		n += i.Metrics[name].Count
	}
	return n == count && n > 0
}

// hlogMetric is the line of a metric, or the two of one that has values on either side of
// zero.
func hlogMetric(start, length int64, name string, m record.Metric) (lines []hlogLine) {
	if m.HDRNegative != "" {
		lines = append(lines, hlogLine{start, length, word(name) + hlogNegative, -m.Min, m.HDRNegative})
	}
	longest := m.Max
	if c := m.Censored; c != nil {
		longest = c.MeasuredMax
	}
	if longest >= 0 {
		lines = append(lines, hlogLine{start, length, word(name), longest, m.HDR})
	}
	if c := m.Censored; c != nil && c.HDR != "" {
		lines = append(lines, hlogLine{start, length, word(name) + hlogUnanswered, c.Max, c.HDR})
	}
	return lines
}
