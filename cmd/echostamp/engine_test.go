package main

import (
	"slices"
	"testing"
)

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string][]int{
		"":      nil,
		"0":     {0},
		"3,1":   {3, 1},
		"0,2-4": {0, 2, 3, 4},
		"5-5":   {5},
	} {
		if got, err := parseCPUs(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("parseCPUs(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "1-", "-1", "2-1", "1,,2", "0-99999", "1-2-3"} {
		if got, err := parseCPUs(text); err == nil {
			t.Errorf("parseCPUs(%q) = %v, want an error", text, got)
		}
	}
}
