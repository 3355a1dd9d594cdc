package report

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/echostamp/echostamp/internal/peers"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// htmlTab is a browser's tab, and what was wrong in it.
type htmlTab struct {
	t    *testing.T
	ctx  context.Context
	size int // of the page

	mu       sync.Mutex
	loaded   bool // the page's own request was seen: others would have been, too
	troubles []string
}

// htmlPatience only ends what hangs.
const htmlPatience = 2 * time.Minute

// htmlBrowser starts one for all tests of a test.
func htmlBrowser(t *testing.T) context.Context {
	path := peers.Need(t, "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(htmlPatience), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// open shows a page of runs in a new tab of so many pixels, and waits until it is drawn.
func htmlOpen(t *testing.T, browser context.Context, width int64, scheme string, runs ...*record.Run) *htmlTab {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, runs); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	tab := &htmlTab{t: t, ctx: ctx, size: b.Len()}
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		t.Fatal(err)
	}
	tab.ctx, cancel = context.WithTimeout(ctx, htmlPatience)
	t.Cleanup(cancel)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	_, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, media)
	tab.holds(err)
	_, err = chromedp.Call(tab.ctx, network.Enable, network.EnableParams{})
	tab.holds(err)
	_, err = chromedp.Call(tab.ctx, cdplog.Enable, cdp.Empty{})
	tab.holds(err)
	tab.run(chromedp.EmulateViewport(width, 900))
	began := time.Now()
	tab.run(chromedp.Navigate("file://"+file), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	// Two frames later all of it is on the screen.
	tab.run(chromedp.Evaluate[chromedp.Void](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise))
	t.Logf("%d bytes, drawn after %v", b.Len(), time.Since(began).Round(time.Millisecond))
	return tab
}

// listen notes what must not happen.
func (tab *htmlTab) listen(event any) {
	trouble := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		trouble = fmt.Sprint("exception: ", e.ExceptionDetails.Text, " in line ", e.ExceptionDetails.LineNumber, ": ", e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		trouble = fmt.Sprint("console: ", e.Type)
	case *cdplog.EventEntryAdded:
		trouble = "log: " + e.Entry.Text
	case *network.EventRequestWillBeSent:
		switch url := e.Request.URL; {
		case strings.HasPrefix(url, "file://") && strings.HasSuffix(url, "/report.html"):
			tab.mu.Lock()
			tab.loaded = true
			tab.mu.Unlock()
		case url != "data:,": // the icon
			trouble = "request of " + url
		}
	}
	if trouble != "" {
		tab.mu.Lock()
		tab.troubles = append(tab.troubles, trouble)
		tab.mu.Unlock()
	}
}

func (tab *htmlTab) holds(err error) {
	tab.t.Helper()
	if err != nil {
		tab.t.Fatal(err)
	}
}

func (tab *htmlTab) run(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	tab.holds(chromedp.Do(tab.ctx, actions...))
}

// text evaluates an expression that is a string.
func (tab *htmlTab) text(expression string) string {
	tab.t.Helper()
	s, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	tab.holds(err)
	return s
}

// waits waits for an expression to be true.
func (tab *htmlTab) waits(expression string) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(htmlPatience))); err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
}

