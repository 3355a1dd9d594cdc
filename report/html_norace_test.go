//go:build !race

package report

const htmlMinutes = 60
