package receiver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What has begun when the receiver is told to end is answered, and its line printed, before it ends.
func TestDrain(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, githubEndpoint))
		m := github("/hooks/github", "{}")
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		_, err = fmt.Fprintf(conn,
			"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nExpect: 100-continue\r\n", m.path,
			len(m.body))
		require.NoError(t, err)
		for name, value := range m.header {
			_, err = fmt.Fprintf(conn, "%s: %s\r\n", name, value)
			require.NoError(t, err)
		}
		_, err = io.WriteString(conn, "\r\n")
		require.NoError(t, err)
		answer := bufio.NewReader(conn)
		// The guard asks for the body: the delivery is being judged.
		line, err := answer.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
		_, err = answer.ReadString('\n')
		require.NoError(t, err)

		r.stop()
		for !strings.Contains(<-r.stderr, "msg=draining") {
		}
		_, err = io.WriteString(conn, m.body)
		require.NoError(t, err)
		resp, err := http.ReadResponse(answer, nil)
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, signalJSON(m.path, "github", "72d3162e", "push", "#1", m.body, "ok"), r.line())
		require.Equal(t, 0, r.end())
		_, err = r.try(m)
		require.Error(t, err, "nobody listens any more")
	})
}

// gated is a writer that blocks until it is opened.
type gated chan struct{}

func (g gated) Write(p []byte) (int, error) {
	<-g
	return len(p), nil
}

func TestDrainWaitsForTheLines(t *testing.T) {
	var m mistakes
	gate := make(gated)
	quiet := slog.New(slog.DiscardHandler)
	endpoints := load(write(t, "receiver.yaml", file("chi", githubEndpoint)), &m).build(trialStore,
		&output{w: gate}, quiet, &m)
	require.NoError(t, m.err())
	app, err := newApp("chi", endpoints, quiet)
	require.NoError(t, err)
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/hooks/github", nil))

	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, drain(ended, &http.Server{}, app), context.Canceled, "a line that nobody took yet")
	close(gate)
	require.NoError(t, drain(context.Background(), &http.Server{}, app))
}
