package report

import (
	"fmt"
	"math"

	"github.com/echostamp/echostamp/internal/hist"
	"github.com/echostamp/echostamp/internal/record"
)

// htmlHeat counts the samples of a metric by time and value.
type htmlHeat struct {
	From    int64   `json:"from"`  // where the first column begins
	Width   int64   `json:"width"` // of a column
	Columns int     `json:"columns"`
	Rows    int     `json:"rows"`
	Low     float64 `json:"low"` // where the first row begins; it has all that is below, too
	High    float64 `json:"high"`
	Log     bool    `json:"log"` // rows are of equal ratios, not differences
	// Cells are the counts of one column after the other, the lowest value first. A
	// negative number stands for so many cells without a sample.
	Cells []int64 `json:"cells"`
}

// How large a heat map is at most.
const (
	htmlMaxColumns = 300
	htmlMaxRows    = 60
)

// htmlHeatOf sorts the samples of intervals into cells. It returns nil if there are none.
func htmlHeatOf(intervals []record.Interval, name string, whole *hist.Histogram) (*htmlHeat, error) {
	if whole.Count() == 0 {
		return nil, nil
	}
	m := htmlHeatGrid(intervals, whole)
	counts := make([]int64, m.Columns*m.Rows)
	for at, i := range intervals {
		metric, ok := i.Metrics[name]
		if !ok {
			continue
		}
		h, err := metric.Histogram()
		if err != nil {
			return nil, fmt.Errorf("interval %d: %s: %w", at, name, err)
		}
		column := m.column(i)
		for b := range h.Buckets() {
			counts[column*m.Rows+m.row(b.Value())] += b.Count
		}
	}
	m.Cells = htmlPack(counts)
	if len(m.Cells) == 1 && m.Cells[0] < 0 || len(intervals) == 0 {
		return nil, nil
	}
	return m, nil
}

// htmlHeatGrid chooses the cells. A column has a whole number of the longest intervals, so
// that each has as many as the others, and differences between them are not its doing.
func htmlHeatGrid(intervals []record.Interval, whole *hist.Histogram) *htmlHeat {
	m := &htmlHeat{Rows: htmlMaxRows, Width: 1}
	if len(intervals) == 0 {
		return m
	}
	m.From = intervals[0].Start
	to := m.From
	for _, i := range intervals {
		m.From = min(m.From, i.Start)
		to = max(to, i.Start+i.Duration)
		m.Width = max(m.Width, i.Duration)
	}
	span := float64(to - m.From)
	if n := math.Ceil(span / htmlMaxColumns / float64(m.Width)); n > 1 {
		m.Width *= int64(n)
	}
	m.Columns = max(1, int(math.Ceil(span/float64(m.Width))))
	m.setRows(whole)
	return m
}

// setRows chooses which values are shown. The lowest thousandth is in one row, as it can
// be decades below all else.
func (m *htmlHeat) setRows(h *hist.Histogram) {
	low, high := float64(h.Min()), float64(h.Max())
	m.Log = low >= 0
	if m.Log {
		low = max(1, low, float64(h.Percentile(0.1)))
		m.Low, m.High = low, max(high, low*1.01)
		return
	}
	m.Low, m.High = low, max(high, low+1)
}

func (m *htmlHeat) column(i record.Interval) int {
	middle := i.Start + i.Duration/2
	return min(max(int((middle-m.From)/m.Width), 0), m.Columns-1)
}

func (m *htmlHeat) row(ns int64) int {
	share := (float64(ns) - m.Low) / (m.High - m.Low)
	if m.Log {
		share = math.Log(max(float64(ns), m.Low)/m.Low) / math.Log(m.High/m.Low)
	}
	return min(max(int(share*float64(m.Rows)), 0), m.Rows-1)
}

// htmlPack shortens rows of zeros.
func htmlPack(counts []int64) (out []int64) {
	var zeros int64
	for _, n := range counts {
		if n == 0 {
			zeros++
			continue
		}
		if zeros > 0 {
			out = append(out, -zeros)
			zeros = 0
		}
		out = append(out, n)
	}
	if zeros > 0 {
		out = append(out, -zeros)
	}
	return out
}
