package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// What Java's HdrHistogram prints of itself, for histograms of every value in three digits,
// and in how many steps it halves the distance to 100 %.
const (
	hgrmBuckets    = 53
	hgrmSubBuckets = 2048
	hgrmTicks      = 5
)

// Hgrm writes the percentiles of one metric of a run, in nanoseconds, as the method
// outputPercentileDistribution of Java's HdrHistogram prints them, to the byte but for one
// line: the mean and the deviation are the exact ones of the run, where Java's are those of
// the middles of buckets. The maximum is, as there, the highest value that its bucket can hold.
//
// Messages without a reply count as answered when they were given up. If there are any a
// last line says how many, and which figures are lower bounds because of them.
func Hgrm(w io.Writer, r *record.Run, metric string) error {
	m, ok := r.Metrics[metric]
	switch {
	case !ok:
		return fmt.Errorf("the run has no metric %q; it has %s", metric, listOr(sampled(r), "none"))
	case m.Samples() == 0:
		return fmt.Errorf("the run has no values of %s; it has some of %s", metric, listOr(sampled(r), "none, for nothing was measured"))
	case m.Min < 0:
		return fmt.Errorf("%s has values below zero (from %d ns), which the format hgrm cannot hold: choose another metric, or the format json, which holds them",
			metric, m.Min)
	}
	l, err := m.Latencies()
	if err != nil {
		return fmt.Errorf("%s: %w", metric, err)
	}
	if err := hgrmOf(w, l.All()); err != nil || m.Censored == nil {
		return err
	}
	_, err = fmt.Fprintf(w, "#[Unanswered = %9d, lower bounds: %s]\n", m.Censored.Count, strings.Join(m.AtLeast, " "))
	return err
}

func hgrmOf(w io.Writer, h *hist.Histogram) error {
	fmt.Fprintf(w, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	hgrmRows(h, func(value int64, level float64, upTo int64) {
		fmt.Fprintf(w, "%12s %s %10d", javaFixed(float64(value), 3), javaFixed(level/100, 12), upTo)
		if level < 100 {
			fmt.Fprintf(w, " %14s", javaFixed(1/(1-level/100), 2))
		}
		fmt.Fprintln(w)
	})
	fmt.Fprintf(w, "#[Mean    = %12s, StdDeviation   = %12s]\n", javaFixed(h.Mean(), 3), javaFixed(h.StdDev(), 3))
	fmt.Fprintf(w, "#[Max     = %12s, Total count    = %12d]\n", javaFixed(float64(highestLike(h.Max())), 3), h.Count())
	_, err := fmt.Fprintf(w, "#[Buckets = %12d, SubBuckets     = %12d]\n", hgrmBuckets, hgrmSubBuckets)
	return err
}

// sampled are the metrics of a run that Hgrm can write.
func sampled(r *record.Run) (names []string) {
	for _, name := range metricNames(r.Metrics) {
		if m := r.Metrics[name]; m.Samples() > 0 && m.Min >= 0 {
			names = append(names, name)
		}
	}
	return names
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// hgrmRows goes through the percentiles as Java's PercentileIterator does: at each value
// that reaches the level that is due it gives the value, the level and how many values
// there are up to it; then the last value at 100 %.
func hgrmRows(h *hist.Histogram, row func(value int64, level float64, upTo int64)) {
	var level float64
	var upTo int64
	for b := range h.Buckets() {
		upTo += b.Count
		// At the last value one level is reached, however many would be.
		for level < 100 && 100*float64(upTo)/float64(h.Count()) >= level {
			row(highestLike(b.High), level, upTo)
			level += hgrmStep(level)
			if upTo == h.Count() {
				break
			}
		}
	}
	row(highestLike(h.Max()), 100, upTo)
}

// hgrmStep is how far it is from a level to the next: less for each halving of the
// distance to 100 %.
func hgrmStep(level float64) float64 {
	halvings := int64(math.Log(100/(100-level)) / math.Log(2))
	return 100 / (hgrmTicks * math.Exp2(float64(halvings+1)))
}

// highestLike is the highest value that a histogram does not tell from v, which is not
// below zero. Its buckets are those of internal/hist, which clips them to what was recorded.
func highestLike(v int64) int64 {
	shift := bits.Len64(uint64(v)|(hgrmSubBuckets-1)) - bits.Len64(hgrmSubBuckets-1)
	return v | (1<<shift - 1)
}

// javaFixed writes a number that is not below zero as Java's %.<places>f does: its shortest
// decimal, rounded half up. Go rounds what the float is exactly.
func javaFixed(v float64, places int) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	fraction += strings.Repeat("0", places+1)
	n, ok := new(big.Int).SetString(whole+fraction[:places], 10)
	if !ok {
		panic(errors.New("report: no number: " + whole))
	}
	if fraction[places] >= '5' {
		n.Add(n, big.NewInt(1))
	}
	digits := n.String()
	if lack := places + 1 - len(digits); lack > 0 {
		digits = strings.Repeat("0", lack) + digits
	}
	at := len(digits) - places
	return digits[:at] + "." + digits[at:]
}
