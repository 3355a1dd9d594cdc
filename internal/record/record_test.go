package record

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/echostamp/echostamp/internal/hist"
)

func TestPercentilesNeedSamples(t *testing.T) {
	for _, tc := range []struct {
		samples     int
		percentiles string // those that are told
		low         string
	}{
		{0, "", "50 90 99 99.9 99.99"},
		{19, "", "50 90 99 99.9 99.99"},
		{20, "50", "50 90 99 99.9 99.99"},
		{199, "50 90", "50 90 99 99.9 99.99"},
		{200, "50 90", "90 99 99.9 99.99"},
		{999, "50 90", "90 99 99.9 99.99"},
		{1000, "50 90 99", "99 99.9 99.99"},
		{10_000, "50 90 99 99.9", "99.9 99.99"},
		{100_000, "50 90 99 99.9 99.99", "99.99"},
		{1_000_000, "50 90 99 99.9 99.99", ""},
	} {
		h := hist.New()
		for range tc.samples {
			h.Record(1000)
		}
		m := NewMetric(h)
		var told []string
		for _, q := range Percentiles {
			if _, ok := m.Percentiles[PercentileName(q)]; ok {
				told = append(told, PercentileName(q))
			}
		}
		if got := strings.Join(told, " "); got != tc.percentiles {
			t.Errorf("%d samples: told %q, want %q", tc.samples, got, tc.percentiles)
		}
		if got := strings.Join(m.Low, " "); got != tc.low {
			t.Errorf("%d samples: low %q, want %q", tc.samples, got, tc.low)
		}
	}
}

func TestJSONHasNoNulls(t *testing.T) {
	m := NewMetric(hist.New())
	b, err := json.Marshal(m)
	if err != nil || bytes.Contains(b, []byte("null")) {
		t.Errorf("%s, %v", b, err)
	}
}
