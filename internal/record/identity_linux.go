package record

import "os"

// systemIDs reads what Linux tells. A container has the kernel's boot, and may have a
// machine-id of its own, its host's, that of its image, or none: its name and its namespaces
// tell it from others.
func systemIDs() ids {
	name, _ := os.Hostname()
	machine, err := os.ReadFile("/etc/machine-id")
	if os.IsNotExist(err) {
		machine, _ = os.ReadFile("/var/lib/dbus/machine-id")
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	own := ids{string(machine), string(boot), name}
	for _, kind := range []string{"pid", "cgroup"} {
		link, _ := os.Readlink("/proc/self/ns/" + kind)
		own.container += " " + link
	}
	return own
}
