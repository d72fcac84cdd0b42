package adaptertest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	secret = "a-signing-secret-of-enough-bytes"
	pair   = "hooks:a-password-of-enough-bytes"
	path   = "/hooks/github"
	body   = `{"name":"x"}`
)

var quiet = slog.New(slog.DiscardHandler)

// records collects what the observer gets.
type records struct {
	mu  sync.Mutex
	all []core.Record
}

func (r *records) Observe(_ context.Context, rec core.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
}

// last is what the guard has reported last.
func (r *records) last(t *testing.T, g *core.Guard) core.Record {
	t.Helper()
	require.NoError(t, g.Flush(t.Context()))
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NotEmpty(t, r.all)
	return r.all[len(r.all)-1]
}

func newGuard(t *testing.T, change ...func(*core.Config)) (*core.Guard, *records) {
	t.Helper()
	rec := &records{}
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	config := core.Config{
		Endpoint: "github", Provider: provider.GitHub(), Secrets: secrets.Static(secret),
		Replay: store, StoreFailure: core.RefuseDelivery, Observers: []core.Observer{rec}, Logger: quiet,
		DangerouslyAllowHTTP: true,
	}
	for _, c := range change {
		c(&config)
	}
	g, err := core.New(config)
	require.NoError(t, err)
	return g, rec
}

// newBasic is a guard that asks for a credential only.
func newBasic(t *testing.T, endpoint string) (*core.Guard, *records) {
	t.Helper()
	return newGuard(t, func(c *core.Config) {
		c.Endpoint, c.Provider, c.Secrets = endpoint, provider.Basic(), nil
		c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(pair))}
	})
}

// server serves an app over real connections, and counts the panics that come out of it.
type server struct {
	*httptest.Server
	panics  atomic.Int32
	running running
}

// running counts the requests that are being served. Unlike a sync.WaitGroup it may be waited for while one begins.
type running struct {
	mu sync.Mutex
	n  int
	// ended is closed when n falls to zero, and nil while nobody waits.
	ended chan struct{}
}

func (r *running) add(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n += n
	if r.n == 0 && r.ended != nil {
		close(r.ended)
		r.ended = nil
	}
}

func (r *running) wait() {
	r.mu.Lock()
	if r.n == 0 {
		r.mu.Unlock()
		return
	}
	if r.ended == nil {
		r.ended = make(chan struct{})
	}
	ended := r.ended
	r.mu.Unlock()
	<-ended
}

func serve(t *testing.T, a *app) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.running.add(1)
		defer s.running.add(-1)
		defer func() {
			if v := recover(); v != nil {
				s.panics.Add(1)
				panic(v)
			}
		}()
		a.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// answer is what the client saw.
type answer struct {
	status int
	header http.Header
	body   string
	closed bool
}

func signature(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, text)
	return hex.EncodeToString(h.Sum(nil))
}

func basicHeader() string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

// request makes a genuine delivery.
func (s *server) request(t *testing.T, at, text string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+at, strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "push")
	r.Header.Set("X-Hub-Signature-256", "sha256="+signature(secret, text))
	return r
}

func (s *server) send(t *testing.T, r *http.Request) answer {
	t.Helper()
	a, err := s.try(r)
	require.NoError(t, err)
	return a
}

func (s *server) try(r *http.Request) (answer, error) {
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b), res.Close}, err
}

// deliver sends a genuine delivery to the usual path.
func (s *server) deliver(t *testing.T) answer {
	t.Helper()
	return s.send(t, s.request(t, path, body))
}

// counter counts calls.
type counter struct{ atomic.Int32 }

func (n *counter) signal(*call, core.Event) error {
	n.Add(1)
	return nil
}

func (n *counter) plain(*call) error {
	n.Add(1)
	return nil
}

// guarded is an app with one plain handler behind a guard of its own.
func guarded(t *testing.T, rt router, fn func(*call) error, outer ...any) (*server, *core.Guard, *records) {
	t.Helper()
	g, rec := newGuard(t)
	a := rt.new()
	for _, mw := range outer {
		a.use(mw)
	}
	a.post(path, rt.plain(fn), rt.verify(g, nil))
	return serve(t, a), g, rec
}

// signalling is an app with one signal behind a guard of its own.
func signalling(t *testing.T, rt router, fn receiver, outer ...any) (*server, *core.Guard, *records) {
	t.Helper()
	g, rec := newGuard(t)
	a := rt.new()
	for _, mw := range outer {
		a.use(mw)
	}
	a.post(path, rt.signal(fn), rt.verify(g, nil))
	return serve(t, a), g, rec
}

// take receives what a handler has sent, and fails rather than hang where none did.
func take[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the handler sent nothing")
		panic("unreachable")
	}
}

// row is one line of the table. A name says what holds.
type row struct {
	name string
	run  func(*testing.T, router)
}

// table runs every row over every router.
func table(t *testing.T, rows []row) {
	t.Helper()
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			for _, r := range rows {
				t.Run(r.name, func(t *testing.T) { r.run(t, rt) })
			}
		})
	}
}
