package loadgen

import (
	"testing"
	"time"

	"github.com/echostamp/echostamp/internal/clock"
	"github.com/echostamp/echostamp/internal/record"
)

func TestParseClocks(t *testing.T) {
	for text, want := range map[string]Clocks{
		"auto":         {Use: AutoClocks},
		"raw":          {Use: RawClocks},
		"corrected":    {Use: CorrectedClocks},
		"synced":       {Use: SyncedClocks},
		"synced:50us":  {SyncedClocks, 50 * time.Microsecond},
		"synced:0s":    {Use: SyncedClocks},
		"synced:1h2ms": {SyncedClocks, time.Hour + 2*time.Millisecond},
	} {
		got, err := ParseClocks(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := ParseClocks(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "Auto", "synced:", "synced:1", "synced:-1ms", "raw:1ms", "auto:", "corrected:0s"} {
		if got, err := ParseClocks(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if (Clocks{}).String() != "auto" {
		t.Errorf("nothing is %q", Clocks{})
	}
}

func FuzzParseClocks(f *testing.F) {
	for _, text := range []string{"auto", "synced:1ms", "synced:", "raw:1ms"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseClocks(text)
		if err != nil {
			return
		}
		if again, err := ParseClocks(c.String()); err != nil || again != c {
			t.Errorf("%q is %+v, and written as %q %+v, %v", text, c, c, again, err)
		}
	})
}

// TestUnknownDrift holds that those who read a record and those who fill it mean the same.
func TestUnknownDrift(t *testing.T) {
	if there := clock.UnknownDrift * ppm; there != record.UnknownDrift {
		t.Errorf("%v ppm and %v ppm", there, record.UnknownDrift)
	}
}

// TestRelation holds what is said of the clocks by what is known of the offset.
func TestRelation(t *testing.T) {
	const us = int64(time.Microsecond)
	for name, tc := range map[string]struct {
		clocks          Clocks
		local           bool
		lowest, highest int64 // no offset was above, or below
		slack           int64
		relation        string
		contradiction   int64
	}{
		"one clock":                  {Clocks{}, true, 4 * us, -3 * us, 0, record.Same, 0},
		"touching":                   {Clocks{}, true, 0, 0, 0, record.Same, 0},
		"touching, but for rounding": {Clocks{}, true, -us, us, 0, record.Same, 0},
		"another clock, ahead":       {Clocks{}, true, 40 * us, us + 1, 0, record.Corrected, 0},
		"another clock, behind":      {Clocks{}, true, -us - 1, -40 * us, 0, record.Corrected, 0},
		"coarse":                     {Clocks{}, true, -900 * us, 900 * us, 1000 * us, record.Same, 0},
		"elsewhere, in step":         {Clocks{}, false, 4000 * us, -3000 * us, 0, record.Consistent, 0},
		"elsewhere":                  {Clocks{}, false, -3000 * us, -9000 * us, 0, record.Corrected, 0},
		"corrected on demand":        {Clocks{Use: CorrectedClocks}, true, 4 * us, -3 * us, 0, record.Corrected, 0},
		"vouched for":                {Clocks{Use: SyncedClocks}, false, 4 * us, -3 * us, 0, record.Asserted, 0},
		"vouched for, wrongly":       {Clocks{Use: SyncedClocks}, false, 9 * us, 4 * us, 0, record.Asserted, 3 * us},
		"vouched for, just so":       {Clocks{SyncedClocks, 3 * time.Microsecond}, false, 9 * us, 4 * us, 0, record.Asserted, 0},
		"vouched for, behind":        {Clocks{SyncedClocks, 3 * time.Microsecond}, false, -9 * us, -20 * us, 0, record.Asserted, 5 * us},
	} {
		t.Run(name, func(t *testing.T) {
			var r record.Clock
			tc.clocks.judge(&r, tc.local, clock.Summary{Lowest: tc.lowest, Highest: tc.highest, Slack: tc.slack, Segments: make([]clock.Segment, 1)}, 0)
			if r.Relation != tc.relation || r.Contradiction != tc.contradiction || r.Vouched != int64(tc.clocks.Error) {
				t.Errorf("%+v, want %s, contradicted by %d", r, tc.relation, tc.contradiction)
			}
		})
	}
}

// TestRelationOfExtremes holds what is said where nothing was seen, and of timestamps that are
// too far away to be seen.
func TestRelationOfExtremes(t *testing.T) {
	nothing := clock.NewEstimator(1, func([]clock.Sample, clock.Correction) {}).Finish()
	for name, tc := range map[string]struct {
		error         time.Duration
		sum           clock.Summary
		far           int64
		contradiction int64
	}{
		"no reply":           {0, nothing, 0, 0}, // was 9223372036854774807
		"no reply, an hour":  {time.Hour, nothing, 0, 0},
		"all too far away":   {time.Hour, nothing, 5, clock.MaxApart - int64(time.Hour)},
		"100 years ahead":    {0, clock.Summary{Lowest: clock.MaxApart, Highest: clock.MaxApart - 1}, 0, clock.MaxApart - 1 - clock.Tolerance},
		"100 years behind":   {0, clock.Summary{Lowest: 1 - clock.MaxApart, Highest: -clock.MaxApart}, 0, clock.MaxApart - 1 - clock.Tolerance},
		"ten years of error": {maxLength, clock.Summary{Lowest: -clock.MaxApart, Highest: -clock.MaxApart}, 0, clock.MaxApart - int64(maxLength) - clock.Tolerance},
	} {
		var r record.Clock
		Clocks{SyncedClocks, tc.error}.judge(&r, false, tc.sum, tc.far)
		if r.Relation != record.Asserted || r.Contradiction != tc.contradiction {
			t.Errorf("%s: %+v, want a contradiction by %d", name, r, tc.contradiction)
		}
	}
}
