package guardtests_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// application is a guard with the endpoint name that all of them have, and what its log holds.
type application struct {
	*core.Guard
	sender  core.Provider
	log     *bytes.Buffer
	records chan core.Record
}

func openFor(t *testing.T, sender core.Provider, store replay.Store) *application {
	t.Helper()
	a := &application{sender: sender, log: &bytes.Buffer{}, records: make(chan core.Record, 1000)}
	var err error
	a.Guard, err = core.New(core.Config{
		Endpoint: "payments", Provider: sender, Secrets: secrets.Static(secret), Replay: store,
		StoreFailure: core.RefuseDelivery,
		Observers:    []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { a.records <- r })},
		Logger:       slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Shutdown(context.WithoutCancel(t.Context())) })
	return a
}

// deliver sends an event, and reports the answer and whether it ran.
func (a *application) deliver(n int) (status int, ran bool) {
	w := httptest.NewRecorder()
	h := httpwebhook.Verify(a.Guard)(httpwebhook.Signal(func(*http.Request, core.Event) error { ran = true; return nil }))
	body := fmt.Sprintf(`{"id":"evt_%d"}`, n)
	h.ServeHTTP(w, webhooktest.NewRequest(a.sender, secret, "https://example.com/hooks", body, time.Now()))
	return w.Code, ran
}

func (a *application) accepts(t *testing.T, n int) {
	t.Helper()
	status, ran := a.deliver(n)
	require.Equal(t, 200, status)
	require.True(t, ran)
}

// refuses reports the detail of a delivery that was refused.
func (a *application) refuses(t *testing.T, n int) string {
	t.Helper()
	status, ran := a.deliver(n)
	require.Equal(t, 503, status)
	require.False(t, ran)
	require.NoError(t, a.Flush(t.Context()))
	var last core.Record
	for len(a.records) > 0 {
		last = <-a.records
	}
	require.Equal(t, reason.StoreUnavailable, last.Reason)
	return last.Detail
}

func (a *application) silent(t *testing.T) {
	t.Helper()
	require.NoError(t, a.Flush(t.Context()))
	require.Empty(t, a.log.String())
}

// engines are the shared stores.
var engines = map[string]func(*testing.T) *bench{
	"Redis": onRedis, "PostgreSQL": onPostgreSQL, "MariaDB": onMariaDB, "SQLite": onSQLite,
}

// Two applications on one database, each with an endpoint of the same name.
func TestTwoApplicationsOnOneDatabase(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			stripe := openFor(t, provider.Stripe(), b.store)
			stripe.accepts(t, 1)

			paddle := openFor(t, provider.Paddle(), b.of(t, "test"))
			for range 3 {
				require.Contains(t, paddle.refuses(t, 1), `belongs to the provider "stripe": `,
					"in one namespace, it is refused")
			}
			require.Equal(t, 1, bytes.Count(paddle.log.Bytes(),
				[]byte("belongs to another provider in the replay store")))
			elsewhere := openFor(t, provider.Paddle(), b.of(t, "test2"))
			elsewhere.accepts(t, 1)
			elsewhere.silent(t)

			green := openFor(t, provider.Stripe(), b.of(t, "test"))
			status, ran := green.deliver(1)
			require.Equal(t, 200, status)
			require.False(t, ran, "they share what they remember")
			green.accepts(t, 2)
			stripe.accepts(t, 3)
			green.silent(t)
			stripe.silent(t)

			later := openFor(t, provider.Stripe(), nextVersion{b.of(t, "test").(reader)})
			later.accepts(t, 4)
			later.accepts(t, 5)
			require.Contains(t, later.log.String(), `now="ids 1 values 3" before="ids 1 values 2"`)
			require.Equal(t, 1, bytes.Count(later.log.Bytes(), []byte("\n")), "a warning, once")

			require.NoError(t, paddle.TakeOver(t.Context()))
			paddle.accepts(t, 6)
			require.Contains(t, openFor(t, provider.Stripe(), b.of(t, "test")).refuses(t, 7),
				`belongs to the provider "paddle": `)
		})
	}
}

type reader interface {
	replay.DigestReader
	replay.Versioned
}

// nextVersion is a store of the next release, which reads what this one has written.
type nextVersion struct{ reader }

func (s nextVersion) Version() int { return s.reader.Version() + 1 }

// dying is a store whose process ends before it commits the marker. The lease of its claim is short.
type dying struct {
	replay.Store
	claimed bool
}

var errGone = errors.New("the process is gone")

func (s *dying) Claim(ctx context.Context, items []replay.Item, _ time.Duration) ([]replay.Result, error) {
	if s.claimed {
		return nil, errGone
	}
	s.claimed = true
	return s.Store.Claim(ctx, items, 2*time.Second)
}

func (*dying) Settle(context.Context, []replay.Settlement) error { return errGone }

func TestACrashBetweenClaimAndCommitOfTheMarker(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			openFor(t, provider.Stripe(), &dying{Store: b.store}).refuses(t, 1)
			paddle := openFor(t, provider.Paddle(), b.of(t, "test"))
			require.Eventually(t, func() bool {
				status, _ := paddle.deliver(2)
				return status == 200
			}, 60*time.Second, 100*time.Millisecond, "the lease expires, and nothing was committed")
			require.Contains(t, openFor(t, provider.Stripe(), b.of(t, "test")).refuses(t, 3), `the provider "paddle"`)
		})
	}
}
