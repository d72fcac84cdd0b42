package core_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// listening serves a guard over real sockets.
func listening(t *testing.T, fn core.Receiver, change func(*core.Config)) (*httptest.Server, *core.Guard, *records) {
	t.Helper()
	c, rec := config(timestamped())
	change(&c)
	g := mustNew(t, c)
	s := httptest.NewUnstartedServer(httpwebhook.Verify(g)(signal(fn)))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s, g, rec
}

// dial opens a connection and writes to it.
func dial(t *testing.T, s *httptest.Server, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	return conn
}

// head is the head of a genuine delivery of a body.
func head(body string, lines ...string) string {
	return "POST /hooks HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\nAcme-Signature: " +
		pairs(testSecret, testTime, body) + "\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

func declared(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

// answerOn reads one answer.
func answerOn(t *testing.T, conn net.Conn) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res
}

func TestSlowSendersHoldNothing(t *testing.T) {
	t.Parallel()
	t.Run("a body that never comes ends with BodyTimeout", func(t *testing.T) {
		t.Parallel()
		s, g, rec := listening(t, never(t), func(c *core.Config) { c.Limits.BodyTimeout = 100 * time.Millisecond })
		conn := dial(t, s, head(event, declared(len(event)))+event[:1])
		res := answerOn(t, conn)
		require.Equal(t, 400, res.StatusCode)
		require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)
		require.Contains(t, rec.last(t, g).Detail, "BodyTimeout")
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "the connection is closed")
		require.Zero(t, g.OpenBodies())
	})
	t.Run("a refused sender's rest is not waited for", func(t *testing.T) {
		t.Parallel()
		s, g, rec := listening(t, never(t), func(c *core.Config) {})
		began := time.Now()
		conn := dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
		require.Equal(t, 400, answerOn(t, conn).StatusCode)
		require.Equal(t, reason.MissingSignature, rec.last(t, g).Reason)
		require.Less(t, time.Since(began), 8*time.Second)
	})
	t.Run("the app may work for longer than a body may take", func(t *testing.T) {
		t.Parallel()
		s, _, _ := listening(t, func(ctx context.Context, _ core.Event) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(400 * time.Millisecond):
				return nil
			}
		}, func(c *core.Config) { c.Limits.BodyTimeout = 100 * time.Millisecond })
		conn := dial(t, s, head(event, declared(len(event)))+event)
		require.Equal(t, 200, answerOn(t, conn).StatusCode)
	})
	t.Run("nor does the server's own deadline reach the app", func(t *testing.T) {
		t.Parallel()
		c, _ := config(timestamped())
		c.Limits.BodyTimeout = 100 * time.Millisecond
		g := mustNew(t, c)
		s := httptest.NewUnstartedServer(httpwebhook.Verify(g)(signal(func(ctx context.Context, _ core.Event) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(600 * time.Millisecond):
				return nil
			}
		})))
		s.Config.ReadTimeout = 300 * time.Millisecond
		s.Start()
		t.Cleanup(s.Close)
		conn := dial(t, s, head(event, declared(len(event)))+event)
		require.Equal(t, 200, answerOn(t, conn).StatusCode)
	})
	t.Run("the connection goes on with its next request, however late", func(t *testing.T) {
		t.Parallel()
		s, _, _ := listening(t, ok, func(c *core.Config) { c.Limits.BodyTimeout = 100 * time.Millisecond })
		conn := dial(t, s, head(event, declared(len(event)))+event)
		require.Equal(t, 200, answerOn(t, conn).StatusCode)
		bad := "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
		_, err := io.WriteString(conn, bad)
		require.NoError(t, err)
		require.Equal(t, 400, answerOn(t, conn).StatusCode)
		time.Sleep(2500 * time.Millisecond) // past every deadline there was
		_, err = io.WriteString(conn, head(event1(2), declared(len(event1(2))))+event1(2))
		require.NoError(t, err)
		require.Equal(t, 200, answerOn(t, conn).StatusCode)
	})
	t.Run("a server's own deadline that is earlier stands", func(t *testing.T) {
		t.Parallel()
		c, rec := config(timestamped())
		g := mustNew(t, c)
		s := httptest.NewUnstartedServer(httpwebhook.Verify(g)(signal(never(t))))
		s.Config.ReadTimeout = 100 * time.Millisecond
		s.Start()
		t.Cleanup(s.Close)
		conn := dial(t, s, head(event, declared(len(event)))+event[:1])
		require.Equal(t, 400, answerOn(t, conn).StatusCode)
		require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)
	})
}

