// Package engine starts real databases and brokers for tests and examples: each in a folder of its own, on a free port
// of the loopback interface, and gone with the process that started it.
package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is one running engine. Its methods are for one goroutine.
type Server struct {
	Port int
	Dir  string // for its data and its log

	args  func(s *Server) []string
	stop  string // the signal that ends it in an orderly way
	ready func(s *Server) error
	pid   int
	stdin io.Closer
	over  chan error
}

// MissingError says that a program is not installed.
type MissingError struct {
	Program string
	Package string // of Debian
}

// Error says how to install it.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed: apt-get install %s", e.Program, e.Package)
}

// Addr is where the server listens.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 60 * time.Second

// Start starts the server, again after Stop or Kill, and waits until it answers. A shell stands between: it stops the
// server when its standard input ends, which it does when this process dies. The shell alone writes to its standard
// output, so that the server's process id is the first line, whatever the server says meanwhile.
func (s *Server) Start() error {
	for deadline := time.Now().Add(startTimeout); ; {
		err := s.startOnce()
		// PostgreSQL's own processes outlive the one that was killed for a moment.
		if err == nil || !bytes.Contains(s.said(), []byte("pre-existing shared memory block")) ||
			time.Now().After(deadline) {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
}

func (s *Server) startOnce() error {
	script := `"$@" >out & echo $!; cat >/dev/null; kill -` + s.stop + ` $!; wait $!`
	cmd, err := command(s.Dir, append([]string{"sh", "-c", script, "sh"}, s.args(s)...)...)
	if err != nil {
		return err
	}
	logged, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = logged.Close() }()
	cmd.Stderr = logged
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return err
	}
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return err
	}
	over := make(chan error, 1)
	s.over = over
	go func() { over <- cmd.Wait() }()
	return s.await()
}

// ErrPortTaken is wrapped by the error of a server whose port another program has.
var ErrPortTaken = errors.New("another program has the port")

func (s *Server) await() error {
	for deadline := time.Now().Add(startTimeout); ; {
		err := s.ready(s)
		if err == nil && s.listens() {
			return nil
		}
		gone := s.gone() // before the text is read: the last that a server writes is why it ends
		text := s.said()
		taken := bytes.Contains(bytes.ToLower(text), []byte("address already in use"))
		if taken || gone || time.Now().After(deadline) {
			s.Stop()
			switch {
			case taken:
				err = errors.Join(ErrPortTaken, err)
			case err == nil:
				err = errors.New("another program answers on its port")
			}
			return fmt.Errorf("the server does not answer: %w\n%s", err, text[max(0, len(text)-4000):])
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// said is what the server has written since it was started.
func (s *Server) said() []byte {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
	more, _ := os.ReadFile(filepath.Join(s.Dir, "out"))
	return append(text, more...)
}

// gone reports whether the process has ended. The shell, which waits for something else, has not taken notice of it
// yet.
func (s *Server) gone() bool {
	if errors.Is(syscall.Kill(s.pid, 0), syscall.ESRCH) {
		return true
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	at := bytes.LastIndexByte(text, ')')
	return err == nil && at >= 0 && bytes.HasPrefix(text[at:], []byte(") Z"))
}

// listens reports whether it is this server that listens on the port, and not another that answers there. Where the
// system does not say it reports true.
func (s *Server) listens() bool {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return true
	}
	folder := fmt.Sprintf("/proc/%d/fd", s.pid)
	open, err := os.ReadDir(folder) // empty while the process ends
	if errors.Is(err, os.ErrPermission) {
		return true
	}
	own := map[string]bool{}
	for _, fd := range open {
		target, _ := os.Readlink(filepath.Join(folder, fd.Name()))
		own[target] = true
	}
	for line := range strings.Lines(string(table)) {
		const address, state, inode, listening = 1, 3, 9, "0A"
		f := strings.Fields(line)
		if len(f) > inode && strings.HasSuffix(f[address], fmt.Sprintf(":%04X", s.Port)) && f[state] == listening &&
			own["socket:["+f[inode]+"]"] {
			return true
		}
	}
	return false
}

// Stop ends the server in an orderly way, and waits.
func (s *Server) Stop() {
	if s.over == nil {
		return
	}
	_ = s.stdin.Close()
	<-s.over
	s.over = nil
}

// Kill ends the server with SIGKILL, and waits for its processes: those of PostgreSQL, which serve the connections, end
// a moment after the first one.
func (s *Server) Kill() {
	children := s.children()
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	s.Stop()
	for end := time.Now().Add(10 * time.Second); slices.ContainsFunc(children, runs) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// children returns the processes that the server has started; none where there is no /proc.
func (s *Server) children() (pids []string) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.pid))
	for _, name := range lists {
		text, _ := os.ReadFile(name)
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}

// runs reports whether a process has not ended. One that nobody has waited for yet, a zombie, has.
func runs(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// Signal sends the server's process a signal. After a SIGSTOP it waits until every thread stands still, where the
// system tells: on a busy machine some of them go on for a while.
func (s *Server) Signal(sig syscall.Signal) error {
	if err := syscall.Kill(s.pid, sig); err != nil || sig != syscall.SIGSTOP {
		return err
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if s.standsStill() {
			return nil
		}
	}
	return errors.New("the server did not stand still")
}

func (s *Server) standsStill() bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.pid)) // none where there is no /proc
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // a thread that has ended
		}
		// The state stands behind the program's name, which is in parentheses.
		if at := bytes.LastIndexByte(text, ')'); at < 0 || !bytes.HasPrefix(text[at:], []byte(") T")) {
			return false
		}
	}
	return true
}

