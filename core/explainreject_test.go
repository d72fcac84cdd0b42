package core_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// rejected serves a request, and returns what Explain says in OnReject, twice.
func rejected(t *testing.T, g *core.Guard, r *http.Request) (status int, first, second *core.Explanation) {
	t.Helper()
	w := httptest.NewRecorder()
	httpwebhook.VerifyWithConfig(httpwebhook.Config{Guard: g,
		OnReject: func(r *http.Request, _ *core.Rejection, _ http.Header) {
			first, second = g.Explain(r, adapter.Inbound{}), g.Explain(r, adapter.Inbound{})
		}})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was let through") })).ServeHTTP(w,
		r)
	return w.Code, first, second
}

// TestExplainInOnRejectBlamesNobodyForWhatTheGuardRead: the body that a guard has read is there for Explain, and where
// it could not be read whole, Explain says why as the guard does.
func TestExplainInOnRejectBlamesNobodyForWhatTheGuardRead(t *testing.T) {
	t.Parallel()
	busy := func(err error, state replay.State) func(*core.Config) {
		return func(c *core.Config) { c.Replay = &sayingStore{Store: memstore.New(), err: err, state: state} }
	}
	long := `{"id":"evt_long","pad":"` + strings.Repeat("x", 100<<10) + `"}`
	brokenOff := func() *http.Request {
		r := signed(long)
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(long[:50<<10]),
			&slowly{gone: closed(), err: io.ErrUnexpectedEOF}))
		return r
	}
	for _, row := range []struct {
		name    string
		request func() *http.Request
		change  func(*core.Config)
		reason  reason.Reason // of the guard
		refuses reason.Reason // what Explain says; empty: nothing
		code    reason.Code
		bytes   int
	}{
		{"a line break was added", func() *http.Request { return signedAs(event, event+"\n") }, nil,
			reason.BadSignature, reason.BadSignature, reason.BodyNewline, len(event) + 1},
		{"a line break was added to a body that no buffer holds",
			func() *http.Request { return signedAs(long, long+"\n") }, nil,
			reason.BadSignature, reason.BadSignature, reason.BodyNewline, len(long) + 1},
		{"a forgery", func() *http.Request { return signedAs("x", event) }, nil,
			reason.BadSignature, reason.BadSignature, reason.SecretUnknown, len(event)},
		{"no signature", func() *http.Request { return post(event) }, nil,
			reason.MissingSignature, reason.MissingSignature, "", len(event)},
		{"a body that is too long", func() *http.Request { return chunked(signed(long), long) },
			func(c *core.Config) { c.Limits.MaxBody = 1000 }, reason.BodyTooLarge, reason.BodyTooLarge, "", 0},
		{"a body that broke off", brokenOff, nil, reason.BodyIncomplete, reason.BodyIncomplete, "", 0},
		{"the store is down", func() *http.Request { return signed(event) },
			busy(errors.New("down"), 0), reason.StoreUnavailable, "", "", len(event)},
		{"the event is in flight", func() *http.Request { return signed(long) },
			busy(nil, replay.InFlight), reason.InFlight, "", "", len(long)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			if row.change != nil {
				row.change(&c)
			}
			g := mustNew(t, c)
			_, first, second := rejected(t, g, row.request())
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			for _, e := range []*core.Explanation{first, second} {
				require.NotNil(t, e)
				require.NotContains(t, e.String(), "something before the guard")
				require.Equal(t, row.bytes, e.BodyBytes)
				if row.refuses == "" {
					require.True(t, e.Accepted(), e.String())
					continue
				}
				require.Len(t, e.Refusals, 1, e.String())
				require.Equal(t, row.refuses, e.Reason)
				if row.code != "" {
					_, found := lookup(e.Findings, row.code)
					require.True(t, found, e.String())
				}
			}
		})
	}
}

// TestTheBodyThatIsKeptIsItsOwn: the buffer that the guard read it into is the next request's.
func TestTheBodyThatIsKeptIsItsOwn(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	kept := signedAs("x", event)
	_, reply := g.Receive(httptest.NewRecorder(), kept, adapter.Inbound{KeepBody: true})
	require.NotNil(t, reply)
	for range 10 {
		run(g, signedAs("x", strings.Repeat("y", len(event))), never(t))
	}
	body, err := io.ReadAll(kept.Body)
	require.NoError(t, err)
	require.Equal(t, event, string(body))
}

// TestExplainSaysThatTheGuardHasReadTheBody: where nobody asked to keep it, it is gone, and no middleware has done
// that.
func TestExplainSaysThatTheGuardHasReadTheBody(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	for name, r := range map[string]*http.Request{"a refused one": signedAs("x", event),
		"an accepted one": signed(event)} {
		run(g, r, ok)
		e := g.Explain(r, adapter.Inbound{})
		require.Equal(t, reason.BodyAlreadyRead, e.Reason, name)
		require.Contains(t, e.String(), "KeepBody", name)
		require.NotContains(t, e.String(), "something before the guard", name)
		require.Len(t, e.Refusals, 1, name)
		require.Empty(t, e.Findings, name)
	}
}

// TestExplainInAHandler: what the handler has read is there still.
func TestExplainInAHandler(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, signed(event), func(r *http.Request, _ core.Event) error {
		_, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.True(t, g.Explain(r, adapter.Inbound{}).Accepted())
		return nil
	}).Code)
}
