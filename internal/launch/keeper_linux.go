package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A keeper is a process between this one and a server: this program once more, under another
// name. Whatever a server starts stays below its keeper, for that becomes the parent of those
// whose parents end: children that left group, session and environment are found, and nothing
// else is. When the program that started it goes, in whatever way, the keeper kills them all.
const keeperName = "echostamp-keeper"

// The files of a keeper, after the standard ones.
const (
	leashFile  = 3 // ends when the program that started it has
	newsFile   = 4 // for the number of the server, and then for how it ended
	outputFile = 5 // is the server's
)

// canKeep is set where a program that is started again becomes a keeper.
var canKeep bool

// Keep makes this process a keeper, if it was started as one, and reports true when that is
// over. A program that starts servers calls it before all else.
func Keep() bool {
	if os.Args[0] != keeperName {
		canKeep = true
		return false
	}
	keep(os.Args[1:])
	return true
}

// keep starts a server and returns when neither it nor any that it started is left.
func keep(command []string) {
	for fd := leashFile; fd <= outputFile; fd++ {
		syscall.CloseOnExec(fd)
	}
	news := os.NewFile(newsFile, "news")
	// It has to end after the others, and signals are soon for all: at a terminal, or of a service.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	server, err := startKept(command)
	if err != nil {
		fmt.Fprintln(news, err)
		return
	}
	fmt.Fprintln(news, server)
	let, gone := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(leashFile, "leash"))
		close(let)
	}()
	go func() {
		bury(server, news)
		close(gone)
	}()
	select {
	case <-gone:
	case <-let:
		killAll(gone)
	}
}

// startKept starts the server, which dies with this thread, and thus with this process, at the
// latest.
func startKept(command []string) (pid int, err error) {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("cannot become the parent of what is left behind: %w", err)
	}
	output := os.NewFile(outputFile, "output")
	defer output.Close() // it ends when the others have
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	return cmd.Process.Pid, nil
}

// bury awaits all children until there is none, and tells how the server ended.
func bury(server int, news io.Writer) {
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return
		case pid == server && status.Signaled():
			fmt.Fprintf(news, "signal: %v\n", status.Signal())
		case pid == server:
			fmt.Fprintf(news, "exit status %d\n", status.ExitStatus())
		}
	}
}

// killAll kills all that is below this process until they are gone, for some time.
func killAll(gone <-chan struct{}) {
	for end := time.After(giveUp); ; {
		for _, p := range descendants(os.Getpid()) {
			_ = p.signal(syscall.SIGKILL, os.Getpid())
		}
		select {
		case <-gone:
			return
		case <-end:
			return
		case <-time.After(between):
		}
	}
}
