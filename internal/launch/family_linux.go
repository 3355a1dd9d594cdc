package launch

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// family is a server and all that it started: whatever is below its keeper.
type family struct {
	keeper *exec.Cmd
	leash  *os.File // to the keeper, which kills all when it is closed
	news   *bufio.Reader
	group  int              // of the server
	empty  chan struct{}    // closed when none is left
	asked  map[process]bool // to end
	at     time.Time        // when any were asked last
	err    error            // why one could not be signalled
}

// newFamily prepares a command, before it is started, to be the first of a family.
func newFamily(cmd *exec.Cmd, output *os.File, _ <-chan struct{}) *family {
	keeper := exec.Command("/proc/self/exe")
	keeper.Args = append([]string{keeperName}, cmd.Args...)
	keeper.ExtraFiles = []*os.File{outputFile - 3: output}
	keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from a terminal is not for it
	return &family{keeper: keeper, empty: make(chan struct{}), asked: map[process]bool{}}
}

// start starts the keeper, which starts the first of the family.
func (f *family) start() error {
	if !canKeep {
		return errors.New("this program does not call launch.Keep")
	}
	held, leash, err := os.Pipe()
	if err != nil {
		return err
	}
	defer held.Close()
	news, told, err := os.Pipe()
	if err != nil {
		leash.Close()
		return err
	}
	defer told.Close()
	f.leash, f.news = leash, bufio.NewReader(news)
	f.keeper.ExtraFiles[leashFile-3], f.keeper.ExtraFiles[newsFile-3] = held, told
	if err := f.keeper.Start(); err != nil {
		leash.Close()
		news.Close()
		return err
	}
	told.Close() // or the news would not end with the keeper
	go func() {
		_ = f.keeper.Wait()
		leash.Close()
		close(f.empty)
	}()
	return f.awaitStarted()
}

// awaitStarted reads the number of the server, or why there is none.
func (f *family) awaitStarted() (err error) {
	line, err := f.line()
	if err != nil {
		return err
	}
	if f.group, err = strconv.Atoi(line); err != nil {
		return errors.New(line)
	}
	return nil
}

// wait waits for the server to end, and returns how it did; nil is with exit status 0.
func (f *family) wait() error {
	line, err := f.line()
	if err == nil && line != errDone.Error() {
		err = errors.New(line)
	}
	return err
}

// line is the next of the keeper's news.
func (f *family) line() (string, error) {
	line, err := f.news.ReadString('\n')
	if err != nil {
		return "", errors.New("the process that watches over it was killed, and what it started may go on")
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// ask asks all to end, each once, however often it is called: others may have come.
func (f *family) ask() {
	const often = 100 * time.Millisecond
	if time.Since(f.at) < often {
		return
	}
	for _, p := range f.members() {
		if id := p.id(); !f.asked[id] {
			f.asked[id] = true
			f.signal(p, syscall.SIGTERM)
		}
	}
	f.at = time.Now()
}

// kill ends all.
func (f *family) kill() {
	for _, p := range f.members() {
		f.signal(p, syscall.SIGKILL)
	}
}

func (f *family) members() []process { return descendants(f.keeper.Process.Pid) }

// signal sends one a signal, and keeps why that failed.
func (f *family) signal(p process, s syscall.Signal) {
	if err := p.signal(s, f.keeper.Process.Pid); err != nil {
		f.err = fmt.Errorf("%v: %w", p, err)
	}
}

// failure says why something that was killed does not end.
func (f *family) failure() error {
	if f.err != nil {
		return f.err
	}
	return errors.New("SIGKILL had no effect")
}

// awaitEmpty waits until none is left, kills those that are left when patience is over, and
// returns what they were. The first process has ended before. An error is that they do not
// end.
func (f *family) awaitEmpty(p *patience) (left []string, err error) {
	for {
		select {
		case <-f.empty:
			return left, nil
		case <-time.After(between):
		}
		switch {
		case p.exhausted():
			f.leash.Close() // for the keeper to end too
			return left, fmt.Errorf("what it left running cannot be ended: %s: %w", strings.Join(left, ", "), f.failure())
		case p.over():
			if len(left) == 0 {
				left = f.names()
			}
			f.kill()
		default:
			f.ask()
		}
	}
}

// names tell what is left.
func (f *family) names() (names []string) {
	for _, p := range f.members() {
		names = append(names, p.String())
	}
	return names
}
