package record

import (
	"strings"
	"testing"
)

func TestObjective(t *testing.T) {
	r := &Run{Metrics: map[string]Metric{
		Response: {Count: 5000, Min: 10, Mean: 20.5, Max: 40, Percentiles: map[string]int64{"50": 15, "99": 30}},
		Reverse:  {Count: 5000, Min: -9, Max: 40, Percentiles: map[string]int64{"50": -5, "99": 30}},
		Lag:      {},
	}}
	for _, tc := range []struct {
		text    string
		figure  float64
		ok      bool
		holds   bool
		samples int64
	}{
		{"response.p99<31ns", 30, true, true, 1000},
		{"response.p99<30ns", 30, true, false, 1000},
		{"response.p99<=30ns", 30, true, true, 1000},
		{"response.p50<1µs", 15, true, true, 20},
		{"response.p99.99<1ms", 0, false, true, 100_000},
		{"response.min<5ns", 10, true, false, 1},
		{"response.mean<21ns", 20.5, true, true, 1},
		{"response.max<1s", 40, true, true, 1},
		{"reverse.p99<31ns", 30, true, true, 1000},
		{"reverse.p50<1ms", -5, false, true, 20}, // it is no time
		{"lag.max<1s", 0, false, true, 1},
		{"rtt.p50<1s", 0, false, true, 20},
	} {
		o, err := ParseObjective(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if o.String() != tc.text {
			t.Errorf("%s is written as %s", tc.text, o)
		}
		figure, ok := o.Of(r)
		if figure != tc.figure || ok != tc.ok || o.Holds(figure) != tc.holds || o.Samples() != tc.samples {
			t.Errorf("%s: figure %v, %v, holds %v, %d samples", tc.text, figure, ok, o.Holds(figure), o.Samples())
		}
	}
	for text, says := range map[string]string{
		"":                   "is no objective",
		"response.p99":       "is no objective",
		"response.p99>1ms":   "is no objective",
		"speed.p99<1ms":      "none of the metrics response, rtt",
		"response.p98<1ms":   `"p98" is none of min, mean, max, p50`,
		"response<1ms":       `"" is none of`,
		"response.p99<":      "is no time",
		"response.p99<1":     "is no time",
		"response.p99<-1ms":  "is no time",
		"response.p99<0s":    "is no time",
		"response.p99<<1ms":  "is no time",
		"response.p99<=1ms=": "is no time",
	} {
		if o, err := ParseObjective(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v; want an error with %q", text, o, err, says)
		}
	}
}

func FuzzParseObjective(f *testing.F) {
	f.Add("response.p99<1ms")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseObjective(text)
		if err != nil {
			return
		}
		if again, err := ParseObjective(o.String()); err != nil || again != o {
			t.Errorf("%q is written as %s, and read as %+v, %v", text, o, again, err)
		}
	})
}
