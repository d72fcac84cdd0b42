package inspector_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/inspector"
)

// local starts the page on a listener of its own.
func local(t *testing.T, c inspector.Config) *inspector.Local {
	t.Helper()
	l, err := inspector.ListenLocal("127.0.0.1:0", c)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		require.NoError(t, l.Shutdown(ctx))
		require.NoError(t, <-served)
	})
	return l
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

func get(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	w, err := c.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Body.Close()) }()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.StatusCode, string(body)
}

func TestTheTokenOfTheLocalPageOpensItOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := local(t, inspector.Config{Journal: a.kept, Activity: a.activity})
	address := l.URL()
	page, _, _ := strings.Cut(address, "?")
	mine, other := browser(t), browser(t)
	status, _ := get(t, mine, page)
	require.Equal(t, 403, status, "nobody has the cookie yet")
	status, _ = get(t, mine, page+"?token=wrong")
	require.Equal(t, 403, status)
	status, body := get(t, mine, address)
	require.Equal(t, 200, status, body)
	require.Contains(t, body, "<h1>Webhooks</h1>")
	status, _ = get(t, mine, page)
	require.Equal(t, 200, status)
	status, _ = get(t, other, address)
	require.Equal(t, 403, status, "the token was used")
	require.NotContains(t, l.URL(), "token")
	at, err := url.Parse(page)
	require.NoError(t, err)
	for _, c := range mine.Jar.Cookies(at) {
		require.Less(t, 20, len(c.Value))
	}
}

func TestTheCookieOfTheLocalPageOpensItForAnotherProgram(t *testing.T) {
	t.Parallel()
	l := local(t, inspector.Config{Journal: newApp(t).kept})
	address := l.URL()
	page, _, _ := strings.Cut(address, "?")
	ask := func(c *http.Cookie) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, http.NoBody)
		require.NoError(t, err)
		r.AddCookie(c)
		w, err := browser(t).Do(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		return w.StatusCode
	}
	for range 2 {
		require.Equal(t, 200, ask(l.Cookie()))
	}
	wrong := l.Cookie()
	wrong.Value = wrong.Value[1:]
	require.Equal(t, 403, ask(wrong))
	other := l.Cookie()
	other.Name = "another"
	require.Equal(t, 403, ask(other))
	require.Equal(t, address, l.URL(), "the token is still there")
}

func TestTheLocalPageKnowsItsOwnHostOnly(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := local(t, inspector.Config{Journal: a.kept})
	address := l.URL()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	r.Host = "evil.example" // DNS rebinding
	w, err := browser(t).Do(r)
	require.NoError(t, err)
	require.NoError(t, w.Body.Close())
	require.Equal(t, 421, w.StatusCode)
	status, _ := get(t, browser(t), address)
	require.Equal(t, 200, status, "that request has not used the token up")
}

func TestTheLocalPageStaysLocal(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "localhost:0", "example.com:80",
		"127.0.0.1"} {
		_, err := inspector.ListenLocal(address, inspector.Config{Journal: kept})
		require.Error(t, err, address)
	}
	_, err = inspector.ListenLocal("127.0.0.1:0", inspector.Config{Journal: kept, Hosts: []string{"example.com"}})
	require.ErrorContains(t, err, "leave them empty")
	_, err = inspector.ListenLocal("127.0.0.1:0", inspector.Config{})
	require.ErrorContains(t, err, "Config.Journal is nil")
}

func TestALivePageHearsOfADelivery(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := local(t, inspector.Config{Journal: a.kept, Activity: a.activity})
	c := browser(t)
	status, _ := get(t, c, l.URL())
	require.Equal(t, 200, status)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"live", http.NoBody)
	require.NoError(t, err)
	w, err := c.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Body.Close()) }()
	require.Equal(t, "text/event-stream", w.Header.Get("Content-Type"))
	a.send(paid)
	text := ""
	for buffer := make([]byte, 1024); !strings.Contains(text, "event: changed"); {
		n, err := w.Body.Read(buffer)
		require.NoError(t, err, text)
		text += string(buffer[:n])
	}
	require.NotContains(t, text, "evt_1", "the stream says that something changed, and not what")
}

func TestLivePagesAreBounded(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := local(t, inspector.Config{Journal: a.kept})
	c := browser(t)
	status, _ := get(t, c, l.URL())
	require.Equal(t, 200, status)
	for n := range 17 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"live", http.NoBody)
		require.NoError(t, err)
		w, err := c.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, w.Body.Close()) })
		want := 200
		if n == 16 {
			want = 503
		}
		require.Equal(t, want, w.StatusCode, n)
	}
}

// net.Listen of a port that is taken is an error of ListenLocal, and leaves nothing behind.
func TestAPortThatIsTakenIsAnError(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	_, err = inspector.ListenLocal(taken.Addr().String(), inspector.Config{Journal: kept})
	require.Error(t, err)
}
