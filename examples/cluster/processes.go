package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cluster is the receivers' processes, and the round-robin before them.
type cluster struct {
	binary, store, url string
	stderr             io.Writer

	next atomic.Uint64
	mu   sync.Mutex
	all  [receivers]*process
}

// process is one receiver.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer // the receiver ends with it
	proxy *httputil.ReverseProxy
}

// start starts a receiver and waits until it listens.
func (c *cluster) start(ctx context.Context, i int) error {
	cmd := exec.CommandContext(ctx, c.binary)
	cmd.Env = append(os.Environ(), roleVariable+"="+routers[i], storeVariable+"="+c.store, urlVariable+"="+c.url)
	cmd.Stderr = c.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
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
		_ = stdin.Close()
		return fmt.Errorf("receiver %d did not start: %w", i+1, cmd.Wait())
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: strings.TrimSpace(line)})
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusBadGateway) // as a load balancer answers for a receiver that is gone
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[i] = &process{cmd: cmd, stdin: stdin, proxy: proxy}
	return nil
}

// restart ends a receiver and starts it again.
func (c *cluster) restart(ctx context.Context, i int, kill bool) error {
	c.mu.Lock()
	p := c.all[i]
	c.mu.Unlock()
	if kill {
		_ = p.cmd.Process.Kill()
	} else {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	_ = p.cmd.Wait()
	_ = p.stdin.Close()
	return c.start(ctx, i)
}

func (c *cluster) stop() {
	for _, p := range c.all {
		if p != nil {
			_ = p.stdin.Close()
			killed := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
			_ = p.cmd.Wait()
			killed.Stop()
		}
	}
}

// ServeHTTP hands each request to the next receiver.
func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := c.next.Add(1) % receivers
	c.mu.Lock()
	p := c.all[i]
	c.mu.Unlock()
	p.proxy.ServeHTTP(w, r)
}