func TestHTTP2HasTheSameDeadlines(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Limits.BodyTimeout, c.DangerouslyAllowHTTP = 100*time.Millisecond, false
	g := mustNew(t, c)
	s := httptest.NewUnstartedServer(httpwebhook.Verify(g)(signal(func(r *http.Request, _ core.Event) error {
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-time.After(300 * time.Millisecond):
			return nil
		}
	})))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	send := func(body io.Reader) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
		require.NoError(t, err)
		r.Header.Set("Acme-Signature", pairs(testSecret, testTime, event))
		res, err := s.Client().Do(r)
		require.NoError(t, err)
		require.Equal(t, 2, res.ProtoMajor)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, 200, send(strings.NewReader(event)))
	slow, w := io.Pipe()
	go func() { _, _ = io.WriteString(w, event[:1]) }()
	require.Equal(t, 400, send(slow))
	require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)
	require.Contains(t, rec.last(t, g).Detail, "BodyTimeout")
}

func TestNobodyIsAskedForABodyInVain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s, _, _ := listening(t, func(context.Context, core.Event) error { n.Add(1); return nil }, func(c *core.Config) {
		c.Credentials = []core.Credential{core.BasicAuth(secrets.Static("user:a-long-enough-password"))}
	})
	conn := dial(t, s, head(event, declared(len(event)), "Expect: 100-continue", "Authorization: Basic dXNlcjpubw=="))
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(all), "HTTP/1.1 400 "), "no 100 before the refusal: %s", all)

	conn = dial(t, s, head(event, declared(len(event)), "Expect: 100-continue",
		"Authorization: Basic dXNlcjphLWxvbmctZW5vdWdoLXBhc3N3b3Jk"))
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = io.WriteString(conn, event)
	require.NoError(t, err)
	_, err = r.ReadString('\n')
	require.NoError(t, err)
	line, err = r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200 OK\r\n", line)
	require.EqualValues(t, 1, n.Load())
}

