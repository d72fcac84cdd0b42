package core_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	testSecret = "an-accepted-secret-of-32-bytes!!"
	oldSecret  = "the-old-secret-of-enough-bytes!!"
)

var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// timestamped signs "t.body" in a list of pairs, as Stripe does.
func timestamped() entry.Entry {
	return entry.Entry{
		Name: "acme", Title: "Acme", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{Headers: []string{"Acme-Signature"}}, Layout: entry.Pairs,
				Separator: ',', Name: "v1", Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event:    entry.Event{ID: []entry.Value{{JSON: "/id"}}, Type: []entry.Value{{JSON: "/type"}}, Data: "/data"},
	}
}

// plain signs the body, as GitHub does; its type comes from an unsigned header.
func plain() entry.Entry {
	return entry.Entry{
		Name: "hub", Title: "Hub", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{Headers: []string{"X-Hub-Signature-256"}}, Prefix: "sha256=",
				Encoding: entry.Hex},
			Signed: []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{With: []string{"X-Event"}},
		Event:    entry.Event{Type: []entry.Value{{Header: "X-Event"}}},
	}
}

// identified signs an id, the time and the body, as Standard Webhooks does; the type is in the body.
func identified() entry.Entry {
	return entry.Entry{
		Name: "standard", Title: "Standard", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{Headers: []string{"Webhook-Signature"}}, Encoding: entry.Hex},
			ID:        entry.Field{Headers: []string{"Webhook-Id"}},
			Timestamp: entry.Timestamp{Field: entry.Field{Headers: []string{"Webhook-Timestamp"}}},
			Signed: []entry.Part{entry.ID(), entry.Literal("."), entry.TimestampText(), entry.Literal("."),
				entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event:    entry.Event{ID: []entry.Value{{Header: "Webhook-Id"}}, Type: []entry.Value{{JSON: "/type"}}},
	}
}

func basicOnly() entry.Entry {
	return entry.Entry{Name: "basic", Title: "Basic", Credential: entry.Credential{Kind: entry.Basic}}
}

func mac(secret string, parts ...string) string {
	h := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		_, _ = io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func pairs(secret string, at time.Time, body string) string {
	t := fmt.Sprint(at.Unix())
	return "t=" + t + ",v1=" + mac(secret, t, ".", body)
}

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

// seen returns what came so far, of a guard whose observers are not waited for.
func (r *records) seen() []core.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

func (r *records) last(t *testing.T, g *core.Guard) core.Record {
	t.Helper()
	require.NoError(t, g.Flush(t.Context()))
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NotEmpty(t, r.all)
	return r.all[len(r.all)-1]
}

func config(e entry.Entry) (core.Config, *records) {
	rec := &records{}
	return core.Config{
		Endpoint: "test", Provider: entry.NewProvider(e, nil), Secrets: secrets.Static(testSecret),
		Replay: memstore.New(), Observers: []core.Observer{rec}, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return testTime }, DangerouslyAllowHTTP: true,
		Budget: core.NewBudget(), // refusals of other tests must not use up what this one's are explained with
	}, rec
}

func mustNew(t testing.TB, c core.Config) *core.Guard {
	t.Helper()
	g, err := core.New(c)
	require.NoError(t, err)
	return g
}

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// signed is a genuine delivery for timestamped.
func signed(body string) *http.Request {
	return post(body, "Acme-Signature", pairs(testSecret, testTime, body), "Content-Type", "application/json")
}

// signedFor is a genuine delivery for the entry of that name: that of timestamped, plain or identified.
func signedFor(name, body string) *http.Request {
	switch name {
	case "acme":
		return signed(body)
	case "hub":
		return signedBody(body)
	}
	at := fmt.Sprint(testTime.Unix())
	return post(body, "Webhook-Id", "msg_1", "Webhook-Timestamp", at,
		"Webhook-Signature", mac(testSecret, "msg_1.", at, ".", body), "Content-Type", "application/json")
}

// anyReceiver is a receiver in either style.
type anyReceiver interface {
	func(context.Context, core.Event) error | func(*http.Request, core.Event) error
}

// on registers a receiver in either style.
func on[F anyReceiver](to core.Registrar, pattern string, fn F) {
	switch fn := any(fn).(type) {
	case func(context.Context, core.Event) error:
		to.On(pattern, fn)
	case func(*http.Request, core.Event) error:
		httpwebhook.On(to, pattern, fn)
	}
}

// signal makes a handler of one receiver.
func signal[F anyReceiver](fn F) http.Handler {
	s := core.NewSignals()
	on(s, "*", fn)
	return httpwebhook.Dispatch(s)
}

// run sends a request through guard and signals.
func run[F anyReceiver](g *core.Guard, r *http.Request, fn F) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(signal(fn)).ServeHTTP(w, r)
	return w
}

func never(t testing.TB) core.Receiver {
	return func(context.Context, core.Event) error {
		t.Error("a signal ran that must not run")
		return nil
	}
}

func ok(context.Context, core.Event) error { return nil }

const event = `{"id":"evt_1","type":"invoice.paid","data":{"n":1}}`

// noObserver is one that does nothing, so that records take the way that they take with metrics.
func noObserver() []core.Observer {
	return []core.Observer{core.ObserverFunc(func(context.Context, core.Record) {})}
}

// revealed are the labels and values of a list, in turn.
func revealed(l *secrets.List) (out []string) {
	for _, s := range l.All() {
		out = append(out, s.Label(), s.DangerouslyReveal())
	}
	return out
}
