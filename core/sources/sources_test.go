package sources_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/sources"
)

// web answers every request.
type web struct {
	mu     sync.Mutex
	status int
	body   string
	header http.Header
	err    error
	seen   []string
	gate   chan struct{}
	now    atomic.Int32
}

func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	w.now.Add(1)
	defer w.now.Add(-1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, r.Method+" "+r.URL.String())
	if w.gate != nil {
		gate := w.gate
		w.mu.Unlock()
		select {
		case <-gate:
		case <-r.Context().Done():
		}
		w.mu.Lock()
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	return &http.Response{StatusCode: max(w.status, 200), Header: w.header,
		Body: io.NopCloser(strings.NewReader(w.body)), Request: r}, nil
}

func (w *web) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *web) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func contains(t *testing.T, l *sources.List, addr string) bool {
	t.Helper()
	set, err := l.Sources(t.Context())
	require.NoError(t, err)
	return set.Contains(netip.MustParseAddr(addr))
}

const meta = `{"verifiable_password_authentication":false,"hooks":["192.30.252.0/22","2a0a:a440::/29"],"web":["203.0.113.0/24"]}`

func TestDocumentsReadAsTheyAreDocumented(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		document sources.Document
		url      string
		body     string
		in, out  []string
	}{
		{sources.GitHub(), "https://api.github.com/meta", meta, []string{"192.30.252.1", "2a0a:a440::1"},
			[]string{"203.0.113.1"}},
		{sources.Stripe(), "https://stripe.com/files/ips/ips_webhooks.json",
			`{"WEBHOOKS":["3.18.12.63","3.130.192.231"]}`, []string{"3.18.12.63"}, []string{"3.18.12.64"}},
		{
			sources.Atlassian("bitbucket"), "https://ip-ranges.atlassian.com/",
			`{"creationDate":"2026-01-01","syncToken":1,"items":[
				{"network":"104.192.136.0","mask_len":21,"cidr":"104.192.136.0/21","mask":"255.255.248.0","region":["global"],"product":["bitbucket","jira"],"direction":["ingress","egress"]},
				{"cidr":"192.0.2.0/24","product":["bitbucket"],"direction":["ingress"]},
				{"cidr":"203.0.113.0/24","product":["jira"],"direction":["egress"]}]}`,
			[]string{"104.192.136.1"}, []string{"192.0.2.1", "203.0.113.1"},
		},
		{
			sources.AWS("ROUTE53_HEALTHCHECKS", "eu-west-1"), "https://ip-ranges.amazonaws.com/ip-ranges.json",
			`{"syncToken":"1","createDate":"2026-01-01-00-00-00","prefixes":[
				{"ip_prefix":"198.51.100.2/24","region":"eu-west-1","network_border_group":"eu-west-1","service":"ROUTE53_HEALTHCHECKS"},
				{"ip_prefix":"203.0.113.0/24","region":"us-east-1","network_border_group":"us-east-1","service":"ROUTE53_HEALTHCHECKS"},
				{"ip_prefix":"192.0.2.0/24","region":"eu-west-1","network_border_group":"eu-west-1","service":"EC2"}],
			"ipv6_prefixes":[{"ipv6_prefix":"2001:db8:1234::/64","region":"eu-west-1","network_border_group":"eu-west-1","service":"ROUTE53_HEALTHCHECKS"}]}`,
			[]string{"198.51.100.1", "2001:db8:1234::1"}, []string{"203.0.113.1", "192.0.2.1"},
		},
		{
			sources.Datadog("datadoghq.eu"), "https://ip-ranges.datadoghq.eu/",
			`{"version":11,"agents":{"prefixes_ipv4":["203.0.113.0/24"]},"webhooks":{"prefixes_ipv4":["192.0.2.0/24"],"prefixes_ipv6":["2001:db8::/32"]}}`,
			[]string{"192.0.2.1", "2001:db8::1"}, []string{"203.0.113.1"},
		},
	} {
		t.Run(row.document.Name(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.url, row.document.URL())
			w := &web{body: row.body}
			l, err := sources.Open(t.Context(), sources.Config{Document: row.document, Transport: w, Logger: quiet()})
			require.NoError(t, err)
			defer func() { _ = l.Close() }()
			require.Equal(t, []string{"GET " + row.url}, w.requests())
			for _, addr := range row.in {
				require.True(t, contains(t, l, addr), addr)
			}
			for _, addr := range row.out {
				require.False(t, contains(t, l, addr), addr)
			}
			require.NoError(t, l.Status().Err)
		})
	}
}

