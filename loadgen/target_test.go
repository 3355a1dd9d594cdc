package loadgen

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]string{
		"host:80":              "host:80",
		"host":                 "host:12345",
		"a-b.example.":         "a-b.example.:12345",
		"my_host:http":         "my_host:http",
		"münchen.example:7":    "münchen.example:7",
		"192.0.2.7":            "192.0.2.7:12345",
		"192.0.2.7:1":          "192.0.2.7:1",
		"host:65535":           "host:65535",
		"::1":                  "[::1]:12345",
		"[::1]":                "[::1]:12345",
		"[::1]:80":             "[::1]:80",
		"fe80::1%eth0":         "[fe80::1%eth0]:12345",
		"[fe80::1%eth0]:80":    "[fe80::1%eth0]:80",
		"[fe80::1%eth0]":       "[fe80::1%eth0]:12345",
		"[::ffff:192.0.2.7]:1": "[::ffff:192.0.2.7]:1",
		"7host:1":              "7host:1",
		"host.7x:1":            "host.7x:1",
	} {
		if got, err := ParseTarget(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                          "it is empty",
		":":                         "the host is empty",
		":12345":                    "the host is empty",
		"host:":                     "the port is empty",
		"192.0.2.7:":                "the port is empty",
		"[::1]:":                    "the port is empty",
		"[]:1":                      "the text in brackets is not an IPv6 address",
		"[]":                        "the text in brackets is not an IPv6 address",
		"[host]:1":                  "the text in brackets is not an IPv6 address",
		"[127.0.0.1]:1":             "the text in brackets is not an IPv6 address",
		"[::1":                      "in brackets",
		"[::1]80":                   "in brackets",
		"::1]:80":                   "in brackets",
		"1:2:3":                     "in brackets",
		"fe80::1%:80":               "the zone \":80\" is not the name of an interface",
		"[fe80::1%]:80":             "not an IPv6 address",
		"http://host:80":            "that is a URL",
		"host:0":                    "the port 0 is not between 1 and 65535",
		"host:00":                   "the port 00 is not between 1 and 65535",
		"host:65536":                "the port 65536 is not between 1 and 65535",
		"host:99999999999999999999": "is not between 1 and 65535",
		"host:+80":                  `"+80" is not a port`,
		"host:-0":                   `"-0" is not a port`,
		"host: 80":                  `" 80" is not a port`,
		"host:no-such-service":      `"no-such-service" is not a port`,
		"0.0.0.0:1":                 "0.0.0.0 is not a destination",
		"0.0.0.0":                   "is not a destination",
		"[::]:1":                    ":: is not a destination",
		"::":                        "is not a destination",
		"[::%eth0]:1":               "is not a destination",
		"[::ffff:0.0.0.0]:1":        "is not a destination",
		"0:1":                       "an IPv4 address has four numbers",
		"127.1:1":                   "an IPv4 address has four numbers",
		"0x7f.1:1":                  "an IPv4 address has four numbers",
		"0x0:1":                     "an IPv4 address has four numbers",
		"256.0.0.1:1":               "an IPv4 address has four numbers",
		"127.0.0.01:1":              "an IPv4 address has four numbers",
		"1.2.3.4.5":                 "an IPv4 address has four numbers",
		"a b:1":                     `' ' is not allowed in a host name`,
		" host:1":                   `' ' is not allowed in a host name`,
		"host/path:1":               `'/' is not allowed in a host name`,
		"user@host:1":               `'@' is not allowed in a host name`,
		"host\x1bm:1":               `'\x1b' is not allowed in a host name`,
		".host:1":                   "a part of the host name is empty",
		"a..b:1":                    "a part of the host name is empty",
		".:1":                       "a part of the host name is empty",
	} {
		if got, err := ParseTarget(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want an error with %q", text, got, err, want)
		}
	}
}

// FuzzParseTarget holds that what is taken is taken again as it is returned.
func FuzzParseTarget(f *testing.F) {
	for _, text := range []string{"", "host", ":1", "host:", "[::1]:80", "fe80::1%a", "0.0.0.0:1", "[::]", "1.2.3.4:5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseTarget(text)
		if err != nil {
			return
		}
		if again, err := ParseTarget(first); err != nil || again != first {
			t.Errorf("%q became %q, and that %q, %v", text, first, again, err)
		}
	})
}

func TestSourcesAreHeldToBeAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1":      "",
		"fe80::1%eth0":   "",
		"0.0.0.0":        "0.0.0.0 is not a destination",
		"::":             ":: is not a destination",
		"::ffff:0.0.0.0": "is not a destination",
		"fe80::1":        "fe80::1 needs its interface behind it, as in fe80::1%eth0",
	} {
		err := Config{Sources: []netip.Addr{netip.MustParseAddr(text)}}.validateSources()
		if c := (*ConfigError)(nil); want == "" && err != nil || want != "" && (!errors.As(err, &c) || c.Field != "source" || !strings.Contains(c.Reason, want)) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
