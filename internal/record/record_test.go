package record

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/echostamp/echostamp/internal/hist"
)

func TestPercentilesNeedSamples(t *testing.T) {
	for _, tc := range []struct {
		samples     int
		percentiles string // those that are told
		low         string
	}{
		{0, "", "50 90 99 99.9 99.99"},
		{19, "", "50 90 99 99.9 99.99"},
		{20, "50", "50 90 99 99.9 99.99"},
		{199, "50 90", "50 90 99 99.9 99.99"},
		{200, "50 90", "90 99 99.9 99.99"},
		{999, "50 90", "90 99 99.9 99.99"},
		{1000, "50 90 99", "99 99.9 99.99"},
		{10_000, "50 90 99 99.9", "99.9 99.99"},
		{100_000, "50 90 99 99.9 99.99", "99.99"},
		{1_000_000, "50 90 99 99.9 99.99", ""},
	} {
		h := hist.New()
		for range tc.samples {
			h.Record(1000)
		}
		m := NewMetric(h)
		var told []string
		for _, q := range Percentiles {
			if _, ok := m.Percentiles[PercentileName(q)]; ok {
				told = append(told, PercentileName(q))
			}
		}
		if got := strings.Join(told, " "); got != tc.percentiles {
			t.Errorf("%d samples: told %q, want %q", tc.samples, got, tc.percentiles)
		}
		if got := strings.Join(m.Low, " "); got != tc.low {
			t.Errorf("%d samples: low %q, want %q", tc.samples, got, tc.low)
		}
	}
}

func TestJSONHasNoNulls(t *testing.T) {
	m := NewMetric(hist.New())
	b, err := json.Marshal(m)
	if err != nil || bytes.Contains(b, []byte("null")) {
		t.Errorf("%s, %v", b, err)
	}
}

// list returns the names of what is in a folder.
func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("before Save the file holds %q", b)
	}
	want := &Run{Schema: Schema, Command: []string{"x"}}
	if err := f.Save(saving(want)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Run
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
	if names := list(t, dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestSaveThroughALinkKeepsTheLink(t *testing.T) {
	for name, exists := range map[string]bool{"to a file": true, "to nothing yet": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			real, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "link.json")
			if exists {
				if err := os.WriteFile(real, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("real.json", link); err != nil {
				t.Skipf("no symbolic links here: %v", err)
			}
			f, err := Create(link)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Save(saving(&Run{})); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
				t.Errorf("the link has become a file (%v)", err)
			}
			if b, _ := os.ReadFile(real); len(b) == 0 {
				t.Error("what the link leads to was not written")
			}
		})
	}
}

func TestDiscardLeavesThingsAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
	f.Discard()
	if b, _ := os.ReadFile(path); string(b) != "old" || len(list(t, dir)) != 1 {
		t.Errorf("the file holds %q, the folder %v", b, list(t, dir))
	}
}

func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Create(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Save(saving(&Run{})); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Fatalf("%s has become %v, %v", os.DevNull, after, err)
	}
}

func TestCreateFailsBeforeTheRun(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"a folder":             dir,
		"a folder that is not": filepath.Join(dir, "no", "run.json"),
	} {
		if _, err := Create(path); err == nil {
			t.Errorf("%s can be created", name)
		}
	}
	if names := list(t, dir); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// saving writes a run.
func saving(r *Run) func(io.Writer) error { return func(w io.Writer) error { return Write(w, r) } }
