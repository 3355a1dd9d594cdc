package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/echostamp/echostamp/report"
)

// screen is what a run is shown on: a terminal whose last line is the bar, or anything
// else that takes lines.
type screen struct {
	w      io.Writer
	width  func() int // columns of the terminal now; nil has no bar
	colour bool
}

// newScreen finds out what can be shown on w.
func newScreen(w io.Writer) screen {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" || !takesSequences(w.(*os.File)) {
		return screen{w: w}
	}
	return screen{w: w, width: func() int { return columns(w.(*os.File)) }, colour: os.Getenv("NO_COLOR") == ""}
}

// columns are those of a terminal; it may not know, and they change.
func columns(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}

// Sequences that every terminal but a dumb one knows.
const (
	// The line of the cursor and all below, which from the first column of all would
	// go to the history of some.
	erase     = "\r \x1b[J\r\x1b[K"
	noWrap    = "\x1b[?7l"
	wrap      = "\x1b[?7h"
	red       = "\x1b[31m"
	yellow    = "\x1b[33m"
	plainText = "\x1b[0m"
)

// update puts lines above the bar, and the bar anew; nil takes it away.
//
// The cursor stays in the bar's first column. There it stays when the terminal gets
// narrower and breaks the line in pieces, which are all behind the cursor then and
// can be erased; a ^C that the terminal echoes goes into the bar, and away with it.
// It is never hidden, for a program that is killed could not show it again.
func (s screen) update(lines []string, b *bar) {
	var text strings.Builder
	if s.width != nil {
		text.WriteString(erase)
	}
	for _, l := range lines {
		text.WriteString("echostamp: " + l + "\n")
	}
	if s.width != nil && b != nil {
		// One column stays free, as some terminals wrap when the last one is taken. One
		// that has just got narrower cuts the line.
		text.WriteString(noWrap + s.join(b.line(s.width()-1)) + "\r" + wrap)
	}
	if text.Len() > 0 {
		_, _ = io.WriteString(s.w, text.String()) // nobody can be told where it does not go
	}
}

// warning is a line that tells of something that went wrong.
func (s screen) warning(text string) string {
	return s.paint("warning:", yellow) + " " + report.Inert(text)
}

// print prints a line.
func (s screen) print(line []piece) {
	_, _ = io.WriteString(s.w, "echostamp: "+s.join(line)+"\n")
}

func (s screen) join(line []piece) string {
	var text strings.Builder
	for _, p := range line {
		if p.alarm {
			p.text = s.paint(p.text, red)
		}
		text.WriteString(p.text)
	}
	return text.String()
}

func (s screen) paint(text, colour string) string {
	if !s.colour {
		return text
	}
	return colour + text + plainText
}
