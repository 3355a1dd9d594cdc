package record

import "testing"

func TestModelName(t *testing.T) {
	for cpuinfo, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R)  Xeon(R) @ 2.00GHz\n\nprocessor\t: 1\nmodel name\t: another\n": "Intel(R) Xeon(R) @ 2.00GHz",
		"processor\t: 0\nBogoMIPS\t: 50.00\nCPU part\t: 0xd0c\n":                                                              "",
		"model name": "",
		"":           "",
	} {
		if got := modelName(cpuinfo); got != want {
			t.Errorf("%q: %q, want %q", cpuinfo, got, want)
		}
	}
}
