//go:build !linux

package loadgen

// systemLimits knows nothing here; what the system lacks shows in the errors.
func systemLimits(int) limits { return limits{} }
