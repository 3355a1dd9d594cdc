package launch

import (
	"io"
	"strings"
	"sync"
	"unicode"
)

const (
	keptBytes = 2000 // of what a server says
	keptLines = 4    // of that, in an error
	keptRunes = 200  // of each of those
)

// tail is the last of what a server said.
type tail struct {
	whole chan struct{} // closed at the end
	mu    sync.Mutex
	text  []byte
}

// readTail reads until the end, which is when all that the server started have ended.
func readTail(r io.ReadCloser) *tail {
	t := &tail{whole: make(chan struct{})}
	go func() {
		defer r.Close()
		defer close(t.whole)
		_, _ = io.Copy(t, r)
	}()
	return t
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-keptBytes):]
	return len(b), nil
}

// String is the end of a sentence with the last lines, without what a terminal would obey.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	if text == "" {
		return "; it printed nothing"
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-keptLines):]
	for i, l := range lines {
		lines[i] = lastOf(strings.Map(printable, strings.TrimSpace(l)))
	}
	return "; the last it printed: " + strings.Join(lines, " | ")
}

// lastOf is the end of a line.
func lastOf(line string) string {
	runes := []rune(line)
	if len(runes) <= keptRunes {
		return line
	}
	return "…" + string(runes[len(runes)-keptRunes:])
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '�'
	}
	return r
}
