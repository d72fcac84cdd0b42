package core_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// forgetfulStore answers for fewer items than it was asked about.
type forgetfulStore struct{ replay.Store }

func (forgetfulStore) Claim(context.Context, []replay.Item, time.Duration) ([]replay.Result, error) {
	return nil, nil
}

func TestAnAnswerOfTheStoreThatIsNoneLetsNothingRun(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]replay.Store{
		"it answers for fewer events":   forgetfulStore{memstore.New()},
		"it answers without a state":    &sayingStore{Store: memstore.New()},
		"it answers with another state": &sayingStore{Store: memstore.New(), state: 99},
	} {
		c, rec := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		require.Equal(t, 503, run(g, signed(event), never(t)).Code, name)
		require.Equal(t, reason.StoreUnavailable, rec.last(t, g).Reason, name)
	}
}

func TestAPublicURLIsHTTPS(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"https://hooks.example.com/a": true, "http://hooks.example.com/a": false, "ftp://hooks.example.com/a": false,
		"//hooks.example.com/a": false, "/a": false, "https:///a": false, "https://hooks.example.com/a#b": false,
	} {
		c, _ := config(timestamped())
		c.PublicURL, c.DangerouslyAllowHTTP = text, false
		_, err := core.New(c)
		if good {
			require.NoError(t, err, text)
			continue
		}
		require.Len(t, core.ConfigErrors(err), 1, text)
		require.Equal(t, "PublicURL", core.ConfigErrors(err)[0].Field, text)
	}
}

func TestAPasswordIsNeverEmpty(t *testing.T) {
	t.Parallel()
	c, _ := config(basicOnly())
	c.Secrets, c.DangerouslyAllowWeakSecrets = secrets.Static("user:"), true
	_, err := core.New(c)
	require.ErrorContains(t, err, "the password is empty", "whatever is allowed")
}

// A connection that ends where a body was left unread would tell the checks before the body from those after it.
func TestARefusalBeforeALongBodyEndsTheConnectionAsOneAfterItDoes(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	long := strings.Repeat("x", 300<<10)
	for _, r := range []*http.Request{
		chunked(post(event), event), chunked(post(event, "Acme-Signature", pairs("another", testTime, event)), event),
		post(long), post(long, "Acme-Signature", pairs("another", testTime, long)),
	} {
		w := run(g, r, never(t))
		require.Equal(t, 400, w.Code)
		require.Equal(t, "close", w.Header().Get("Connection"))
	}
	require.Empty(t, run(g, post(event), never(t)).Header().Get("Connection"))
}

func TestALogLineIsBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	c, _ := config(timestamped())
	c.Logger, c.DangerouslyAllowHTTP = slog.New(slog.NewTextHandler(&text, nil)), false
	g := mustNew(t, c)
	body := `{"id":"` + strings.Repeat("i", 1<<18) + `","type":"` + strings.Repeat("t", 1<<18) + `"}`
	r := httptest.NewRequest(http.MethodPost, "https://example.com/", strings.NewReader(body))
	r.Header.Set("Acme-Signature", pairs(testSecret, testTime, body))
	run(g, r, func(context.Context, core.Event) error { return errors.New(strings.Repeat("d", 1<<20)) })
	require.Contains(t, text.String(), "webhook event failed")
	require.NotEmpty(t, text.String())
	require.Less(t, text.Len(), 4096)
}

func TestASignedHeaderHoldsWhatItsGrammarSays(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Signed = []entry.Part{{Kind: entry.PartHeader, Text: "X-Kind", Grammar: entry.Token, Optional: true},
		entry.Body()}
	c, rec := config(e)
	g := mustNew(t, c)
	deliver := func(kind string) reason.Reason {
		run(g, post("body", "X-Kind", kind, "X-Hub-Signature-256", "sha256="+mac(testSecret, kind, "body")), ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, deliver("push"))
	require.Equal(t, reason.MalformedSignature, deliver("push {"), "it could take the body's beginning in")
}
