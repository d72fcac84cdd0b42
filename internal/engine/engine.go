// Package engine starts real databases and brokers for tests and examples: each in a folder of its own, on a free port of
// the loopback interface, and gone with the process that started it.
package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
// server when its standard input ends, which it does when this process dies.
func (s *Server) Start() error {
	cmd, err := command(s.Dir, append([]string{"sh", "-c", `"$@" & echo $!; cat; kill -` + s.stop + ` $!; wait $!`, "sh"}, s.args(s)...)...)
	if err != nil {
		return err
	}
	logged, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
	reader := bufio.NewReader(stdout)
	line, err := reader.ReadString('\n')
	if err != nil {
		return err
	}
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return err
	}
	over := make(chan error, 1)
	s.over = over
	go func() {
		_, _ = io.Copy(outputOf(s.Dir), reader)
		over <- cmd.Wait()
	}()
	return s.await()
}

// outputOf takes what a server says on its standard output; where it cannot be kept it is dropped.
func outputOf(dir string) io.Writer {
	f, err := os.OpenFile(filepath.Join(dir, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return io.Discard
	}
	return f
}

func (s *Server) await() error {
	for deadline := time.Now().Add(startTimeout); ; {
		err := s.ready(s)
		if err == nil {
			return nil
		}
		gone := errors.Is(syscall.Kill(s.pid, 0), syscall.ESRCH)
		if gone || time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
			more, _ := os.ReadFile(filepath.Join(s.Dir, "out"))
			text = append(text, more...)
			s.Stop()
			return fmt.Errorf("the server does not answer: %w\n%s", err, text[max(0, len(text)-4000):])
		}
		time.Sleep(30 * time.Millisecond)
	}
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

// Kill ends the server with SIGKILL, and waits.
func (s *Server) Kill() {
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	s.Stop()
}

// Signal sends the server's process a signal. After a SIGSTOP it waits until every thread stands still, where the system
// tells: on a busy machine some of them go on for a while.
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

// start makes the folder and starts the server there; prepare makes its data.
func start(s *Server, prepare func() error) (*Server, error) {
	var err error
	if s.Dir, err = folder(); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err == nil && prepare != nil {
		err = prepare()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.Dir))
	}
	return s, nil
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

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
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
