//go:build !linux && !darwin

package record

func cpuModel() string { return "" }