// TestTransfersThatLie sends what no client library would. What net/http answers itself never reaches the guard.
func TestTransfersThatLie(t *testing.T) {
	t.Parallel()
	chunk := func(s, extension string) string { return fmt.Sprintf("%x%s\r\n%s\r\n0\r\n\r\n", len(s), extension, s) }
	const chunkedLine = "Transfer-Encoding: chunked"
	for _, row := range []struct {
		name, send string
		hangUp     bool
		want       int
		ran        int32
	}{
		{"a genuine delivery", head(event, declared(len(event))) + event, false, 200, 1},
		{"a genuine delivery in chunks", head(event, chunkedLine) + chunk(event, ""), false, 200, 1},
		{"a chunk extension", head(event, chunkedLine) + chunk(event, ";name=value"), false, 200, 1},
		{"a chunk extension of 100 KB", head(event, chunkedLine) + chunk(event, ";"+strings.Repeat("x", 100<<10)),
			false, 400, 0},
		{"many chunks of one byte with extensions",
			head(event, chunkedLine) + strings.Repeat("1;"+strings.Repeat("x", 100)+"\r\nx\r\n", 2000) + "0\r\n\r\n",
			false, 400, 0},
		{"a chunk size that ends in a bare line feed",
			head(event, chunkedLine) + fmt.Sprintf("%x\n%s\r\n0\r\n\r\n", len(event), event), false, 400, 0},
		{"a chunk without its last", head(event, chunkedLine) + fmt.Sprintf("%x\r\n%s\r\n", len(event), event), true,
			400, 0},
		{"a body shorter than it says", head(event, declared(len(event)+1)) + event, true, 400, 0},
		{"a body shorter than it says, signed as it is", head(event[:5], declared(len(event))) + event[:5], true, 400,
			0},
		{"two lengths that differ", head(event, declared(len(event)), declared(len(event)+1)) + event, false, 400, 0},
		{"two lengths that are equal", head(event, declared(len(event)), declared(len(event))) + event, false, 200, 1},
		{"a list of lengths", head(event, fmt.Sprintf("Content-Length: %d, %d", len(event), len(event))) + event, false,
			400, 0},
		{"a negative length", head(event, "Content-Length: -1") + event, false, 400, 0},
		{"a length with a sign", head(event, fmt.Sprintf("Content-Length: +%d", len(event))) + event, false, 400, 0},
		{"a length and chunks: the chunks count", head(event, declared(3), chunkedLine) + chunk(event, ""), false, 200,
			1},
		{"an unknown transfer encoding", head(event, "Transfer-Encoding: gzip, chunked") + chunk(event, ""), false, 501,
			0},
		{"one gigabyte declared", head(event, declared(1<<30)) + event, false, 413, 0},
		{"a doubled signature header", head(event, declared(len(event)), "Acme-Signature: t=1,v1=00") + event, false,
			400, 0},
		{"two hosts", head(event, declared(len(event)), "Host: evil.example") + event, false, 400, 0},
		{"a header flood", head(event, declared(len(event)), "X-A: "+strings.Repeat("a", 2<<20)) + event, false, 431,
			0},
		{"a flood of hops", head(event, declared(len(event)), "X-Forwarded-For: "+
			strings.Repeat("10.0.0.1,", 50_000)) + event, false, 400, 0},
		{"a flood of Forwarded",
			head(event, declared(len(event)), "Forwarded: "+strings.Repeat("for=10.0.0.1,", 50_000)) + event, false,
			400, 0},
		{"a folded header", head(event, declared(len(event)), "X-Forwarded-Proto: http,\r\n https") + event, false, 400,
			0},
		{"an absolute target",
			strings.Replace(head(event, declared(len(event))), "POST /hooks", "POST https://hooks.example.com/hooks",
				1) + event, false, 400, 0},
		{"an absolute target for another host",
			strings.Replace(head(event, declared(len(event))), "POST /hooks", "POST https://evil.example/hooks",
				1) + event, false, 400, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var ran atomic.Int32
			s, _, _ := listening(t, func(context.Context, core.Event) error { ran.Add(1); return nil },
				func(c *core.Config) {
					c.DangerouslyAllowHTTP, c.TrustedProxies, c.Sources = false, core.PrivateNetworks,
						core.PrivateNetworks
				})
			send := strings.Replace(row.send, "Host: hooks.example.com\r\n",
				"Host: hooks.example.com\r\nX-Forwarded-Proto: https\r\n", 1)
			if strings.Contains(send, "X-Forwarded-Proto: http,") {
				send = strings.Replace(send, "X-Forwarded-Proto: https\r\n", "", 1)
			}
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			go func() {
				_, _ = io.WriteString(conn, send)
				if row.hangUp {
					_ = conn.(*net.TCPConn).CloseWrite()
				}
			}()
			res := answerOn(t, conn)
			require.Equal(t, row.want, res.StatusCode)
			require.Equal(t, row.ran, ran.Load())
		})
	}
}

func TestWhatFollowsALieIsNotASecondDelivery(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	s, _, _ := listening(t, func(context.Context, core.Event) error { ran.Add(1); return nil }, func(*core.Config) {})
	// A pipelined genuine delivery behind a refused one whose length swallows the beginning of it.
	conn := dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"+
		head(event, declared(len(event)))+event)
	_, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Zero(t, ran.Load())
	// And one that is whole.
	conn = dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"+
		head(event, declared(len(event)), "Connection: close")+event)
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(all), "HTTP/1.1 "))
	require.EqualValues(t, 1, ran.Load())
}

