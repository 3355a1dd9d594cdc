package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The identities of a Host are keyed hashes, HMAC-SHA256 cut to 64 bits, whose key is an id
// that systems keep random and do not publish: machine-id(5) asks programs to do so. The
// texts that are hashed are these constants, which are no secret. So a record shows whether
// two runs were made on one machine, in one boot of it and in one container; who knows the
// machine's id can recognise its records; and nobody learns an id, a host's name or anything
// else from them.
const (
	machineSalt   = "echostamp: machine of a run"
	bootSalt      = "echostamp: boot of a run"
	containerSalt = "echostamp: container of a run"
)

// ids are what a system tells of itself; empty is that it does not.
type ids struct {
	machine   string // of the installation: stays when it is started again
	boot      string // another one each time that the machine is started
	container string // what tells containers on one kernel apart
}

// identify sets the identities of a host.
func (h *Host) identify(of ids) {
	h.Machine = keyed(of.machine, machineSalt)
	h.Boot = keyed(of.boot, bootSalt)
	if of.container != "" { // a name and small numbers, which could be guessed: the boot is the key
		h.Container = keyed(of.boot, containerSalt+"\x00"+of.container)
	}
}

// keyed hashes a text with an id as the key; empty is that there is no id.
func keyed(id, text string) string {
	id = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
	if len(id) < 32 { // 128 bits: not there, or not an id, such as "uninitialized"
		return ""
	}
	mac := hmac.New(sha256.New, []byte(id))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