func TestWhatIsNotAListChangesNothing(t *testing.T) {
	t.Parallel()
	many := `{"hooks":["192.0.2.1"` + strings.Repeat(`,"192.0.2.1"`, 100_001) + `]}`
	for name, spoil := range map[string]func(*web){
		"no connection": func(w *web) { w.err = errors.New("refused") },
		"an error":      func(w *web) { w.status = 500 },
		"a redirect": func(w *web) {
			w.status, w.header = 302,
				http.Header{"Location": {"https://evil.example/"}}
		},
		"a redirect to plain http": func(w *web) {
			w.status, w.header = 307,
				http.Header{"Location": {"http://api.github.com/meta"}}
		},
		"not JSON":            func(w *web) { w.body = "<html>" },
		"cut off":             func(w *web) { w.body = meta[:40] },
		"empty":               func(w *web) { w.body = "" },
		"an empty list":       func(w *web) { w.body = `{"hooks":[]}` },
		"no list":             func(w *web) { w.body = `{"message":"API rate limit exceeded"}` },
		"null":                func(w *web) { w.body = "null" },
		"another type":        func(w *web) { w.body = `{"hooks":{"a":1}}` },
		"a name":              func(w *web) { w.body = `{"hooks":["192.30.252.0/22","github.com"]}` },
		"an empty entry":      func(w *web) { w.body = `{"hooks":["192.30.252.0/22",""]}` },
		"a zone":              func(w *web) { w.body = `{"hooks":["fe80::1%eth0"]}` },
		"the whole of IPv4":   func(w *web) { w.body = `{"hooks":["192.30.252.0/22","0.0.0.0/0"]}` },
		"half of IPv4":        func(w *web) { w.body = `{"hooks":["128.0.0.0/1"]}` },
		"the whole of IPv6":   func(w *web) { w.body = `{"hooks":["::/0"]}` },
		"a wide part of IPv6": func(w *web) { w.body = `{"hooks":["2000::/3"]}` },
		"IPv4 in IPv6":        func(w *web) { w.body = `{"hooks":["::ffff:0.0.0.0/96"]}` },
		"too many":            func(w *web) { w.body = many },
		"too long": func(w *web) {
			w.body = `{"hooks":["192.0.2.1"],"pad":"` + strings.Repeat("x", 17<<20) +
				`"}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &web{body: meta}
			var log bytes.Buffer
			config := sources.Config{Document: sources.GitHub(), Transport: w,
				Logger: slog.New(slog.NewTextHandler(&log, nil))}
			l, err := sources.Open(t.Context(), config)
			require.NoError(t, err)
			w.set(func() { spoil(w) })
			before := len(w.requests())
			require.Error(t, l.Refresh(t.Context()))
			require.Equal(t, before+1, len(w.requests()), "a redirect is not followed")
			require.True(t, contains(t, l, "192.30.252.1"), "the last good list stays")
			require.False(t, contains(t, l, "8.8.8.8"))
			s := l.Status()
			require.Error(t, s.Err)
			require.Equal(t, 1, s.Failures)
			require.NoError(t, l.Close())
			require.Contains(t, log.String(), "last good one stays")

			_, err = sources.Open(t.Context(), config)
			require.Error(t, err, "at start there is no last good list")
			config.Fallback = core.Networks("198.51.100.0/24")
			l, err = sources.Open(t.Context(), config)
			require.NoError(t, err)
			require.True(t, contains(t, l, "198.51.100.1"))
			require.Zero(t, l.Status().FetchedAt)
			require.NoError(t, l.Close())
		})
	}
}

func TestAListFollowsItsDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &web{body: meta}
		l, err := sources.Open(t.Context(),
			sources.Config{Document: sources.GitHub(), Transport: w, Logger: quiet(), Every: time.Hour})
		require.NoError(t, err)
		w.set(func() { w.body = `{"hooks":["192.0.2.0/24"]}` })
		time.Sleep(time.Hour - time.Second)
		for range 100 {
			require.True(t, contains(t, l, "192.30.252.1"))
		}
		synctest.Wait()
		require.Len(t, w.requests(), 1)
		require.Equal(t, time.Hour-time.Second, l.Status().Age)

		time.Sleep(time.Second)
		w.set(func() { w.gate = make(chan struct{}) })
		for range 100 {
			require.True(t, contains(t, l, "192.30.252.1"), "whoever asks meanwhile does not wait")
			synctest.Wait()
		}
		require.Len(t, w.requests(), 2, "one fetch at a time")
		close(w.gate)
		synctest.Wait()
		require.True(t, contains(t, l, "192.0.2.1"))
		require.False(t, contains(t, l, "192.30.252.1"))
		require.Zero(t, l.Status().Age)
		require.Equal(t, 1, l.Status().Networks)

		w.set(func() { w.gate, w.err = nil, errors.New("down") })
		for range 10 {
			time.Sleep(time.Hour)
			require.True(t, contains(t, l, "192.0.2.1"))
			synctest.Wait()
		}
		require.Equal(t, 10, l.Status().Failures)
		require.Equal(t, 10*time.Hour, l.Status().Age)
		require.Len(t, w.requests(), 12)
		time.Sleep(4 * time.Minute)
		contains(t, l, "192.0.2.1")
		synctest.Wait()
		require.Len(t, w.requests(), 12, "a source that fails is not asked at every delivery")
		time.Sleep(time.Minute)
		contains(t, l, "192.0.2.1")
		synctest.Wait()
		require.Len(t, w.requests(), 13)

		w.set(func() { w.err, w.gate = nil, make(chan struct{}) })
		time.Sleep(time.Hour)
		contains(t, l, "192.0.2.1")
		synctest.Wait()
		began := time.Now()
		time.Sleep(11 * time.Second)
		synctest.Wait()
		require.Zero(t, w.now.Load(), "a fetch ends after ten seconds, and %s have passed", time.Since(began))

		time.Sleep(time.Hour)
		contains(t, l, "192.0.2.1")
		synctest.Wait()
		require.EqualValues(t, 1, w.now.Load())
		require.NoError(t, l.Close())
		require.Zero(t, w.now.Load(), "nothing outlives Close")
		_, err = l.Sources(t.Context())
		require.ErrorIs(t, err, sources.ErrClosed)
		require.ErrorIs(t, l.Refresh(t.Context()), sources.ErrClosed)
		require.NoError(t, l.Close())
	})
}

func TestRefreshIsSharedAndMayBeGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &web{body: meta}
		l, err := sources.Open(t.Context(), sources.Config{Document: sources.GitHub(), Transport: w, Logger: quiet()})
		require.NoError(t, err)
		w.set(func() { w.gate = make(chan struct{}) })
		results := make(chan error, 10)
		for range 9 {
			go func() { results <- l.Refresh(t.Context()) }()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- l.Refresh(ctx) }()
		synctest.Wait()
		require.Len(t, w.requests(), 2)
		cancel()
		require.ErrorIs(t, <-results, context.Canceled)
		close(w.gate)
		for range 9 {
			require.NoError(t, <-results)
		}
		require.NoError(t, l.Close())
	})
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	w := &web{body: meta}
	for name, c := range map[string]sources.Config{
		"no document":          {},
		"no product":           {Document: sources.Atlassian()},
		"no service":           {Document: sources.AWS("")},
		"everybody's service":  {Document: sources.AWS("EC2", "eu-west-1")},
		"everybody's services": {Document: sources.AWS("amazon")},
		"a foreign site":       {Document: sources.Datadog("evil.example/x?.datadoghq.com")},
		"too often":            {Document: sources.GitHub(), Every: time.Second},
		"a bad fallback":       {Document: sources.GitHub(), Fallback: core.Networks("0.0.0.0/0")},
	} {
		c.Transport, c.Logger = w, quiet()
		_, err := sources.Open(t.Context(), c)
		require.Error(t, err, name)
	}
	require.Empty(t, w.requests())
}

// FuzzDocuments: whatever a document says, it is refused or it is a list that does not hold everybody.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte(meta), uint8(0))
	f.Add([]byte(`{"WEBHOOKS":["3.18.12.63"]}`), uint8(1))
	f.Add([]byte(`{"items":[{"cidr":"104.192.136.0/21","product":["bitbucket"],"direction":["egress"]}]}`), uint8(2))
	f.Add([]byte(`{"prefixes":[{"ip_prefix":"198.51.100.2/24","service":"S3"}]}`), uint8(3))
	f.Add([]byte(`{"webhooks":{"prefixes_ipv4":["192.0.2.0/24"]}}`), uint8(4))
	documents := []sources.Document{sources.GitHub(), sources.Stripe(), sources.Atlassian("bitbucket"),
		sources.AWS("S3"), sources.Datadog("datadoghq.com")}
	f.Fuzz(func(t *testing.T, body []byte, which uint8) {
		l, err := sources.Open(t.Context(),
			sources.Config{Document: documents[int(which)%len(documents)], Transport: &web{body: string(body)},
				Logger: quiet()})
		if err != nil {
			return
		}
		set, err := l.Sources(t.Context())
		require.NoError(t, err)
		missing := 0
		for n := range 256 {
			if !set.Contains(netip.MustParseAddr(fmt.Sprintf("%d.1.2.3", n))) {
				missing++
			}
		}
		if missing == 0 && len(body) < 1000 {
			t.Fatalf("%q lets everybody in", body)
		}
		_ = l.Close()
	})
}

type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("canary") }

// TestATransportThatPanicsIsAFailedFetch: the fetch runs where nobody could recover it.
func TestATransportThatPanicsIsAFailedFetch(t *testing.T) {
	t.Parallel()
	l, err := sources.Open(t.Context(),
		sources.Config{Document: sources.GitHub(), Fallback: core.Networks("192.0.2.0/24"), Transport: panics{},
			Logger: quiet()})
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	require.True(t, contains(t, l, "192.0.2.1"))
	require.ErrorContains(t, l.Status().Err, "fetching panicked with a string")
	require.NotContains(t, l.Status().Err.Error(), "canary")
	require.Error(t, l.Refresh(t.Context()), "it is tried again")
	require.Equal(t, 2, l.Status().Failures)
}

// deaf is a transport that ignores the request's context.
type deaf struct{ end chan struct{} }

func (d deaf) RoundTrip(*http.Request) (*http.Response, error) {
	<-d.end
	return nil, errors.New("at last")
}

// TestOpenWaitsNoLongerThanItsContext: whatever the transport does.
func TestOpenWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deaf{make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		time.AfterFunc(time.Hour, func() { close(d.end) })
		_, err := sources.Open(ctx, sources.Config{Document: sources.GitHub(), Transport: d, Logger: quiet()})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		time.Sleep(time.Hour) // the transport comes to its end
	})
}

// TestALogHandlerHoldsNoDeliveryUp: a handler that blocks or panics where a list could not be fetched.
func TestALogHandlerHoldsNoDeliveryUp(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(){
		"one that panics": func() { panic("the disk is full") },
		"one that blocks": func() { time.Sleep(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				own, err := sources.NewSet(netip.MustParsePrefix("192.0.2.0/24"))
				require.NoError(t, err)
				l, err := sources.Open(t.Context(), sources.Config{
					Document: sources.GitHub(), Transport: panics{}, Fallback: fixed{own},
					Logger: slog.New(slowHandler{slog.DiscardHandler, handle}),
				})
				require.NoError(t, err)
				time.Sleep(6 * time.Minute) // and the next fetch fails too
				began := time.Now()
				for range 3 {
					set, err := l.Sources(t.Context())
					require.NoError(t, err)
					require.NotNil(t, set)
					synctest.Wait()
				}
				require.Zero(t, time.Since(began))
				require.NoError(t, l.Close())
			})
		})
	}
}

type slowHandler struct {
	slog.Handler
	handle func()
}

func (h slowHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h slowHandler) Handle(context.Context, slog.Record) error {
	h.handle()
	return nil
}

type fixed struct{ set *sources.Set }

func (f fixed) Sources(context.Context) (*sources.Set, error) { return f.set, nil }
