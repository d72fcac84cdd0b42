package sqltests_test

import (
	"bufio"
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

const password = "p-not-to-be-printed"

// server is a database server in a folder of its own, on a free port of the loopback interface.
type server struct {
	dir     string
	port    int
	signal  string // ends it in an orderly way, clients or not
	command func(s *server) []string
	ping    func(s *server) error

	pid   int
	stdin io.Closer
	over  chan error
}

// as is who runs the servers: PostgreSQL does not run as root.
func as() (*syscall.Credential, error) {
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

// folder makes a folder for a server.
func folder() (string, error) {
	dir, err := os.MkdirTemp("", "sqltests-")
	if err != nil {
		return "", err
	}
	cred, err := as()
	if err == nil && cred != nil {
		err = os.Chown(dir, int(cred.Uid), int(cred.Gid))
	}
	return dir, err
}

// command runs a program as the servers' user.
func command(dir string, args ...string) (*exec.Cmd, error) {
	cred, err := as()
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

// prepare runs a program that has to succeed.
func prepare(dir string, args ...string) error {
	cmd, err := command(dir, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// start starts the server and waits until it answers. A shell stands between: it stops the server when its standard
// input ends, which it does when this process dies.
func (s *server) start() error {
	cmd, err := command(s.dir,
		append([]string{"sh", "-c", `"$@" & echo $!; cat; kill -` + s.signal + ` $!; wait $!`, "sh"},
			s.command(s)...)...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd.Stderr = log
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
		_, _ = io.Copy(io.Discard, reader)
		over <- cmd.Wait()
	}()
	for deadline := time.Now().Add(60 * time.Second); ; {
		err := s.ping(s)
		if err == nil {
			return nil
		}
		gone := errors.Is(syscall.Kill(s.pid, 0), syscall.ESRCH)
		if gone || time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.stop()
			return fmt.Errorf("the server does not answer: %w\n%s", err, text[max(0, len(text)-4000):])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stop ends the server in an orderly way, and waits.
func (s *server) stop() {
	if s.over == nil {
		return
	}
	_ = s.stdin.Close()
	<-s.over
	s.over = nil
}

// kill ends the server with SIGKILL, and waits.
func (s *server) kill() {
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	s.stop()
}

// restart starts the server after a kill; what is left of the old one may stand in the way for a moment.
func (s *server) restart() (err error) {
	for range 20 {
		if err = s.start(); err == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return err
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
func find(name string, patterns ...string) string {
	var found []string
	for _, p := range patterns {
		list, _ := filepath.Glob(filepath.Join(p, name))
		found = append(found, list...)
	}
	if len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1]
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}
