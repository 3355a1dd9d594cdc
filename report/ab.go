package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/echostamp/echostamp/internal/gate"
	"github.com/echostamp/echostamp/internal/record"
)

// ABSchema is the value of AB.Schema. Fields are added to it, never renamed or re-typed.
const ABSchema = "echostamp.ab.v1"

// AB is what a gate did and found, in whole or as far as it came.
type AB struct {
	Schema   string        `json:"schema"`
	Tool     record.Tool   `json:"tool"`
	Command  []string      `json:"command"`
	Started  time.Time     `json:"started"`
	Duration int64         `json:"duration_ns"` // of the whole gate
	A        string        `json:"a"`           // the address, or the command
	B        string        `json:"b"`
	Config   record.Config `json:"config"` // of the first run
	Host     record.Host   `json:"host"`
	// Seed is that of the order of the runs, and Pairs how many a series has.
	Seed  uint64   `json:"seed"`
	Pairs int      `json:"pairs"`
	Gated []string `json:"gated"` // the figures that the verdict goes by
	// MaxDetectable is the greatest change that a pass may mostly have missed, as a share.
	MaxDetectable float64      `json:"max_detectable"`
	Verdict       gate.Verdict `json:"verdict"`
	Reasons       []string     `json:"reasons"`
	Warnings      []string     `json:"warnings"`
	// Series are one, or two where the first found a regression.
	Series []gate.Series `json:"series"`
	Runs   []ABRun       `json:"runs"` // in the order in which they were made
}

// ABRun is one run of a gate.
type ABRun struct {
	Series  int       `json:"series"` // from 1
	Pair    int       `json:"pair"`   // from 1
	Side    string    `json:"side"`   // A or B
	Started time.Time `json:"started"`
	Verdict string    `json:"verdict"`
	// Figures are those of the rows that it has.
	Figures map[string]float64 `json:"figures"`
}

// NewABRun tells of a run.
func NewABRun(series, pair int, side string, r *record.Run, gated []record.Figure) ABRun {
	run := ABRun{Series: series, Pair: pair, Side: side, Started: r.Started, Verdict: r.Validity.Verdict, Figures: map[string]float64{}}
	for _, f := range gate.Figures(gated) {
		if v, err := f.Of(r); err == nil {
			run.Figures[f.String()] = v
		}
	}
	return run
}

// ABFormats are those that RenderAB writes.
var ABFormats = []string{"text", "json", "markdown"}

// RenderAB writes what a gate found, in one of ABFormats.
func RenderAB(w io.Writer, format string, ab *AB) error {
	var b bytes.Buffer
	var err error
	switch format {
	case "json":
		err = writeJSON(&b, ab)
	case "markdown":
		err = abMarkdown(&b, ab)
	case "text":
		err = abText(&b, ab)
	default:
		err = fmt.Errorf("%q is none of %s", format, strings.Join(ABFormats, ", "))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, inert(format, b.String()))
	return err
}

// Checks are the gated figures, for CI systems.
func (ab *AB) Checks() (checks []Check) {
	if len(ab.Series) == 0 || len(ab.Series[0].Rows) == 0 {
		return []Check{{Name: "ab", Outcome: Inconclusive, Detail: ab.Outcome()}}
	}
	for _, row := range ab.Series[0].Rows {
		if row.Gated {
			checks = append(checks, Check{Name: row.Name, Outcome: ab.outcomeOf(row), Detail: ab.detail(row)})
		}
	}
	return checks
}

// outcomeOf is that of one gated figure. What one series found worse is no pass, whatever
// the verdict on others.
func (ab *AB) outcomeOf(row gate.Row) Outcome {
	worse := 0
	for _, s := range ab.Series {
		for _, r := range s.Rows {
			if r.Name == row.Name && r.Finding == gate.Worse {
				worse++
			}
		}
	}
	switch {
	case ab.Verdict == gate.Invalid || ab.Verdict == gate.Unfinished:
		return Inconclusive
	case worse == 2:
		return Fail
	case worse == 1 || ab.Verdict == gate.Inconclusive:
		return Inconclusive
	}
	return Pass
}
