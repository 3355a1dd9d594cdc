package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/echostamp/echostamp/internal/unit"
	"github.com/echostamp/echostamp/loadgen"
)

// plan is what a run will have done at its end.
type plan struct {
	length   time.Duration // 0 is no limit
	messages int64         // 0 is no limit
	clients  int
}

func planOf(cfg *loadgen.Config) plan { return plan{cfg.Length(), cfg.Messages, cfg.Clients} }

// done is how much of the phase is over, from 0 to 1. A run with two limits ends at the
// one that it comes to first. How long warming up takes is not known.
func (p plan) done(l loadgen.Live) float64 {
	switch l.Phase {
	case loadgen.Connecting:
		return share(float64(l.Connected), float64(p.clients))
	case loadgen.WarmingUp:
		return 0
	case loadgen.Awaiting:
		return 1
	}
	return max(p.ofTime(l), p.ofMessages(l))
}

func (p plan) ofTime(l loadgen.Live) float64 { return share(float64(l.Elapsed), float64(p.length)) }
func (p plan) ofMessages(l loadgen.Live) float64 {
	return share(float64(l.Received), float64(p.messages))
}

func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}

// left is the time, in seconds rounded up, or the number of messages that the run will
// come to the end of first.
func (p plan) left(l loadgen.Live) string {
	if p.length > 0 && p.ofTime(l) >= p.ofMessages(l) {
		return ((max(0, p.length-l.Elapsed) + time.Second - 1).Truncate(time.Second)).String() + " left"
	}
	return unit.Count(max(0, p.messages-l.Received)) + " left"
}

// awaiting says for what a run waits that sends nothing any more, and for how long at most.
func awaiting(l loadgen.Live) string {
	seconds := (l.AtMost + time.Second - 1) / time.Second
	return fmt.Sprintf("waiting for %s, at most %d s more", unit.Plural(int64(l.Awaited), "reply"), seconds)
}

// piece is a part of a line that is shown as a whole or not at all. Each of its
// characters takes one column.
type piece struct {
	text  string
	alarm bool // is to strike the eye
}

func (p piece) width() int { return utf8.RuneCountInString(p.text) }

// bar is what the line that stands for a run shows: how much of it is done, and figures.
type bar struct {
	head    piece // before the bar
	done    float64
	figures []figure
}

// figure is what is behind the bar, in the order in which it is shown.
type figure struct {
	piece
	rank int // of two that have no room together, the lower one is shown
}

func barOf(p plan, l loadgen.Live) *bar {
	b := bar{done: p.done(l)}
	errors := figure{piece{"errors " + unit.Count(l.Errors), l.Errors > 0}, 3}
	if l.Errors > 0 {
		errors.rank = 0
	}
	switch l.Phase {
	case loadgen.Connecting:
		b.head.text = "connecting"
		b.figures = []figure{{piece{text: fmt.Sprintf("%s/%s", unit.Count(int64(l.Connected)), unit.Count(int64(p.clients)))}, 1}, errors}
		return &b
	case loadgen.WarmingUp:
		b.head.text = "warming up"
	case loadgen.Awaiting:
		b.head.text = awaiting(l)
	default:
		b.head.text = p.left(l)
	}
	b.figures = []figure{
		{piece{text: unit.Rate(l.Rate)}, 1},
		{piece{text: fmt.Sprintf("p50 %6s", delay(l.P50))}, 4},
		{piece{text: fmt.Sprintf("p99 %6s", delay(l.P99))}, 2},
		{piece{text: fmt.Sprintf("max %6s", delay(l.Max))}, 5},
		errors,
	}
	return &b
}

// delay prints a figure as the report does.
func delay(d loadgen.Delay) string {
	text := unit.Duration(float64(d.NS))
	switch {
	case d.NS == 0:
		return "-"
	case d.AtLeast:
		return "> " + text
	}
	return text
}

const (
	minBar = 10 // a shorter one tells nothing
	maxBar = 40
	gap    = "  " // between figures
)

// line lays the bar out in at most so many columns: figures first, by their ranks, and
// in what they leave the bar itself.
func (b *bar) line(columns int) []piece {
	head := piece{cut(b.head.text, columns), b.head.alarm}
	figures, room := b.fitting(columns - head.width())
	line := []piece{head}
	if room >= len(gap)+minBar {
		line = append(line, piece{text: gap + drawn(b.done, min(room-len(gap), maxBar))})
	}
	for _, f := range figures {
		line = append(line, piece{text: gap}, f.piece)
	}
	return line
}

// fitting returns the figures that have room, and the room that is left then. A figure
// has room when those of lower ranks leave it enough.
func (b *bar) fitting(room int) ([]figure, int) {
	ranked := slices.SortedFunc(slices.Values(b.figures), func(f, g figure) int { return f.rank - g.rank })
	shown := map[int]bool{}
	for _, f := range ranked {
		if needs := len(gap) + f.width(); needs <= room {
			shown[f.rank] = true
			room -= needs
		}
	}
	return slices.DeleteFunc(slices.Clone(b.figures), func(f figure) bool { return !shown[f.rank] }), room
}

// drawn is a bar so many columns wide, of which a share is done.
func drawn(done float64, columns int) string {
	inside := columns - len("[]")
	full := int(done * float64(inside))
	tip := ""
	if full < inside {
		tip = ">"
	}
	return "[" + strings.Repeat("=", full) + tip + strings.Repeat(" ", inside-full-len(tip)) + "]"
}

// cut returns as much of a text as has room.
func cut(text string, columns int) string {
	if runes := []rune(text); len(runes) > columns {
		return string(runes[:max(0, columns)])
	}
	return text
}

// plainLine is the state of a run as a line of a log, so long after its start.
func plainLine(p plan, l loadgen.Live, since time.Duration) []piece {
	phase := "measuring, " + p.left(l)
	switch l.Phase {
	case loadgen.Connecting:
		phase = "connecting"
	case loadgen.WarmingUp:
		phase = "warming up"
	case loadgen.Awaiting:
		phase = awaiting(l)
	}
	return []piece{
		{text: fmt.Sprintf("%v %s, %s of %s connected, %s received, %s, p50 %s, p99 %s, max %s, ",
			since.Round(minPeriod), phase, unit.Count(int64(l.Connected)), unit.Count(int64(p.clients)),
			unit.Count(l.Received), unit.Rate(l.Rate), delay(l.P50), delay(l.P99), delay(l.Max))},
		{"errors " + unit.Count(l.Errors), l.Errors > 0},
	}
}