// Close stops the server and removes its folder.
func (s *Server) Close() error {
	s.Stop()
	return os.RemoveAll(s.Dir)
}

// portTries is how many ports are tried. Between the look at a port and the server's own, another program may take it.
const portTries = 10

// start makes the folder and starts the server there; prepare makes its data.
func start(s *Server, o Options, prepare func() error) (*Server, error) {
	var err error
	if s.Dir, err = folder(); err != nil {
		return nil, err
	}
	if prepare != nil {
		err = prepare()
	}
	port := freePort
	if o.port != nil {
		port = o.port
	}
	for try := 0; err == nil && try < portTries; try++ {
		if s.Port, err = port(); err != nil {
			break
		}
		if err = s.Start(); err == nil {
			return s, nil
		}
		if errors.Is(err, ErrPortTaken) && try < portTries-1 {
			err = nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(s.Dir))
}

// answersTCP is for servers that listen only once they can serve.
func answersTCP(s *Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	return c.Close()
}

// runAs is who runs the servers: PostgreSQL does not run as root.
func runAs() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "mysql", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is no user but root to run the servers as")
}

func folder() (string, error) {
	dir, err := os.MkdirTemp("", "engine-")
	if err != nil {
		return "", err
	}
	cred, err := runAs()
	if err == nil && cred != nil {
		err = os.Chown(dir, int(cred.Uid), int(cred.Gid))
	}
	return dir, err
}

// command runs a program as the servers' user, in their folder.
func command(dir string, args ...string) (*exec.Cmd, error) {
	cred, err := runAs()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	// A mariadbd that starts removes the temporary tables it finds in its folder for them, also those of another.
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir, "LC_ALL=C")
	if cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	return cmd, nil
}

// do runs a program that has to succeed.
func do(dir string, args ...string) error {
	cmd, err := command(dir, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// freePort returns a port on which nobody listens. It is below those that the system gives to connections, which would
// otherwise take the port of a server that is down for a moment.
func freePort() (int, error) {
	const first, last = 15_000, 32_000
	var l net.Listener
	var err error
	for range 100 {
		port := first + rand.IntN(last-first)
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// find looks for a program where Debian puts it, the newest first, and in the PATH.
func find(name, pkg string, folders ...string) (string, error) {
	var found []string
	for _, f := range folders {
		list, _ := filepath.Glob(filepath.Join(f, name))
		found = append(found, list...)
	}
	if len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &MissingError{name, pkg}
	}
	return path, nil
}
