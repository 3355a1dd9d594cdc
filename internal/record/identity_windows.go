package record

import "golang.org/x/sys/windows/registry"

// systemIDs reads what Windows tells of the machine. It has no id of a boot.
func systemIDs() ids {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return ids{}
	}
	defer key.Close()
	guid, _, err := key.GetStringValue("MachineGuid")
	if err != nil {
		return ids{}
	}
	return ids{machine: guid}
}
