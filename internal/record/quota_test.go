package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuotasAreMerged(t *testing.T) {
	var g Generator
	g.add(Generator{CPU: 1})
	if g.Quota != nil {
		t.Errorf("no quota became %+v", g.Quota)
	}
	one := &Quota{CPUs: 2, Periods: 10, Throttled: 1, Stopped: 100}
	g.add(Generator{Quota: one})
	g.add(Generator{Quota: &Quota{CPUs: 0.5, Periods: 20, Throttled: 5, Stopped: 1000}})
	if diff := cmp.Diff(&Quota{CPUs: 0.5, Periods: 30, Throttled: 6, Stopped: 1100}, g.Quota); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if one.Periods != 10 {
		t.Errorf("a part's own became %+v", one)
	}
}