// liveHeap is what is reachable, of the whole test program. What is allocated while a collection runs counts as
// reachable until the next one, whatever became of it, which on a busy machine is as much again: the least of three
// counts.
func liveHeap() uint64 {
	least := ^uint64(0)
	for range 3 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, m.HeapAlloc)
	}
	return least
}

// TestAThousandSlowSenders holds 1,000 connections that declare exactly the limit and send a byte a second, and 1,000
// that declare a gigabyte, and delivers meanwhile.
func TestAThousandSlowSenders(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: two thousand connections take some seconds; run without -short")
	}
	const each, seconds = 1000, 4
	var ran atomic.Int32
	s, g, _ := listening(t, func(context.Context, core.Event) error { ran.Add(1); return nil }, func(c *core.Config) {
		c.Limits.BodyTimeout = time.Minute // so that a slow machine does not end them before the test does
	})
	var slow, vast []net.Conn
	slowHead := head(event, declared(1<<20))
	for range each {
		slow = append(slow, dial(t, s, slowHead+"{"))
		vast = append(vast, dial(t, s, head(event, declared(1<<30))+"{"))
	}
	for _, conn := range vast {
		require.Equal(t, 413, answerOn(t, conn).StatusCode)
	}
	deadline := time.Now().Add(10 * time.Second)
	for g.OpenBodies() < each {
		require.True(t, time.Now().Before(deadline), "only %d bodies are being read", g.OpenBodies())
		time.Sleep(5 * time.Millisecond)
	}
	most := uint64(0)
	var worst time.Duration
	for second := range seconds {
		for _, conn := range slow {
			_, err := io.WriteString(conn, " ")
			require.NoError(t, err)
		}
		for n := range 50 {
			body := event1(1000*second + n)
			began := time.Now()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Acme-Signature", pairs(testSecret, testTime, body))
			res, err := s.Client().Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, 200, res.StatusCode)
			worst = max(worst, time.Since(began))
		}
		most = max(most, liveHeap())
		time.Sleep(time.Second)
	}
	require.EqualValues(t, each, g.OpenBodies(), "the slow senders were there all the time")
	require.EqualValues(t, 50*seconds, ran.Load())
	t.Logf("live heap, client side included: at most %d MiB; slowest delivery %s", most>>20,
		worst.Round(time.Millisecond))
	require.Less(t, most, uint64(128<<20))
}

// TestAThousandBodiesAtTheLimit sends all but the last byte of 1,000 bodies of 1 MiB, which would be a gigabyte.
func TestAThousandBodiesAtTheLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: a thousand large bodies take some seconds; run without -short")
	}
	var ran atomic.Int32
	s, g, _ := listening(t, func(context.Context, core.Event) error { ran.Add(1); return nil }, func(c *core.Config) {})
	t.Logf("before: %d MiB", liveHeap()>>20)
	big := bytes.Repeat([]byte("x"), 1<<20-1) // the same for all of them: a text would be copied for each
	begin := make(chan struct{})
	for range 1000 {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		go func() {
			<-begin // all at once
			if _, err := io.WriteString(conn, head(event, declared(1<<20))); err == nil {
				_, _ = conn.Write(big)
			}
		}()
	}
	close(begin)
	most, deadline := uint64(0), time.Now().Add(8*time.Second)
	served := 0
	for n := 0; time.Now().Before(deadline); n++ {
		conn := dial(t, s, head(event1(n), declared(len(event1(n))), "Connection: close")+event1(n))
		if answerOn(t, conn).StatusCode == 200 {
			served++
		}
		_ = conn.Close()
		if n%20 == 0 {
			most = max(most, liveHeap())
		}
		require.LessOrEqual(t, g.OpenBodies(), int64(2048))
	}
	t.Logf("live heap, client side included: at most %d MiB; %d deliveries served, of %d", most>>20, served, ran.Load())
	require.Less(t, most, uint64(128<<20))
	require.NotZero(t, served)
}
