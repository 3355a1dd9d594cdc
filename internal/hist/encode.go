package hist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
)

// The V2 format of HdrHistogram (org.HdrHistogram.EncodableHistogram and
// ZigZagEncoding): base64 of a cookie, a length, and zlib of a header and of the
// counts as ZigZag LEB128, where a negative one stands for so many zeros.
const (
	plainCookie      = 0x1c849303 | 0x10
	compressedCookie = 0x1c849304 | 0x10
	headerSize       = 40
	// mostBytes is what the counts of a histogram take at most: nine bytes each.
	mostBytes = headerSize + buckets*9
)

// coder is the memory for encoding and decoding.
type coder struct {
	plain   bytes.Buffer
	zipped  bytes.Buffer
	deflate *zlib.Writer
	inflate io.ReadCloser // a zlib.Resetter; nil before the first
}

var coders = sync.Pool{New: func() any {
	c := &coder{}
	c.deflate = zlib.NewWriter(&c.zipped)
	return c
}}

// Encode returns both sides in the HdrHistogram V2 compressed format as base64;
// negative is empty where no value is below zero.
func (h *Histogram) Encode() (positive, negative string) {
	c := coders.Get().(*coder)
	defer coders.Put(c)
	from, part := h.upper()
	positive = c.encode(from, part)
	if h.negatives > 0 {
		negative = c.encode(h.lower())
	}
	return positive, negative
}

// encode encodes a side of which a part has any values.
func (c *coder) encode(from int, part counts) string {
	c.plain.Reset()
	b := append(c.plain.AvailableBuffer(), make([]byte, headerSize)...)
	zeros := int64(from)
	for _, n := range part {
		if n == 0 {
			zeros++
			continue
		}
		if zeros > 0 {
			b = appendZigZag(b, -zeros)
			zeros = 0
		}
		b = appendZigZag(b, n)
	}
	binary.BigEndian.PutUint32(b, plainCookie)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-headerSize))
	binary.BigEndian.PutUint32(b[8:], 0) // normalizing offset
	binary.BigEndian.PutUint32(b[12:], digits)
	binary.BigEndian.PutUint64(b[16:], 1) // lowest that can be told from 0
	binary.BigEndian.PutUint64(b[24:], highest)
	binary.BigEndian.PutUint64(b[32:], math.Float64bits(1)) // to integers
	c.plain.Write(b)                                        // for the memory, if it has grown

	c.zipped.Reset()
	c.zipped.Write(make([]byte, 8))
	c.deflate.Reset(&c.zipped)
	_, _ = c.deflate.Write(b) // a bytes.Buffer takes everything
	_ = c.deflate.Close()
	z := c.zipped.Bytes()
	binary.BigEndian.PutUint32(z, compressedCookie)
	binary.BigEndian.PutUint32(z[4:], uint32(len(z)-8))
	return base64.StdEncoding.EncodeToString(z)
}

// appendZigZag appends an integer in seven bits a byte, the ninth with eight.
func appendZigZag(b []byte, n int64) []byte {
	u := uint64(n)<<1 ^ uint64(n>>63)
	for range 8 {
		if u < 0x80 {
			return append(b, byte(u))
		}
		b = append(b, byte(u)|0x80)
		u >>= 7
	}
	return append(b, byte(u))
}

// zigZag reads what appendZigZag writes, and returns what follows.
func zigZag(b []byte) (n int64, rest []byte, err error) {
	var u uint64
	for i := range 9 {
		if i == len(b) {
			return 0, nil, io.ErrUnexpectedEOF
		}
		if i == 8 {
			u |= uint64(b[i]) << 56
		} else {
			u |= uint64(b[i]&0x7f) << (7 * i)
		}
		if i == 8 || b[i] < 0x80 {
			return int64(u>>1) ^ -int64(u&1), b[i+1:], nil
		}
	}
	panic("hist: not reached")
}

// Figures are what a histogram knows and its encoding does not hold.
type Figures struct {
	Count    int64
	Min, Max int64
	Mean     float64
	StdDev   float64
}

// Decode returns the histogram that Encode encoded. An error says what is wrong with
// the text, or in what it and the figures disagree.
func Decode(positive, negative string, f Figures) (*Histogram, error) {
	h := New()
	c := coders.Get().(*coder)
	defer coders.Put(c)
	var err error
	if h.positive, err = c.decode(positive); err != nil {
		return nil, err
	}
	if negative != "" {
		if h.negative, err = c.decode(negative); err != nil {
			return nil, fmt.Errorf("values below zero: %w", err)
		}
	}
	return h, h.restore(f)
}

