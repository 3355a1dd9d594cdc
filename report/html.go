package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/echostamp/echostamp/internal/record"
)

// pageFiles are what a page is made of. All of it ends up in the page itself.
//
//go:embed page
var pageFiles embed.FS

// pageScripts are the parts of the page's program, in the order in which they need each other.
var pageScripts = []string{
	"uplot/uPlot.iife.min.js", "format.js", "axes.js", "chart.js", "curve.js", "time.js", "heat.js", "clock.js", "page.js",
}

var pageTemplate = template.Must(template.New("page.html.tmpl").ParseFS(pageFiles, "page/page.html.tmpl"))

// htmlPage is what the template shows.
type htmlPage struct {
	Title string
	// Policy lets the browser run the page's own program and nothing else, and fetch
	// nothing: what a record holds is not trusted.
	Policy     string
	Style      template.CSS
	License    template.HTML // of uPlot: it is to go with every copy
	Script     template.JS
	Data       template.JS
	Runs       []htmlRun
	Several    bool
	Intervals  bool // some run has them
	Directions bool // some run has them
	Clock      bool // some run has an estimate
	Setup      []htmlSetupRow
	Columns    int // of the table of the setup
}

// HTML writes runs as one page that needs nothing beside it, nor a network: one run, or
// several overlaid. Nothing is written if that fails before the writing.
func HTML(w io.Writer, runs []*record.Run) error {
	if len(runs) == 0 {
		return errors.New("there is no run to show")
	}
	page, err := htmlPageOf(runs)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, page); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

func htmlPageOf(runs []*record.Run) (*htmlPage, error) {
	data, err := htmlDataOf(runs)
	if err != nil {
		return nil, err
	}
	// Marshal escapes <, > and &, and the line ends of JavaScript that JSON has not, so
	// that no string can end the element that it is in.
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	p := &htmlPage{
		Title: htmlTitle(runs), Data: template.JS(text), Several: len(runs) > 1, Setup: htmlSetup(runs), Columns: len(runs) + 1,
		Style: template.CSS(htmlJoin("uplot/uPlot.min.css", "page.css")), Script: template.JS(htmlJoin(pageScripts...)),
		License: template.HTML("<!--\nuPlot\n" + strings.ReplaceAll(htmlJoin("uplot/LICENSE"), "--", "- -") + "-->"),
	}
	p.Policy = fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'",
		htmlHash(string(p.Script)), htmlHash(string(p.Style)))
	for i, r := range runs {
		p.Runs = append(p.Runs, htmlRunOf(r, data.Runs[i].Label, data.Metric, i))
		p.Intervals = p.Intervals || len(r.Intervals) > 0
		p.Clock = p.Clock || len(data.Runs[i].Clock) > 0
		_, directions := r.Metrics[record.Forward]
		p.Directions = p.Directions || directions
	}
	return p, nil
}

// htmlJoin returns files of the page after each other.
func htmlJoin(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic(err) // it was there when this was built
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}

// htmlHash names a text in a content security policy.
func htmlHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func htmlTitle(runs []*record.Run) string {
	first := strings.TrimPrefix(title(runs[0]), "echostamp ")
	if len(runs) == 1 {
		return first + " · echostamp"
	}
	return fmt.Sprintf("%d runs · echostamp", len(runs))
}
