package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/echostamp/echostamp/internal/atomicfile"
)

// outputs are all that a command reads and writes, each of which needs a file of its own. They are
// compared by what they lead to, so that a pipe, a link or a descriptor is known by any of its names.
type outputs struct {
	all []place
	err error
}

// A place is what something is read from or written to.
type place struct {
	what string      // "--output", or what goes to a standard stream
	path string      // empty of a standard stream
	real string      // the path that links lead to
	info fs.FileInfo // nil where nothing is yet
	read bool
}

// reads adds files that are read; "-" is standard input.
func (o *outputs) reads(in io.Reader, paths ...string) {
	for _, path := range paths {
		p := place{what: path, path: path, read: true}
		if file, ok := in.(*os.File); path == "-" && ok {
			if info, err := file.Stat(); err == nil && info.Mode().IsRegular() { // a terminal is read and written
				p.info = info
			}
		} else if path != "-" {
			p.find()
		}
		o.all = append(o.all, p)
	}
}

// stream adds what goes to a standard stream.
func (o *outputs) stream(what string, to io.Writer) {
	p := place{what: what}
	if file, ok := to.(*os.File); ok {
		p.info, _ = file.Stat()
	}
	o.all = append(o.all, p)
}

// writes adds the file that an option names, unless it names none, and notes why it cannot be.
func (o *outputs) writes(option, path string) {
	if path == "" || path == "-" {
		return
	}
	p := place{what: option, path: path}
	p.find()
	for _, other := range o.all {
		if o.err == nil && p.same(other) {
			o.err = p.clash(other)
		}
	}
	o.all = append(o.all, p)
}

func (p *place) find() {
	p.real = atomicfile.Resolve(p.path)
	p.info, _ = atomicfile.Stat(p.path)
}

// same reports whether two places are one; what is written to the null device is not kept at all.
func (p place) same(other place) bool {
	if p.info == nil || other.info == nil {
		return p.real != "" && p.real == other.real
	}
	null, err := os.Stat(os.DevNull)
	return os.SameFile(p.info, other.info) && !(err == nil && os.SameFile(p.info, null))
}

func (p place) clash(other place) error {
	switch {
	case other.read:
		return fmt.Errorf("%s is also an input and would be overwritten", p.path)
	case other.path == "" && p.what == "--stream":
		return fmt.Errorf("--stream: %s is also where %s goes; --stream - moves the report to standard error", p.path, other.what)
	case other.path == "":
		return fmt.Errorf("%s: %s is also where %s goes", p.what, p.path, other.what)
	}
	return fmt.Errorf("%s and %s both write to %s; use different files", p.what, other.what, p.path)
}

// named checks that options which name files do so. Only a stream goes to standard output by
// "-", where reports go anyway.
func named(paths map[string]string) error {
	for option, path := range paths {
		if path == "-" && option != "stream" {
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

// eachOnce checks that no file is read twice.
func eachOnce(files []string) error {
	var seen outputs
	for _, path := range files {
		p := place{path: path}
		if path != "-" {
			p.find()
		}
		for _, other := range seen.all {
			if p.same(other) {
				return fmt.Errorf("%s is listed twice", path)
			}
		}
		seen.all = append(seen.all, p)
	}
	return nil
}
