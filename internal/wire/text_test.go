package wire

import (
	"bytes"
	"math"
	"testing"
)

func TestTimes(t *testing.T) {
	for _, tc := range []struct {
		text string
		ns   int64
		ok   bool
	}{
		{"0", 0, true},
		{"1732310000", 1732310000_000000000, true},
		{"1732310000.5", 1732310000_500000000, true},
		{"1732310000.12", 1732310000_120000000, true},
		{"1732310000.123", 1732310000_123000000, true},
		{"1732310000.1234", 1732310000_123400000, true},
		{"1732310000.12345", 1732310000_123450000, true},
		{"1732310000.123456", 1732310000_123456000, true},
		{"1732310000.1234567", 1732310000_123456700, true},
		{"1732310000.12345678", 1732310000_123456780, true},
		{"1732310000.123456789", 1732310000_123456789, true},
		{"0.000000001", 1, true},
		{"-0.000000001", -1, true},
		{"-1.5", -1_500000000, true},
		{"9223372036.854775807", math.MaxInt64, true},
		{"-9223372036.854775808", math.MinInt64, true},
		{"9223372036.854775808", 0, false},
		{"-9223372036.854775809", 0, false},
		{"9999999999", 0, false},
		{"12345678901", 0, false},
		{"1.1234567890", 0, false},
		{"1.", 0, false},
		{".5", 0, false},
		{"", 0, false},
		{"-", 0, false},
		{"+1", 0, false},
		{" 1", 0, false},
		{"1e9", 0, false},
		{"1,5", 0, false},
		{"1.5.5", 0, false},
		{"1.-5", 0, false},
		{"0x10", 0, false},
		{"nan", 0, false},
	} {
		ns, ok := ParseTime([]byte(tc.text))
		if ns != tc.ns || ok != tc.ok {
			t.Errorf("ParseTime(%q) = %d, %v; want %d, %v", tc.text, ns, ok, tc.ns, tc.ok)
		}
	}
}

func TestAppendTime(t *testing.T) {
	for ns, want := range map[int64]string{
		0:                    "0.000000000",
		1:                    "0.000000001",
		-1:                   "-0.000000001",
		999999999:            "0.999999999",
		1000000000:           "1.000000000",
		1732310000_012345678: "1732310000.012345678",
		math.MaxInt64:        "9223372036.854775807",
		math.MinInt64:        "-9223372036.854775808",
	} {
		if got := string(AppendTime(nil, ns)); got != want {
			t.Errorf("AppendTime(%d) = %s, want %s", ns, got, want)
		}
	}
}

const sent = "1732310000.000000001:hello-1732310000-hello"

func TestCheckReply(t *testing.T) {
	for _, tc := range []struct {
		name, got string
		want      Verdict
	}{
		{"nothing yet", "", Partial},
		{"part of t2", "17323", Partial},
		{"t2 to the point", "1732310000.", Partial},
		{"t2 without colon", "1732310000.5", Partial},
		{"t2 alone", "1732310000.5:", Partial},
		{"half", "1732310000.5:1732310000.000000001:hel", Partial},
		{"whole", "1732310000.5:" + sent, Whole},
		{"whole, no fraction", "1732310000:" + sent, Whole},
		{"goodbye", "\xff", Farewell},
		{"no time", "hello", Malformed},
		{"empty time", ":" + sent, Malformed},
		{"float", "1.7e9:" + sent, Malformed},
		{"ten digits behind the point", "1.0123456789:" + sent, Malformed},
		{"endless digits", "1111111111111111111111111111", Malformed},
		{"more behind", "1732310000.5:" + sent + "x", Coalesced},
		{"twice", "1.5:" + sent + "1.5:" + sent, Coalesced},
		{"another message", "1732310000.5:1732310000.000000002:hello-1732310000-hello", Mismatch},
		{"no t1", "1.5:hello", Mismatch},
		{"last byte", "1.5:" + sent[:len(sent)-1] + "0", Mismatch},
		{"upper case", "1732310000.5:1732310000.000000001:HELLO", Mismatch},
		{"split at the first byte", "1.5:1" + "1.6:732310000.0", Split},
		{"split in t1", "1.5:1732310" + "1.6:000.000000001:hello", Split},
		{"split in the text", "1.5:1732310000.000000001:he" + "1.6:llo-17", Split},
		{"split before digits that t2 begins with", "1732310000.5:1732310000.000000001:hello-" + "1732310000.6:17", Split},
		{"split before digits, t2 unfinished", "1732310000.5:1732310000.000000001:hello-" + "1732311", Partial},
		{"split, nothing behind the second t2 yet", "1732310000.5:1732310000.000000001:hello-" + "1732310000.6:", Split},
		{"split three ways", "1.5:1732310000.0" + "1.6:00000001:h" + "1.7:ello-1732310000-hello", Split},
		{"every byte by itself", "1732310000.5:1" + "1732310000.6:7" + "1732310000.7:3", Split},
		{"another time inside", "1732310000.5:1732310000.000000001:hello-1732400000:hello", Mismatch},
	} {
		t2, v := CheckReply([]byte(tc.got), []byte(sent))
		if v != tc.want {
			t.Errorf("%s: CheckReply(%q) = %d, want %d", tc.name, tc.got, v, tc.want)
		}
		if v == Whole && t2/1e9 != 1732310000 {
			t.Errorf("%s: t2 = %d", tc.name, t2)
		}
	}
}

