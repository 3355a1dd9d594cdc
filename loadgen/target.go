package loadgen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// DefaultPort is the port of a target that names a host alone.
const DefaultPort = "12345"

// ParseTarget reads HOST:PORT, or HOST alone, which means DefaultPort, and returns HOST:PORT.
// HOST is a name or an IP address, PORT a number from 1 to 65535 or the name of a service.
// Nothing is filled in for a part that is empty or zero: a resolver or a kernel would
// replace those by this host, and the run would be of another server than the one meant.
func ParseTarget(text string) (string, error) {
	host, port, err := splitTarget(text)
	if err == nil {
		err = checkHost(host)
	}
	if err == nil {
		err = checkPort(port)
	}
	if err != nil {
		return "", fmt.Errorf("%q is not HOST:PORT: %w", text, err)
	}
	return net.JoinHostPort(host, port), nil
}

// splitTarget cuts a target in two.
func splitTarget(text string) (host, port string, err error) {
	if text == "" {
		return "", "", errors.New("it is empty")
	}
	if strings.Contains(text, "://") {
		return "", "", errors.New("that is a URL; give only HOST:PORT")
	}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text += ":" + DefaultPort
	}
	if _, err := netip.ParseAddr(text); err == nil || !strings.Contains(text, ":") {
		return text, DefaultPort, nil
	}
	host, port, err = net.SplitHostPort(text)
	if err != nil {
		return "", "", errors.New("put an IPv6 address with a port in brackets: [::1]:" + DefaultPort)
	}
	if a, err := netip.ParseAddr(host); strings.HasPrefix(text, "[") && (err != nil || !a.Is6()) {
		return "", "", errors.New("the text in brackets is not an IPv6 address")
	}
	return host, port, nil
}

// checkHost checks the part before the colon.
func checkHost(host string) error {
	if host == "" {
		return errors.New("the host is empty")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return checkAddr(a)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, label := range labels {
		if label == "" {
			return errors.New("a part of the host name is empty")
		}
		if at := strings.IndexFunc(label, neverInName); at >= 0 {
			return fmt.Errorf("%q is not allowed in a host name", []rune(label[at:])[0])
		}
	}
	// Some resolvers take 0 for 0.0.0.0, and 127.1 or 0x7f.1 for 127.0.0.1.
	last := strings.ToLower(labels[len(labels)-1])
	hex, isHex := strings.CutPrefix(last, "0x")
	if strings.Trim(last, "0123456789") == "" || isHex && strings.Trim(hex, "0123456789abcdef") == "" {
		return errors.New("an IPv4 address has four numbers from 0 to 255, without leading zeros")
	}
	return nil
}

// checkAddr refuses the addresses that stand for any address of a host, for connecting to one
// connects to this host, and zones that no interface can have.
func checkAddr(a netip.Addr) error {
	if strings.ContainsFunc(a.Zone(), func(c rune) bool { return c == ':' || c == '/' || c == ']' || !unicode.IsPrint(c) || c == ' ' }) {
		return fmt.Errorf("the zone %q is not the name of an interface", a.Zone())
	}
	if a.WithZone("").Unmap().IsUnspecified() {
		return fmt.Errorf("%v is not a destination; give a specific address", a)
	}
	return nil
}

func neverInName(c rune) bool {
	return c != '-' && c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c)
}

// checkPort checks the part behind the colon.
func checkPort(port string) error {
	if port == "" {
		return errors.New("the port is empty")
	}
	if strings.Trim(port, "0123456789") != "" {
		// LookupPort takes blanks and signs too.
		if n, err := net.LookupPort("tcp", port); err != nil || n == 0 || port[0] == '-' || strings.ContainsFunc(port, neverInName) {
			return fmt.Errorf("%q is not a port from 1 to 65535, nor the name of a service", port)
		}
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("the port %s is not between 1 and 65535", port)
	}
	return nil
}

func checkTarget(target string) error {
	if _, err := ParseTarget(target); err != nil {
		return &ConfigError{"HOST:PORT", err.Error()}
	}
	return nil
}

// validateSources checks what is known of sources before there is a target.
func (c Config) validateSources() error {
	for _, a := range c.Sources {
		if err := checkAddr(a); err != nil {
			return &ConfigError{"source", err.Error()}
		}
		if a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "" {
			return &ConfigError{"source", fmt.Sprintf("%v needs its interface behind it, as in %v%%eth0: a link-local address is one for each", a, a)}
		}
	}
	return nil
}
