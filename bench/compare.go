package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
)

// A comparison is of two pairs, ours and theirs, at each number of clients.
type comparison struct {
	letter       string
	name         string
	clients      []int
	metrics      map[metric]goal
	ours, theirs pair
	needs        string // a program to skip it without; "" is none
}

// comparisons are all that there are. Those of one half of a pair, or of one
// flag, tell where the difference between the pairs comes from.
func comparisons(t tools) []comparison {
	rates := func(g goal) map[metric]goal { return map[metric]goal{rate: g} }
	delays := func(g goal) map[metric]goal { return map[metric]goal{p50: g, p99: g} }
	lags := func(median, tail goal) map[metric]goal { return map[metric]goal{lagP50: median, lagP99: tail} }
	one, many, few := []int{1}, []int{64, 1000}, []int{64}
	paced := func(flags ...string) pair {
		return pair{t.ourServer(), t.pacedGenerator(append(flags, "--rate", "10000")...)}
	}
	return []comparison{
		{letter: "a", name: "pair : C pair", clients: many, metrics: rates(atLeast(0.95)),
			ours: t.ours(), theirs: t.c()},
		{letter: "b", name: "pair : C pair", clients: one, metrics: delays(atMost(1.05)),
			ours: t.ours(), theirs: t.c()},
		{letter: "c", name: "pair : sockperf", clients: one, metrics: delays(atMost(1)),
			ours: t.ours(), theirs: t.sockperf(), needs: "sockperf"},
		{letter: "d", name: "load : C client, on C server", clients: few, metrics: rates(goal{}),
			ours: pair{t.cServer(), t.ourGenerator("--proto", "echo")}, theirs: t.c()},
		{letter: "e", name: "server : C server, under C client", clients: few, metrics: rates(goal{}),
			ours: pair{t.ourServer(), t.cGenerator(stampSize)}, theirs: t.c()},
		{letter: "f", name: "epoll : portable engine", clients: many, metrics: rates(goal{}),
			ours: t.ours("--engine", "epoll"), theirs: t.ours("--engine", "portable")},
		{letter: "g", name: "kernel : user timestamps", clients: few, metrics: rates(atLeast(0.97)),
			ours:   pair{t.ourServer(), t.ourGenerator("--timestamps", "kernel")},
			theirs: pair{t.ourServer(), t.ourGenerator("--timestamps", "user")}},
		{letter: "j", name: "corrected : raw directions", clients: few, metrics: rates(atLeast(0.98)),
			ours:   pair{t.ourServer(), t.ourGenerator("--clock", "corrected")},
			theirs: pair{t.ourServer(), t.ourGenerator("--clock", "raw")}},
		{letter: "h", name: "10,000/s, epoll : portable engine", clients: few, metrics: lags(oursAtMost(lagP50, 10_000), oursAtMost(lagP99, 100_000)),
			ours: paced(), theirs: paced("--engine", "portable")},
		{letter: "i", name: "10,000/s, --spin : without", clients: few, metrics: lags(oursAtMost(lagP50, 1000), goal{}),
			ours: paced("--spin"), theirs: paced()},
	}
}

// choose returns the comparisons that letters name, in the order of all.
func choose(all []comparison, letters []string) ([]comparison, error) {
	for _, l := range letters {
		if !slices.ContainsFunc(all, func(c comparison) bool { return c.letter == l }) {
			return nil, fmt.Errorf("-only: there is no comparison %q", l)
		}
	}
	return slices.DeleteFunc(all, func(c comparison) bool { return !slices.Contains(letters, c.letter) }), nil
}

// installed returns the comparisons whose programs are there, and names those
// that it leaves out.
func installed(all []comparison) []comparison {
	return slices.DeleteFunc(all, func(c comparison) bool {
		if c.needs == "" {
			return false
		}
		_, err := exec.LookPath(c.needs)
		if err != nil {
			fmt.Printf("skipped: %s. %s: %s is not installed\n\n", c.letter, c.name, c.needs)
		}
		return err != nil
	})
}

// measure runs both sides in turns, so that what else the machine does meets
// both, and returns a row for each metric.
func (c comparison) measure(ctx context.Context, clients, rounds int) ([]row, error) {
	ours, theirs := map[metric][]float64{}, map[metric][]float64{}
	for round := range rounds {
		sides := []func() error{
			func() error { return c.sample(ctx, c.ours, clients, ours) },
			func() error { return c.sample(ctx, c.theirs, clients, theirs) },
		}
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			if err := side(); err != nil {
				return nil, err
			}
		}
	}
	var rows []row
	for _, m := range slices.Sorted(maps.Keys(c.metrics)) {
		rows = append(rows, row{c.letter + ". " + c.name, m, clients, ours[m], theirs[m], c.metrics[m]})
	}
	return rows, nil
}

// sample measures a side once, and adds its figures to into.
func (c comparison) sample(ctx context.Context, side pair, clients int, into map[metric][]float64) error {
	f, err := side.measure(ctx, clients)
	if err != nil {
		return err
	}
	for m := range c.metrics {
		if f[m] <= 0 {
			return fmt.Errorf("a run has no %s: it is too short for that, or nothing came back", m)
		}
		into[m] = append(into[m], f[m])
	}
	return nil
}
