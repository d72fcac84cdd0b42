package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Options of an engine.
type Options struct {
	// Durable makes what was acknowledged outlive the server's crash, as a careful operator would have it; without it
	// tests are faster.
	Durable bool
	// Args are further arguments of the program.
	Args []string

	port func() (int, error) // nil: a free one
}

// Redis starts redis-server; where SALLYPORT_REDIS names another program that takes its arguments, such as
// valkey-server or the path of one, that program, so that every test of Redis runs on it.
func Redis(o Options) (*Server, error) {
	name := cmp.Or(os.Getenv("SALLYPORT_REDIS"), "redis-server")
	return redis(o, name, filepath.Base(name))
}

// Valkey starts valkey-server. Debian 12 itself does not have it, but its backports do ("apt-cache policy
// valkey-server" says so where they are among the sources), and so does Debian 13.
func Valkey(o Options) (*Server, error) {
	return redis(o, "valkey-server", "-t bookworm-backports valkey-server")
}

func redis(o Options, name, pkg string) (*Server, error) {
	program, err := find(name, pkg)
	if err != nil {
		return nil, err
	}
	s := &Server{stop: "TERM"}
	s.args = func(s *Server) []string {
		args := []string{program, "--bind", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--dir", s.Dir, "--save", "",
			"--protected-mode", "no"}
		if o.Durable {
			args = append(args, "--appendonly", "yes", "--appendfsync", "always")
		}
		return append(args, o.Args...)
	}
	s.ready = func(s *Server) error { return ask(s, "PING\r\n", "+PONG", "-NOAUTH") }
	return start(s, o, nil)
}

// NATS starts nats-server with JetStream.
func NATS(o Options) (*Server, error) {
	program, err := find("nats-server", "nats-server", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	s := &Server{stop: "TERM", ready: answersTCP}
	s.args = func(s *Server) []string {
		return append([]string{program, "-a", "127.0.0.1", "-p", strconv.Itoa(s.Port), "-js", "-sd", s.Dir}, o.Args...)
	}
	return start(s, o, nil)
}

// PostgreSQL starts postgres, whose superuser "owner" needs no password and whose database is "postgres".
func PostgreSQL(o Options) (*Server, error) {
	const where = "/usr/lib/postgresql/*/bin"
	initdb, err := find("initdb", "postgresql", where)
	if err != nil {
		return nil, err
	}
	program, err := find("postgres", "postgresql", where)
	if err != nil {
		return nil, err
	}
	s := &Server{stop: "INT"}
	s.args = func(s *Server) []string {
		args := []string{
			program, "-D", filepath.Join(s.Dir, "data"), "-c", "listen_addresses=127.0.0.1", "-c",
			fmt.Sprintf("port=%d", s.Port),
			"-c", "unix_socket_directories=", "-c", "max_connections=200",
		}
		if !o.Durable {
			args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
		}
		return append(args, o.Args...)
	}
	// A startup message (protocol 3.0) is answered by R once the server takes connections, and by E before.
	const hello = "user\x00owner\x00database\x00postgres\x00\x00"
	s.ready = func(s *Server) error {
		return ask(s, string([]byte{0, 0, 0, 8 + byte(len(hello)), 0, 3, 0, 0})+hello, "R")
	}
	return start(s, o, func() error {
		return do(s.Dir, initdb, "-D", filepath.Join(s.Dir, "data"), "-U", "owner", "--auth=trust", "--no-sync", "-E",
			"UTF8", "--locale=C")
	})
}

// MariaDB starts mariadbd, whose user "root" needs no password and whose database is "test".
func MariaDB(o Options) (*Server, error) {
	const pkg = "mariadb-server"
	install, err := find("mariadb-install-db", pkg)
	if err != nil {
		return nil, err
	}
	program, err := find("mariadbd", pkg, "/usr/sbin")
	if err != nil {
		return nil, err
	}
	s := &Server{stop: "TERM"}
	s.args = func(s *Server) []string {
		args := []string{
			program, "--no-defaults", "--datadir=" + filepath.Join(s.Dir, "data"), "--bind-address=127.0.0.1",
			fmt.Sprintf("--port=%d", s.Port), "--socket=" + filepath.Join(s.Dir, "socket"), "--max-connections=200",
			"--skip-name-resolve",
		}
		if !o.Durable {
			args = append(args, "--innodb-flush-log-at-trx-commit=0")
		}
		return append(args, o.Args...)
	}
	s.ready = func(s *Server) error { return ask(s, "", "") }
	return start(s, o, func() error {
		return do(s.Dir, install, "--no-defaults", "--datadir="+filepath.Join(s.Dir, "data"),
			"--auth-root-authentication-method=normal")
	})
}

// ask says something to the server and waits for an answer that begins in one of the ways given.
func ask(s *Server, question string, answers ...string) error {
	c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write([]byte(question)); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := c.Read(answer)
	if err != nil {
		return err
	}
	for _, want := range answers {
		if bytes.HasPrefix(answer[:n], []byte(want)) {
			return nil
		}
	}
	return errors.New("the server is not ready: " + strconv.Quote(string(answer[:n])))
}
