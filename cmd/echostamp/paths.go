package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"
)

// distinct checks that no file is to be written twice, and none that is read.
func distinct(read []string, written ...string) error {
	const isRead, isWritten = 1, 2
	seen := map[string]int{}
	for _, path := range read {
		seen[identity(path)] = isRead
	}
	for _, path := range written {
		id := identity(path)
		switch {
		case id == "":
		case seen[id] == isRead:
			return fmt.Errorf("%s: it is read, and would be overwritten", path)
		case seen[id] == isWritten:
			return fmt.Errorf("%s: two of what is to be written cannot go to the same file", path)
		default:
			seen[id] = isWritten
		}
	}
	return nil
}

// identity names a file, however a path leads to it; what is not one, such as a device or
// a pipe, has no name.
func identity(path string) string {
	if path == "" || path == "-" {
		return ""
	}
	real, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if followed, err := filepath.EvalSymlinks(real); err == nil {
		real = followed
	}
	if info, err := os.Stat(real); err == nil && !info.Mode().IsRegular() {
		return ""
	}
	return real
}

// named checks that options which name files do name some: an empty one is a mistake of a
// script. Only a stream goes to standard output by "-", where reports go anyway.
func named(paths map[string]string, f *pflag.FlagSet) error {
	for option, path := range paths {
		switch {
		case path == "" && f.Changed(option):
			return fmt.Errorf("--%s: it names no file", option)
		case path == "-" && option != "stream":
			return fmt.Errorf("--%s: reports go to standard output unless it is given; see --format", option)
		}
	}
	return nil
}

// once checks that standard input is read once.
func once(files []string) error {
	if at := slices.Index(files, "-"); at >= 0 && slices.Contains(files[at+1:], "-") {
		return errors.New("-: standard input can be read once")
	}
	return nil
}
