package record

import (
	"os"
	"strings"
	"sync"
)

// cpuModel is the model of the first processor, or nothing: not all architectures tell.
var cpuModel = sync.OnceValue(func() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return modelName(string(text))
})

// modelName finds the model in what /proc/cpuinfo holds.
func modelName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}
