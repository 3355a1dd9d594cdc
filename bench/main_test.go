package main

import (
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		before := slices.Clone(c.of)
		if got := median(c.of); got != c.want {
			t.Errorf("median(%v) = %v, want %v", before, got, c.want)
		}
		if !slices.Equal(c.of, before) {
			t.Errorf("median changed %v to %v, which loses what round a figure is of", before, c.of)
		}
	}
}

func TestRatios(t *testing.T) {
	for _, c := range []struct{ a, b, want []float64 }{
		{[]float64{1}, []float64{4}, []float64{0.25}},
		{[]float64{6, 9}, []float64{3, 6}, []float64{2, 1.5}},
	} {
		if got := ratios(c.a, c.b); !slices.Equal(got, c.want) {
			t.Errorf("ratios(%v, %v) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		goal        goal
		ours, ratio float64
		want        string
	}{
		{goal{}, 1, 0.1, "–"},
		{atLeast(0.95), 1, 0.95, "≥ 0.95 met"},
		{atLeast(0.95), 1, 0.949, "≥ 0.95 missed"},
		{atMost(1.05), 9, 1.05, "≤ 1.05 met"},
		{atMost(1.05), 1, 1.051, "≤ 1.05 missed"},
		{oursAtMost(lagP50, 10_000), 10_000, 2, "≤ 10.0 µs met"},
		{oursAtMost(lagP50, 10_000), 10_001, 0.5, "≤ 10.0 µs missed"},
	} {
		if got := c.goal.verdict(c.ours, c.ratio); got != c.want {
			t.Errorf("%v of %v, %v is %q, want %q", c.goal, c.ours, c.ratio, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	head := "" +
		"| comparison                                       | clients | ours       | theirs     | ratio  | min..max       | goal            |\n" +
		"| ------------------------------------------------ | ------- | ---------- | ---------- | ------ | -------------- | --------------- |\n"
	if got := heading(); got != head {
		t.Errorf("the heading is\n%swant\n%s", got, head)
	}
	for _, c := range []struct {
		row  row
		want string
	}{
		// The median of the ratios is 2; that of the medians would be 0.5.
		{row{"a. x : y", rate, 64, []float64{100, 400, 50}, []float64{400, 200, 25}, atLeast(0.95)},
			"| a. x : y, messages/s                             | 64      | 100/s      | 200/s      | 2.000  | 0.250..2.000   | ≥ 0.95 met      |\n"},
		{row{"b. x : y", p99, 1, []float64{1500}, []float64{1000}, atMost(1)},
			"| b. x : y, rtt p99                                | 1       | 1.5 µs     | 1.0 µs     | 1.500  | 1.500..1.500   | ≤ 1.00 missed   |\n"},
	} {
		if got := c.row.String(); got != c.want {
			t.Errorf("the row is\n%swant\n%s", got, c.want)
		}
	}
}
