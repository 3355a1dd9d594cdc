package loadgen

import (
	"fmt"
	"strings"
	"time"
)

// Clocks says what is taken for granted of the server's clock, and so what forward and
// reverse are by. The zero Clocks is AutoClocks.
type Clocks struct {
	Use   ClockUse
	Error time.Duration // of SyncedClocks: what the two differ by at most
}

// ClockUse is a way to deal with two clocks.
type ClockUse string

// The ways to deal with two clocks.
const (
	AutoClocks      ClockUse = "auto"      // correct, unless both ends read one clock
	RawClocks       ClockUse = "raw"       // take them as they stand, and estimate nothing
	CorrectedClocks ClockUse = "corrected" // correct in any case
	SyncedClocks    ClockUse = "synced"    // take them as they stand: the user vouches for them
)

// ParseClocks reads "auto", "raw", "corrected", "synced" or, such as "synced:1ms", what
// the clocks differ by at most.
func ParseClocks(text string) (Clocks, error) {
	use, within, bounded := strings.Cut(text, ":")
	c := Clocks{Use: ClockUse(use)}
	switch c.Use {
	case AutoClocks, RawClocks, CorrectedClocks, SyncedClocks:
	default:
		return c, fmt.Errorf("%q is none of auto, raw, corrected, synced, synced:ERROR", text)
	}
	if !bounded {
		return c, nil
	}
	if c.Use != SyncedClocks {
		return c, fmt.Errorf("%q: only synced is followed by an error, such as synced:50us", text)
	}
	var err error
	if c.Error, err = time.ParseDuration(within); err != nil || c.Error < 0 {
		return c, fmt.Errorf("%q is no time that clocks may differ by, such as 50us", within)
	}
	return c, nil
}

// String writes it as ParseClocks reads it.
func (c Clocks) String() string {
	switch {
	case c.Use == "":
		return string(AutoClocks)
	case c.Error > 0:
		return fmt.Sprintf("%s:%v", c.Use, c.Error)
	}
	return string(c.Use)
}

// estimated reports whether the offset of the server's clock is estimated.
func (c Config) estimated() bool { return c.Proto == Text && c.Clocks.Use != RawClocks }

// validateClocks checks that there is something to do it with.
func (c Config) validateClocks() error {
	if parsed, err := ParseClocks(c.Clocks.String()); err != nil || c.Clocks.Use != "" && parsed != c.Clocks || c.Clocks.Error > maxLength {
		return &ConfigError{"clock", fmt.Sprintf("%+v is no way to deal with clocks", c.Clocks)}
	}
	if use := c.Clocks.Use; c.Proto != Text && (use == CorrectedClocks || use == SyncedClocks) {
		return &ConfigError{"clock", fmt.Sprintf("with --proto %s the server sends no timestamps", c.Proto)}
	}
	return nil
}
