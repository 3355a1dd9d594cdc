package unit

import "testing"

func TestDuration(t *testing.T) {
	for ns, want := range map[float64]string{
		0:           "0ns",
		0.4:         "0ns",
		-0.4:        "0ns",
		0.5000001:   "1ns",
		1:           "1ns",
		-1:          "-1ns",
		999:         "999ns",
		999.49:      "999ns",
		999.5:       "1.00µs",
		1000:        "1.00µs",
		1234:        "1.23µs",
		-1234:       "-1.23µs",
		9994:        "9.99µs",
		9995.1:      "10.0µs",
		99949:       "99.9µs",
		99951:       "100µs",
		999499:      "999µs",
		999500:      "1.00ms",
		999499999:   "999ms",
		1e9:         "1.00s",
		59.94e9:     "59.9s",
		1e12:        "1000s",
		123456789e9: "123456789s",
		-267e6:      "-267ms",
	} {
		if got := Duration(ns); got != want {
			t.Errorf("Duration(%v) = %s, want %s", ns, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567",
		-1: "-1", -100: "-100", -1000: "-1,000", -123456: "-123,456",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 clients", 1: "1 client", 2000: "2,000 clients"} {
		if got := Plural(n, "client"); got != want {
			t.Errorf("Plural(%d) = %s, want %s", n, got, want)
		}
	}
	for r, want := range map[float64]string{
		0: "0.00/s", 1.5: "1.50/s", 99.94: "99.9/s", 99.96: "100/s", 302469.4: "302,469/s", 1e19: "1e+19/s",
	} {
		if got := Rate(r); got != want {
			t.Errorf("Rate(%v) = %s, want %s", r, got, want)
		}
	}
	for n, want := range map[float64]string{
		0: "0B", 999: "999B", 1000: "1.00kB", 19.4e6: "19.4MB", 1e15: "1000TB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%v) = %s, want %s", n, got, want)
		}
	}
}

func TestPrecise(t *testing.T) {
	for _, tc := range []struct {
		ns, within int64
		want       string
	}{
		{3_200_412_345, 20_100, "+3.200412s"},
		{3_200_412_345, 20_100_000, "+3.2s"},
		{-4_999_876, 990, "-4.99988ms"},
		{-4_999_876, 1000, "-4.9999ms"},
		{0, 50, "+0s"},
		{-86_400_000_000_123, 99, "-24h0m0.000000123s"},
		{7, 0, "+7ns"},
	} {
		if got := Precise(tc.ns, tc.within); got != tc.want {
			t.Errorf("%d to %d: %s, want %s", tc.ns, tc.within, got, tc.want)
		}
	}
}