func TestEveryBeginningOfAWholeReplyIsPartial(t *testing.T) {
	whole := AppendReply(nil, 1732310000_000000002, []byte(sent))
	for n := range whole {
		if _, v := CheckReply(whole[:n], []byte(sent)); v != Partial {
			t.Fatalf("CheckReply(%q) = %d, want Partial", whole[:n], v)
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	buf := make([]byte, 0, MaxReply)
	reply := AppendReply(nil, 1732310000_000000002, []byte(sent))
	for name, f := range map[string]func(){
		"append": func() { buf = AppendMessage(buf[:0], 1732310000_000000001, reply) },
		"parse":  func() { CheckReply(reply, []byte(sent)) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations a message", name, n)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "1732310000.123456789", "9223372036.854775807", "1.", ":"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ns, ok := ParseTime(b)
		if !ok {
			return
		}
		again, ok := ParseTime(AppendTime(nil, ns))
		if !ok || again != ns {
			t.Errorf("%q is %d, which appends and parses as %d, %v", b, ns, again, ok)
		}
	})
}

// FuzzReply holds that what is appended parses back, however it is cut.
func FuzzReply(f *testing.F) {
	f.Add(int64(1732310000_000000002), int64(1732310000_000000001), []byte("hello"), 7)
	f.Add(int64(-1), int64(0), []byte{0xff, ':', 0}, 0)
	f.Fuzz(func(t *testing.T, t2, t1 int64, payload []byte, cut int) {
		message := AppendMessage(nil, t1, payload)
		reply := AppendReply(nil, t2, message)
		if got, v := CheckReply(reply, message); v != Whole || got != t2 {
			t.Fatalf("CheckReply(%q) = %d, %d", reply, got, v)
		}
		if cut = max(0, cut) % len(reply); cut < len(reply) {
			if _, v := CheckReply(reply[:cut], message); v != Partial {
				t.Errorf("CheckReply(%q) = %d, want Partial", reply[:cut], v)
			}
		}
	})
}

// FuzzCheckReply holds that no input panics, and that Whole means whole.
func FuzzCheckReply(f *testing.F) {
	f.Add([]byte("1.5:1732310"+"1.6:000.000000001:hello"), []byte(sent))
	f.Add([]byte("1.5:"+sent), []byte(sent))
	f.Fuzz(func(t *testing.T, got, message []byte) {
		_, v := CheckReply(got, message)
		_, body, found := bytes.Cut(got, []byte(":"))
		if v == Whole && !(found && bytes.Equal(body, message)) {
			t.Errorf("%q is no whole reply to %q", got, message)
		}
	})
}

func BenchmarkAppendMessage(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, MaxReply)
	payload := bytes.Repeat([]byte("x"), 43)
	for b.Loop() {
		buf = AppendMessage(buf[:0], 1732310000_123456789, payload)
	}
}

func BenchmarkCheckReply(b *testing.B) {
	b.ReportAllocs()
	reply := AppendReply(nil, 1732310000_000000002, []byte(sent))
	for b.Loop() {
		CheckReply(reply, []byte(sent))
	}
}

// TestSplitOfExtremes has two times in a reply that are more than 63 bits apart, and so not of
// one turn.
func TestSplitOfExtremes(t *testing.T) {
	const first, last = "-9223372036.854775808", "9223372036.854775807"
	sent := []byte("1732310000.000000000:abcdefghijklmnopqrstuvwxyz")
	for _, got := range []string{first + ":1732310000.000" + last + ":x", last + ":1732310000.000" + first + ":x"} {
		if _, v := CheckReply([]byte(got), sent); v != Mismatch {
			t.Errorf("%s: verdict %d, want %d", got, v, Mismatch)
		}
	}
}
