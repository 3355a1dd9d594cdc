// Command bench measures echostamp against bare C programs and sockperf, and
// prints the ratios. Figures of one machine say nothing about another's, and
// those of one minute little about the next; ratios taken in turns do.
//
//	go run ./bench
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	only := flag.String("only", "a,b,c,d,e,f,g,h,i,j", "comparisons to make, by letter")
	rounds := flag.Int("rounds", 5, "rounds of each comparison; a round runs each side once")
	seconds := flag.Int("seconds", 2, "what each run measures, after half a second of warm-up")
	flag.Parse()
	if *rounds < 1 || *seconds < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "bench: -rounds and -seconds are at least 1, and nothing follows the options")
		return exitUsage
	}
	err := bench(ctx, strings.Split(*only, ","), *rounds, *seconds)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		return exitFailed
	}
	return 0
}

// bench prints what was measured as soon as it is, because all of it takes
// minutes.
func bench(ctx context.Context, letters []string, rounds, seconds int) error {
	dir, err := os.MkdirTemp("", "echostamp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, err := build(ctx, dir, seconds)
	if err != nil {
		return err
	}
	chosen, err := choose(comparisons(t), letters)
	if err != nil {
		return err
	}
	fmt.Printf("%s; `%s`\n\n", machine(), command())
	if chosen = installed(chosen); len(chosen) == 0 {
		return errors.New("nothing is left to compare")
	}
	fmt.Print(heading())
	for _, c := range chosen {
		for _, clients := range c.clients {
			rows, err := c.measure(ctx, clients, rounds)
			if err != nil {
				return fmt.Errorf("%s, %d clients: %w", c.name, clients, err)
			}
			for _, r := range rows {
				fmt.Print(r)
			}
		}
	}
	return nil
}

func command() string {
	return strings.Join(append([]string{"go run ./bench"}, os.Args[1:]...), " ")
}

// machine is what the figures depend on besides the programs.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d cores, %s %s, %s", cpu(), runtime.NumCPU(), runtime.GOOS, strings.TrimSpace(string(kernel)), runtime.Version())
}

// cpu returns the model of the processor, where the system tells it.
func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown cpu"
}