func (c *coder) decode(text string) (counts, error) {
	z, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case strings.ContainsAny(text, "\r\n"): // which the decoder skips
		return nil, errors.New("it is broken into lines")
	case err != nil:
		return nil, err
	case len(z) < 8 || binary.BigEndian.Uint32(z) != compressedCookie:
		return nil, errors.New("it is not in HdrHistogram's compressed format V2")
	case uint64(binary.BigEndian.Uint32(z[4:])) != uint64(len(z)-8):
		return nil, fmt.Errorf("it says to be %d bytes long and is %d", binary.BigEndian.Uint32(z[4:]), len(z)-8)
	}
	if c.inflate == nil {
		c.inflate, err = zlib.NewReader(bytes.NewReader(z[8:]))
	} else {
		err = c.inflate.(zlib.Resetter).Reset(bytes.NewReader(z[8:]), nil)
	}
	if err != nil {
		return nil, err
	}
	c.plain.Reset()
	if _, err := c.plain.ReadFrom(io.LimitReader(c.inflate, mostBytes+1)); err != nil {
		return nil, err
	}
	return decodePlain(c.plain.Bytes())
}

// decodePlain reads a header and counts.
func decodePlain(b []byte) (counts, error) {
	if len(b) < headerSize || binary.BigEndian.Uint32(b) != plainCookie {
		return nil, errors.New("it is not in HdrHistogram's format V2")
	}
	length, offset := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	precision, lowest := binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint64(b[16:])
	if uint64(length) != uint64(len(b)-headerSize) {
		return nil, fmt.Errorf("its counts say to be %d bytes long and are %d", length, len(b)-headerSize)
	}
	if offset != 0 || precision != digits || lowest != 1 {
		return nil, fmt.Errorf("it has %d digits from %d with an offset of %d, not %d from 1 with none", precision, lowest, offset, digits)
	}
	return decodeCounts(b[headerSize:])
}

// decodeCounts reads counts: once to see how many there are, and once to take them.
func decodeCounts(b []byte) (counts, error) {
	var side counts
	most := 0
	err := eachCount(b, func(at int, _ int64) { most = at + 1 })
	if err != nil || most == 0 {
		return nil, err
	}
	side.grow(most - 1)
	return side, eachCount(b, func(at int, n int64) { side[at] = n })
}

// eachCount calls a function with each count that is told, and its bucket.
func eachCount(b []byte, f func(at int, n int64)) error {
	at := 0
	for len(b) > 0 {
		n, rest, err := zigZag(b)
		if err != nil {
			return err
		}
		b = rest
		if n < -buckets || n >= 0 && at >= buckets || at-int(min(n, 0)) > buckets {
			return errors.New("it has more buckets than there are values")
		}
		if n < 0 {
			at -= int(n)
			continue
		}
		f(at, n)
		at++
	}
	return nil
}

// restore gives a histogram that has nothing but its counts the rest.
func (h *Histogram) restore(f Figures) error {
	if f.StdDev < 0 || math.IsNaN(f.Mean) || math.IsInf(f.Mean, 0) || math.IsInf(f.StdDev, 0) || f.Min > f.Max || f.Min == math.MinInt64 {
		return errors.New("its figures are no figures")
	}
	negatives, low, ok := h.negative.total()
	positives, high, fine := h.positive.total()
	if !ok || !fine || f.Count != negatives+positives {
		return fmt.Errorf("it has %d values where %d are told", negatives+positives, f.Count)
	}
	if f.Count == 0 {
		return nil
	}
	if negatives == 0 {
		low = h.positive.first()
	} else {
		low = -low
	}
	if positives == 0 {
		high = -h.negative.first()
	}
	if negatives > 0 && h.negative.first() == 0 || !sameBucket(low, f.Min) || !sameBucket(high, f.Max) {
		return fmt.Errorf("its values from about %d to %d are not the %d to %d that are told", low, high, f.Min, f.Max)
	}
	n, spread := float64(f.Count), float64(f.Max)-float64(f.Min)
	rounded := 1 + 1e-9*(math.Abs(float64(f.Min))+math.Abs(float64(f.Max)))
	if f.Mean < float64(f.Min)-rounded || f.Mean > float64(f.Max)+rounded || f.StdDev > spread+rounded {
		return fmt.Errorf("values from %d to %d have not the mean of %v and the deviation of %v that are told", f.Min, f.Max, f.Mean, f.StdDev)
	}
	h.count, h.negatives, h.min, h.max = f.Count, negatives, f.Min, f.Max
	h.first = min(max(f.Min, int64(math.Round(f.Mean))), f.Max)
	h.sum = (f.Mean - float64(h.first)) * n
	h.squares = f.StdDev*f.StdDev*n + h.sum*h.sum/n
	return nil
}

// total is the number of values and the magnitude of the largest; false if they are
// more than can be.
func (c counts) total() (n, largest int64, ok bool) {
	for i, k := range c {
		if n += k; n < 0 {
			return 0, 0, false
		}
		if k > 0 {
			largest, _ = bounds(i)
		}
	}
	return n, largest, true
}

// first is the magnitude of the smallest value.
func (c counts) first() int64 {
	for i, k := range c {
		if k > 0 {
			low, _ := bounds(i)
			return low
		}
	}
	return 0
}

// sameBucket reports whether two values are of one bucket.
func sameBucket(a, b int64) bool {
	if a < 0 || b < 0 {
		a, b = -a, -b
	}
	return a >= 0 && b >= 0 && index(a) == index(b)
}
