package adaptertest_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/hostile"
)

// TestHostile sends the adversarial table through every router, over sockets, as bytes that no client library makes.
func TestHostile(t *testing.T) {
	cases, err := hostile.Load("../../core/testdata/hostile")
	require.NoError(t, err)
	endpoints := hostile.Endpoints()
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			t.Parallel()
			refusals := map[string]refusal{}
			for _, c := range cases {
				e, err := c.At(endpoints)
				require.NoError(t, err)
				hostileCase(t, rt, e, &c, refusals)
			}
			// Plain, asking for credentials (401), and with the connection's end where a body was not read.
			require.GreaterOrEqual(t, len(refusals), 3)
		})
	}
}

// refusal is how the first failed authentication of a kind was answered.
type refusal struct{ name, bytes string }

// hostileCase sends one case's requests. Every failed authentication of a router has to be answered with the bytes of
// the first.
func hostileCase(t *testing.T, rt router, e *hostile.Endpoint, c *hostile.Case, refusals map[string]refusal) {
	t.Helper()
	name := c.Threat + ": " + c.Name
	made, err := e.New(nil)
	require.NoError(t, err, name)
	var n counter
	a := rt.new()
	a.mount("/hooks", made.Guard, n.signal)
	s := facing(a)
	defer s.Close()
	for _, want := range c.Requests() {
		wire, err := want.Wire(e)
		require.NoError(t, err, name)
		before, ran := made.Store.Accesses.Load(), n.Load()
		fetched := made.Outgoing.Requests.Load()
		s.peer.set(want.Peer, want.TLS)
		got := s.exchange(t, wire, want.HangUp)

		all, err := made.Seen.All(t.Context(), made.Guard)
		require.NoError(t, err, name)
		require.Zero(t, s.panics.Load(), name)
		require.Equal(t, want.Status, got.status, name)
		if want.Reason == "" {
			require.Empty(t, all, "%s: net/http answers it, and the guard heard of it", name)
			continue
		}
		require.NotEmpty(t, all, name)
		rec := all[len(all)-1]
		require.Equal(t, want.Reason, rec.Reason, "%s: %s", name, rec.Detail)
		require.EqualValues(t, want.Outgoing, made.Outgoing.Requests.Load()-fetched, "%s: requests for keys", name)
		if want.Answer != "" {
			require.Equal(t, want.Answer, got.body, name)
		}
		accepted := want.Reason == reason.Accepted
		require.Equal(t, accepted && !want.Silent, n.Load() > ran, "%s: signals", name)
		if !accepted && want.Reason != reason.Duplicate && want.Reason != reason.Conflict {
			require.Equal(t, before, made.Store.Accesses.Load(), "%s: the store was asked before anything was proved",
				name)
		}
		if want.Reason.Class() == reason.ClassAuthentication {
			kind := strconv.Itoa(want.Status) + unread(&want)
			first, seen := refusals[kind]
			if !seen {
				first = refusal{name, got.bytes}
				refusals[kind] = first
			}
			require.Equal(t, first.bytes, got.bytes, "%s is distinguished from %s", name, first.name)
		}
	}
}

// unread tells the requests that end their connection, and every answer to which says so, whatever failed.
func unread(r *hostile.Request) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h[0], "Transfer-Encoding") {
			return ", of unknown length"
		}
	}
	if r.HangUp {
		return ", and the sender hung up within its body"
	}
	return ""
}

// front is a server whose connections come from where a case says.
type front struct {
	*httptest.Server
	panics atomic.Int32
	peer   peer
}

type peer struct {
	mu   sync.Mutex
	addr string
	tls  bool
}

func (p *peer) set(addr string, tls bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if addr == "" {
		addr = "192.0.2.1:4711"
	}
	p.addr, p.tls = addr, tls
}

func facing(a *app) *front {
	s := &front{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				s.panics.Add(1)
				panic(v)
			}
		}()
		s.peer.mu.Lock()
		if r.RemoteAddr = s.peer.addr; s.peer.tls {
			r.TLS = &tls.ConnectionState{}
		}
		s.peer.mu.Unlock()
		a.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	return s
}

// reply is what came back, byte for byte but for the date.
type reply struct {
	status int
	bytes  string
	body   string
}

// exchange writes a request to a connection of its own and reads the answer.
func (s *front) exchange(t *testing.T, wire []byte, hangUp bool) reply {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { // an answer may come before everything was sent
		_, _ = conn.Write(wire)
		if hangUp {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	var kept bytes.Buffer
	r := bufio.NewReader(conn)
	length := 0
	for {
		line, err := r.ReadString('\n')
		require.NoError(t, err, "%.300s", wire)
		if strings.HasPrefix(line, "Content-Length: ") {
			length, err = strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "Content-Length: ")))
			require.NoError(t, err)
		}
		if !strings.HasPrefix(line, "Date: ") {
			kept.WriteString(line)
		}
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	_, err = io.ReadFull(r, body)
	require.NoError(t, err)
	kept.Write(body)
	status, err := strconv.Atoi(strings.Fields(kept.String())[1])
	require.NoError(t, err)
	return reply{status, kept.String(), string(body)}
}
