package pace

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseRate reads a rate in messages a second: "1000/s", or "1000".
func ParseRate(text string) (float64, error) {
	r, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	if err != nil || !isRate(r) {
		return 0, fmt.Errorf("%q is no rate from 0 to %.0f/s, such as 1000/s", text, MaxRate)
	}
	return r, nil
}

// ParseStages reads stages with commas between them: RATE:DURATION holds a rate,
// RATE..RATE:DURATION goes from one to the other, as in
// "1000/s:10s,1000/s..50000/s:30s".
func ParseStages(text string) ([]Stage, error) {
	var stages []Stage
	for _, part := range strings.Split(text, ",") {
		s, err := parseStage(part)
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, nil
}

func parseStage(text string) (s Stage, err error) {
	rates, length, ok := strings.Cut(text, ":")
	if !ok {
		return s, fmt.Errorf("%q is no stage, such as 1000/s:10s or 1000/s..5000/s:10s", text)
	}
	from, to, isRamp := strings.Cut(rates, "..")
	if !isRamp {
		to = from
	}
	if s.From, err = ParseRate(from); err != nil {
		return s, err
	}
	if s.To, err = ParseRate(to); err != nil {
		return s, err
	}
	s.Length, err = time.ParseDuration(length)
	if err != nil || s.Length <= 0 {
		return s, fmt.Errorf("%q is no length of a stage, such as 10s", length)
	}
	return s, nil
}

// String writes a stage as ParseStages reads it.
func (s Stage) String() string {
	rate := func(r float64) string { return strconv.FormatFloat(r, 'f', -1, 64) + "/s" }
	rates := rate(s.From)
	if s.From != s.To {
		rates += ".." + rate(s.To)
	}
	return rates + ":" + s.Length.String()
}
