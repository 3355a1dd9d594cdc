package record

import "slices"

// machines tells on which machine each of some runs was made. Hosts of one machine, or of one
// boot, are one machine: a container may have a machine-id of its own, but has the boot of
// the kernel that it runs on.
type machines map[string]string // an identity to another one of the same machine

func machinesOf(runs []*Run) machines {
	m := machines{}
	for _, h := range hostsOf(runs) {
		if h.Machine != "" && h.Boot != "" {
			m[m.root(h.Boot)] = m.root(h.Machine)
		}
	}
	return m
}

// root is the identity that stands for a machine.
func (m machines) root(id string) string {
	for m[id] != "" && m[id] != id {
		id = m[id]
	}
	return id
}

// of is the machine of a host; empty is that it is not known, as of a run that was saved
// before there was such a thing.
func (m machines) of(h Host) string {
	if h.Machine != "" {
		return m.root(h.Machine)
	}
	if id := m.root(h.Boot); id != h.Boot { // another host of this boot tells the machine
		return id
	}
	return ""
}

// hostsOf are the hosts of some runs, or of their parts.
func hostsOf(runs []*Run) (all []Host) {
	for _, r := range runs {
		for i := range r.Parts {
			all = append(all, r.Parts[i].Host)
		}
		if len(r.Parts) == 0 {
			all = append(all, r.Host)
		}
	}
	return all
}

// Remarks says what of the hosts of some runs may decide on their figures and does not keep
// them from being compared, a sentence each: a machine was restarted, or the runs are of
// containers of one machine.
func Remarks(runs []*Run) (remarks []string) {
	hosts := hostsOf(runs)
	m := machinesOf(runs)
	boots, containers, ids := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, h := range hosts {
		machine := m.of(h)
		boots[machine] = withOnce(boots[machine], h.Boot)
		containers[h.Boot] = withOnce(containers[h.Boot], h.Container)
		ids[h.Boot] = withOnce(ids[h.Boot], h.Machine)
	}
	unknown := len(boots[""])
	others := len(boots) - 1
	delete(boots, "")
	if several(boots) {
		remarks = append(remarks, "the machine rebooted between the runs, or cloned machines or container images share a machine-id")
	}
	if unknown > 1 || unknown > 0 && others > 0 {
		remarks = append(remarks, "whether these runs are of one machine is not known: they are of different boots, and not all hosts have a machine-id")
	}
	switch delete(ids, ""); {
	case several(containers):
		remarks = append(remarks, "these runs were made in different containers of one machine, whose limits may differ")
	case several(ids):
		remarks = append(remarks, "these runs differ in machine-id, and yet are of one boot: containers or images on one machine, whose limits may differ")
	}
	return remarks
}

// several reports whether any list has more than one.
func several(lists map[string][]string) bool {
	for _, list := range lists {
		if len(list) > 1 {
			return true
		}
	}
	return false
}

// withOnce adds a text that is neither empty nor there.
func withOnce(all []string, text string) []string {
	if text == "" || slices.Contains(all, text) {
		return all
	}
	return append(all, text)
}
