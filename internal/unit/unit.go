// Package unit prints durations, counts and amounts the way a person reads
// them: three significant digits and the unit that fits.
package unit

import (
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	times = [...]string{"ns", "µs", "ms", "s"}
	bytes = [...]string{"B", "kB", "MB", "GB", "TB"}
)

// Duration prints ns nanoseconds, of either sign, with three significant
// digits: 1234 is "1.23µs". Nanoseconds, and 1,000 s and more, are whole.
func Duration(ns float64) string { return scaled(ns, times[:]) }

// Precise prints ns nanoseconds, of either sign and with the sign, to two digits of
// what they may be off by: 3200412345 known to 20100 is "+3.20041s".
func Precise(ns, within int64) string {
	step := time.Duration(1)
	for int64(step) <= within/100 {
		step *= 10
	}
	d := time.Duration(ns).Round(step)
	if d >= 0 {
		return "+" + d.String()
	}
	return d.String()
}

// Bytes prints an amount with three significant digits and decimal prefixes.
// Bytes, and 1,000 TB and more, are whole.
func Bytes(n float64) string { return scaled(n, bytes[:]) }

// scaled picks the unit after rounding, so that 999.6 ns is "1.00µs" and never
// "1000ns". Each unit is a thousand of the one before.
func scaled(v float64, units []string) string {
	sign := ""
	if v <= -0.5 {
		sign = "-"
	}
	if v = math.Abs(v); v < 999.5 {
		return sign + strconv.FormatFloat(v, 'f', 0, 64) + units[0]
	}
	i := 0
	for v >= 999.5 && i < len(units)-1 {
		v /= 1e3
		i++
	}
	return sign + threeDigits(v) + units[i]
}

// threeDigits prints v, which is not negative, with three significant digits
// and at most two behind the point.
func threeDigits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Count prints a whole number with commas: "1,234,567".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// mostWhole is from where on a number is not printed whole: no integer may hold it.
const mostWhole = 1e15

// Rate prints a number of events a second: whole with commas from 100 on, with
// three significant digits below.
func Rate(perSecond float64) string {
	if perSecond >= mostWhole {
		return strconv.FormatFloat(perSecond, 'g', 3, 64) + "/s"
	}
	if perSecond >= 99.95 {
		return Count(int64(perSecond+0.5)) + "/s"
	}
	return threeDigits(perSecond) + "/s"
}

// Plural prints a number of things: "1 client", "2,000 clients", "0 replies", "2
// switches".
func Plural(n int64, noun string) string {
	stem, isY := strings.CutSuffix(noun, "y")
	switch {
	case n == 1:
	case isY:
		noun = stem + "ies"
	case strings.HasSuffix(noun, "ch"):
		noun += "es"
	default:
		noun += "s"
	}
	return Count(n) + " " + noun
}
