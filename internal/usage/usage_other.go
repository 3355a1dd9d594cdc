//go:build !unix

package usage

// Process is not known here.
func Process() (Usage, bool) { return Usage{}, false }

// Thread is not known here.
func Thread() (Usage, bool) { return Usage{}, false }

// Quotas are not known here.
func Quotas() []Quota { return nil }

// Steal is not known here.
func Steal() (Stolen, bool) { return Stolen{}, false }
