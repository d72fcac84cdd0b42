package core_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// slowloris opens connections that send a byte of their headers now and then, and counts those that the server has
// closed after the time given.
func slowloris(t *testing.T, addr string, connections int, after time.Duration) (closed int) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for range connections {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		all.Go(func() {
			defer func() { _ = conn.Close() }()
			ended := make(chan struct{})
			go func() { // the answer, if any, and the end
				_, _ = io.Copy(io.Discard, conn)
				close(ended)
			}()
			_, _ = io.WriteString(conn, "POST /hooks HTTP/1.1\r\nHost: x\r\nX-Slow: ")
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			limit := time.After(after)
			for {
				select {
				case <-ended:
					mu.Lock()
					closed++
					mu.Unlock()
					return
				case <-limit:
					return
				case <-tick.C:
					_, _ = io.WriteString(conn, "x")
				}
			}
		})
	}
	all.Wait()
	return closed
}

func TestSlowHeadersHoldNoConnection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*http.Server)
		closed int
	}{
		{"a server with its limits", func(*http.Server) {}, 64},
		{"the read timeout alone", func(s *http.Server) { s.ReadHeaderTimeout = 0 }, 64},
		{"one without", func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout = 0, 0 }, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(timestamped())
			g := mustNew(t, c)
			server := &http.Server{
				Handler:           httpwebhook.Verify(g)(signal(ok)),
				ReadHeaderTimeout: 100 * time.Millisecond, ReadTimeout: 200 * time.Millisecond,
				WriteTimeout: time.Second, IdleTimeout: time.Second, MaxHeaderBytes: 64 << 10,
			}
			row.change(server)
			lacks := len(core.CheckServer(server)) > 0
			require.Equal(t, row.closed == 0, lacks, "the check names what the test shows")
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error, 1)
			go func() { served <- server.Serve(ln) }()
			defer func() {
				require.NoError(t, server.Close())
				require.ErrorIs(t, <-served, http.ErrServerClosed)
			}()
			genuine := make(chan int, 1)
			go func() {
				r := signed(event)
				r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", ln.Addr().String()
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				resp, err := client.Do(r)
				if err != nil {
					genuine <- 0
					return
				}
				_ = resp.Body.Close()
				genuine <- resp.StatusCode
			}()
			require.Equal(t, row.closed, slowloris(t, ln.Addr().String(), 64, 1500*time.Millisecond))
			require.Equal(t, 200, <-genuine, "genuine deliveries are served meanwhile")
			require.NoError(t, g.Flush(t.Context()))
		})
	}
}
