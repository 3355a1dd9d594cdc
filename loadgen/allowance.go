package loadgen

import (
	"fmt"
	"strconv"
	"strings"
)

// Allowance is how many errors a run may have and be valid: a number of them, or
// a share of the messages. The zero Allowance is none.
type Allowance struct {
	count int64
	share float64
}

// ParseAllowance reads a number of errors ("10") or a share of the messages
// ("0.1%").
func ParseAllowance(text string) (Allowance, error) {
	var a Allowance
	var err error
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		a.share, err = strconv.ParseFloat(percent, 64)
		a.share /= 100
	} else {
		a.count, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || a.count < 0 || !(a.share >= 0 && a.share <= 1) {
		return Allowance{}, fmt.Errorf("%q is no number of errors, such as 10, and no share of the messages, such as 0.1%%", text)
	}
	return a, nil
}

// covers reports whether so many errors are allowed among so many messages.
func (a Allowance) covers(errors, messages int64) bool {
	return errors <= a.count || a.share > 0 && float64(errors) <= a.share*float64(messages)
}

// String writes an allowance as ParseAllowance reads it.
func (a Allowance) String() string {
	if a.share > 0 {
		return strconv.FormatFloat(a.share*100, 'g', 6, 64) + "%"
	}
	return strconv.FormatInt(a.count, 10)
}
