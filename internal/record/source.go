package record

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

// source is the text of a file. It keeps what was read of the value at hand, and knows in which line
// that is.
type source struct {
	r    io.Reader
	text []byte // what was read from offset on
	from int64  // the offset of text
	line int    // that it begins in, from 1
	most int    // bytes of a value
	err  error  // why it cannot be read to its end
}

// mark is a place in a file.
type mark struct {
	line int
	at   int64
}

func newSource(r io.Reader, l limits) (*source, error) {
	b := bufio.NewReader(r)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		in := &counter{r: b}
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReader(&unpacked{z: z, in: in, few: l.unpacked})
	}
	const byteOrderMark = "\ufeff"
	if head, _ := b.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		_, _ = b.Discard(len(byteOrderMark))
	}
	return &source{r: b, line: 1, most: l.value}, nil
}

// Read reads on, unless the value at hand is too long.
func (s *source) Read(b []byte) (int, error) {
	const chunk = 64 << 10 // is read ahead at most
	if len(s.text) > s.most+chunk {
		s.err = errTooLong
		return 0, s.err
	}
	n, err := s.r.Read(b[:min(len(b), chunk)])
	s.text = append(s.text, b[:n]...)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// forget drops what comes before an offset.
func (s *source) forget(before int64) {
	gone := s.text[:before-s.from]
	s.line += bytes.Count(gone, []byte("\n"))
	s.text, s.from = s.text[len(gone):], before
}

// begin returns where the value begins that follows an offset, as far as it is known.
func (s *source) begin(at int64) int64 {
	for i := at - s.from; i < int64(len(s.text)); i++ {
		if bytes.IndexByte([]byte(" \t\r\n:,"), s.text[i]) < 0 {
			return s.from + i
		}
	}
	return s.from + int64(len(s.text))
}

// mark returns the place of an offset in the value at hand.
func (s *source) mark(at int64) mark {
	at = min(max(at, s.from), s.from+int64(len(s.text)))
	return mark{s.line + bytes.Count(s.text[:at-s.from], []byte("\n")), at}
}