// fits reports what is wrong with the page now.
func (tab *htmlTab) fits() {
	tab.t.Helper()
	if over := tab.text("document.documentElement.scrollWidth - innerWidth"); over != "0" && !strings.HasPrefix(over, "-") {
		tab.t.Errorf("the page is %s pixels wider than the window", over)
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if !tab.loaded {
		tab.t.Error("requests are not seen")
	}
	for _, trouble := range tab.troubles {
		tab.t.Error(trouble)
	}
}

// shot keeps what is to be seen, if somebody asks for it.
func (tab *htmlTab) shot(name string) {
	tab.t.Helper()
	dir := os.Getenv("ECHOSTAMP_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	tab.holds(err)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		tab.t.Error(err)
	}
}

func htmlMerged(t *testing.T) *record.Run {
	t.Helper()
	a, b := htmlRunFor(30, 300, 1), htmlRunFor(40, 300, 2)
	b.Started = b.Started.Add(10 * time.Second)
	r, err := record.Merge([]*record.Run{a, b})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHTMLInBrowser(t *testing.T) {
	browser := htmlBrowser(t)
	one := htmlRunFor(60, 1050, 1)
	t.Run("one", func(t *testing.T) { testHTMLOne(t, htmlOpen(t, browser, 1200, "light", one), one) })
	t.Run("dark", func(t *testing.T) {
		tab := htmlOpen(t, browser, 1200, "dark", one)
		tab.shot("dark")
		if got := tab.text("getComputedStyle(document.body).backgroundColor"); got == "rgb(255, 255, 255)" {
			t.Errorf("in the dark the page is %s", got)
		}
		tab.run(chromedp.Click(chromedp.CSS("#theme")))
		tab.waits(`getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)"`)
		tab.fits()
	})
	t.Run("phone", func(t *testing.T) {
		tab := htmlOpen(t, browser, 360, "light", one)
		tab.run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
		tab.waits(`document.querySelectorAll(".chart details table").length >= 6`)
		tab.fits()
		tab.run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = false)`))
		tab.shot("phone")
	})
	t.Run("phone, open and closed loop", func(t *testing.T) {
		closed := htmlRunFor(20, 500, 3)
		closed.Config.Mode, closed.Server.Own = record.Closed, true
		delete(closed.Metrics, record.Response)
		tab := htmlOpen(t, browser, 400, "light", one, closed)
		if got := tab.text(`document.getElementById("metric").value`); got != record.RTT {
			t.Errorf("%s is shown of two of which one has no response", got)
		}
		tab.fits()
		tab.shot("phone-several")
		tab = htmlOpen(t, browser, 400, "light", htmlMerged(t))
		tab.fits()
	})
	t.Run("several", func(t *testing.T) {
		other := htmlRunFor(50, 900, 7)
		other.Interrupted, other.Config.Clients = true, 128
		other.Validity = record.Validity{Verdict: record.GeneratorLimited, Reasons: []string{"the event loop was busy for 95% of the time"}}
		tab := htmlOpen(t, browser, 1200, "light", one, other)
		tab.shot("several")
		if got := tab.text(`document.querySelector("[data-chart=curve] .legend").innerText.replace(/\s+/g, " ")`); got != "run A run B" {
			t.Errorf("the legend is %q", got)
		}
		if got := tab.text(`[...document.querySelectorAll(".badge")].map(b => b.textContent)`); got != "valid,generator-limited,INTERRUPTED" {
			t.Errorf("the badges are %s", got)
		}
		tab.fits()
	})
	t.Run("merged", func(t *testing.T) {
		tab := htmlOpen(t, browser, 1200, "light", htmlMerged(t))
		tab.shot("merged")
		if got := tab.text(`document.querySelectorAll(".parts tbody tr").length`); got != "2" {
			t.Errorf("there are %s parts", got)
		}
		if got := tab.text(`document.querySelector("[data-chart=rate] .legend").innerText.replace(/\s+/g, " ")`); got != "part 1 part 2" {
			t.Errorf("the legend is %q", got)
		}
		tab.fits()
	})
	t.Run("without intervals", func(t *testing.T) {
		r := htmlRunFor(3, 100, 1)
		r.Intervals, r.Clock = nil, record.Clock{Relation: record.Same}
		r.Validity = record.Validity{Verdict: record.Invalid, Reasons: []string{"12 errors"}}
		tab := htmlOpen(t, browser, 1200, "light", r)
		tab.shot("without-intervals")
		if got := tab.text(`document.querySelector(".empty").textContent`); !strings.Contains(got, "has no intervals") {
			t.Errorf("it says %q", got)
		}
		if tab.text(`document.querySelector("[data-chart=latency], [data-chart=clock]")`) != "null" {
			t.Error("there are charts of nothing")
		}
		tab.fits()
	})
	t.Run("hostile", func(t *testing.T) {
		tab := htmlOpen(t, browser, 360, "light", htmlHostile())
		if got := tab.text(`document.querySelectorAll("img, script").length`); got != "2" {
			t.Errorf("there are %s scripts and images", got)
		}
		tab.fits()
	})
	t.Run("nothing", func(t *testing.T) {
		r := &record.Run{Config: record.Config{Target: "host:1", Mode: record.Closed}, Validity: record.Validity{Verdict: record.Invalid}, Metrics: map[string]record.Metric{}}
		htmlOpen(t, browser, 1200, "light", r).fits()
	})
}

func testHTMLOne(t *testing.T, tab *htmlTab, r *record.Run) {
	tab.shot("light")
	m := r.Metrics[record.RTT]
	for i, want := range cells(m) {
		cell := fmt.Sprintf(`document.querySelector("[data-metric=rtt]").cells[%d].textContent`, i+1)
		if got := tab.text(cell); got != want {
			t.Errorf("column %d of rtt is %s, not %s", i, got, want)
		}
	}
	// The mouse.
	tab.run(chromedp.ScrollIntoView(chromedp.CSS("[data-chart=latency]")))
	tab.run(chromedp.Evaluate[chromedp.Void](`(() => {
		const over = document.querySelector("[data-chart=latency] .u-over"), at = over.getBoundingClientRect();
		for (const type of ["mouseenter", "mousemove"]) over.dispatchEvent(new MouseEvent(type, {clientX: at.x + at.width / 2, clientY: at.y + 40, bubbles: true}));
	})()`))
	tab.waits(`!document.querySelector("[data-chart=latency] .tip").hidden`)
	if got := tab.text(`document.querySelector("[data-chart=latency] .tip").innerText`); !strings.Contains(got, "p50") || !strings.Contains(got, "µs") {
		t.Errorf("at the mouse it says %q", got)
	}
	// The keyboard: the first interval, then the third.
	tab.run(chromedp.Focus(chromedp.CSS("[data-chart=latency] .plot")), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	third := r.Intervals[2].Metrics[record.Response]
	want := fmt.Sprintf("2s to 3s: p50 %s, p99 %s, max %s", unit.Duration(float64(third.Percentiles["50"])), unit.Duration(float64(third.Percentiles["99"])), unit.Duration(float64(third.Max)))
	tab.waits(`document.getElementById("live").textContent === ` + strconv.Quote(want))
	tab.run(chromedp.KeyEvent("+"), chromedp.KeyEvent("0"), chromedp.KeyEvent(kb.Escape))
	tab.waits(`document.querySelector("[data-chart=latency] .tip").hidden`)
	tab.run(chromedp.Focus(chromedp.CSS("[data-chart=heat] .plot")), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowUp))
	tab.waits(`document.getElementById("live").textContent.startsWith("59s to ")`)
	// Another metric, and the other axis.
	tab.run(chromedp.SetValue(chromedp.CSS("#metric"), record.RTT), chromedp.Evaluate[chromedp.Void](`document.getElementById("metric").dispatchEvent(new Event("change"))`),
		chromedp.Click(chromedp.CSS("[data-axis=linear]")))
	tab.waits(`document.querySelector("[data-chart=curve] .plot").getAttribute("aria-label").startsWith("Percentiles of rtt. median ")`)
	testHTMLDurations(t, tab)
	tab.shot("linear")
	tab.fits()
}

// testHTMLDurations holds that the page's program prints what unit.Duration does.
func testHTMLDurations(t *testing.T, tab *htmlTab) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	values := []int64{0, 1, 999, 1000, 1125, 1135, 9995, 10_050, 99_949, 99_951, 999_499, 999_500, 1_125_000, -1234, 1e12}
	for range 2000 {
		values = append(values, random.Int64N(1<<(1+random.Int64N(50)))-500)
	}
	var list, want []string
	for _, v := range values {
		list = append(list, strconv.FormatInt(v, 10))
		want = append(want, unit.Duration(float64(v)))
	}
	got := strings.Split(tab.text("["+strings.Join(list, ",")+"].map(duration)"), ",")
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s ns is %s in the page, and %s in the text", list[i], got[i], want[i])
		}
	}
}

// TestHTMLOfAnHour logs how large the page of an hour is, and how long it takes to be drawn.
func TestHTMLOfAnHour(t *testing.T) {
	tab := htmlOpen(t, htmlBrowser(t), 1200, "light", htmlHour())
	if tab.size > 5_000_000*htmlMinutes/60 {
		t.Errorf("the page has %d bytes", tab.size)
	}
	tab.shot("hour")
	tab.fits()
}
