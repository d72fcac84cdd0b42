package inspector_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/inspector"
)

const host = "hooks.example.com"

// everything is the access of somebody who may do all.
func everything() inspector.Access {
	return inspector.Access{Name: "ops", Payloads: true, Redrive: true, Dismiss: true, Pause: true}
}

// app is an app with one endpoint, whose receiver fails while fail is set, and the page.
type app struct {
	t        *testing.T
	sender   *webhooktest.Sender
	guard    *core.Guard
	store    *memstore.Store
	kept     *journal.Journal
	activity *inspector.Activity
	mux      *http.ServeMux
	page     *inspector.Inspector
	access   inspector.Access
	denied   error
	fail     atomic.Bool
	problem  string // the text of the receiver's error
	runs     atomic.Int32
	log      strings.Builder
}

func newApp(t *testing.T) *app {
	t.Helper()
	kept, err := journal.InMemory(journal.Config{AlsoDone: true})
	require.NoError(t, err)
	return newAppWith(t, kept)
}

// newAppWith is newApp with another journal.
func newAppWith(t *testing.T, kept *journal.Journal) *app {
	t.Helper()
	a := &app{t: t, sender: webhooktest.NewSender(provider.Stripe()), access: everything(),
		store: memstore.New(), activity: inspector.NewActivity(), problem: `column "currency" does not exist`}
	a.kept = kept
	var err error
	a.guard, err = core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(a.sender.Secret()),
		Replay:  a.store,
		Journal: a.kept, Observers: []core.Observer{a.activity}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.guard.Shutdown(context.WithoutCancel(t.Context()))) })
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error {
		a.runs.Add(1)
		if a.fail.Load() {
			return errors.New(a.problem)
		}
		return nil
	})
	a.mux = http.NewServeMux()
	a.mux.Handle("/webhooks/stripe", httpwebhook.Handler(a.guard, signals))
	a.page, err = inspector.New(inspector.Config{
		Journal: a.kept, Activity: a.activity, Prefix: "/inspector", Hosts: []string{host},
		Redriver:  &core.Redriver{App: a.mux, Guards: []*core.Guard{a.guard}},
		Authorize: func(*http.Request) (inspector.Access, error) { return a.access, a.denied },
		Logger:    slog.New(slog.NewTextHandler(&a.log, nil)),
	})
	require.NoError(t, err)
	t.Cleanup(a.page.Close)
	return a
}

// send sends an event as Stripe does, and returns the answer's status.
func (a *app) send(body string) int {
	a.t.Helper()
	w := a.sender.Send(a.mux, "/webhooks/stripe", webhooktest.Sample{Body: []byte(body)})
	require.NoError(a.t, a.guard.Flush(a.t.Context()))
	return w.Code
}

// forge sends an event that nobody has signed with the right secret.
func (a *app) forge(body string) int {
	a.t.Helper()
	w := webhooktest.NewSender(provider.Stripe()).Send(a.mux, "/webhooks/stripe",
		webhooktest.Sample{Body: []byte(body)})
	require.NoError(a.t, a.guard.Flush(a.t.Context()))
	return w.Code
}

func (a *app) request(method, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	a.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(a.t.Context(), method, "https://"+host+"/inspector"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	a.page.ServeHTTP(w, r)
	return w
}

func (a *app) get(path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return a.request(http.MethodGet, path, nil, change...)
}

func (a *app) post(path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return a.request(http.MethodPost, path, form, change...)
}

// newest returns the entry that changed last.
func (a *app) newest() *journal.Entry {
	a.t.Helper()
	for e, err := range a.kept.Entries(a.t.Context(), journal.Query{Limit: 1}) {
		require.NoError(a.t, err)
		return e
	}
	require.Fail(a.t, "the journal is empty")
	return nil
}

func revision(e *journal.Entry) url.Values {
	return url.Values{"revision": {strconv.FormatUint(e.Revision, 10)}}
}

func asJSON(r *http.Request) { r.Header.Set("Accept", "application/json") }

// requestOf loads a page, which must be there.
func requestOf(tb testing.TB, page http.Handler, path string) {
	tb.Helper()
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "https://"+host+"/inspector"+path,
		http.NoBody))
	require.Equal(tb, 200, w.Code)
}
