package record

import (
	"sync"

	"golang.org/x/sys/unix"
)

// cpuModel is the model of the processor, or nothing.
var cpuModel = sync.OnceValue(func() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
})
