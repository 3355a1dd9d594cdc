//go:build race

package report

// The race detector makes decoding ten times as slow: ten minutes stand for an hour.
const htmlMinutes = 10
