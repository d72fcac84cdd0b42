package jws_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// jwksOf is a set of RSA keys for RS256, by their kids.
func jwksOf(kids []string, keys ...*rsa.PublicKey) []byte {
	var list []string
	for i, key := range keys {
		list = append(list, fmt.Sprintf(`{"kty":"RSA","alg":"RS256","kid":%q,"n":%q,"e":"AQAB"}`, kids[i],
			base64.RawURLEncoding.EncodeToString(key.N.Bytes())))
	}
	return []byte(`{"keys":[` + strings.Join(list, ",") + `]}`)
}

// TestKeysThatNoSenderHas are refused when the guard is made.
func TestKeysThatNoSenderHas(t *testing.T) {
	t.Parallel()
	public := publicPEM(t, rsaKeys()[0].Public())
	for _, row := range []struct {
		name     string
		provider core.Provider
		key      string
		want     string
	}{
		{"a secret where a key is needed", jws.Wix(), "a-secret-of-this-test-and-nothing-else", "PEM"},
		{"a private key", jws.Wix(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private"},
		{"a certificate", jws.Kinde(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "PUBLIC KEY"},
		{"an armoured text elsewhere", jws.Kinde(), base64.StdEncoding.EncodeToString([]byte(public)), "PEM"},
		{"a key of RSA", jws.TrueLayer(), public, "RSA"},
		{"another curve", jws.TrueLayer(), publicPEM(t, ecKey(t, elliptic.P256()).Public()), "P-521"},
	} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: row.provider, Secrets: secrets.Static(row.key),
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, row.want, row.name)
		require.NotContains(t, err.Error(), "AAAA", row.name)
	}
	for _, p := range []core.Provider{jws.Fireblocks(), jws.Fireblocks("a", ""),
		jws.ConstantContact(jws.ConstantContactConfig{}),
		jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{""}}),
		jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{"a"}, DangerouslyAnyRecipient: true})} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: p, Secrets: secrets.Static(public),
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler)})
		require.Error(t, err, "a sender that signs for everybody with one key needs to know whose deliveries count")
	}
	_, err := core.New(core.Config{Endpoint: "x", Provider: jws.Wix(), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "Secrets")
	_, err = core.New(core.Config{Endpoint: "x", Provider: jws.Kinde(), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "Keys")
}

// TestWixShowsItsKeyInTwoForms: PEM, and base64 of that.
func TestWixShowsItsKeyInTwoForms(t *testing.T) {
	t.Parallel()
	public := publicPEM(t, rsaKeys()[0].Public())
	body := compact(t, rsaKeys()[0], `{"alg":"RS256"}`, `{"data":"{\"eventType\":\"a\"}"}`)
	for _, key := range []string{public, strings.TrimSpace(public), base64.StdEncoding.EncodeToString([]byte(public))} {
		require.Empty(t, reasonOf(guardOf(t, jws.Wix(), []string{key}, nil, now), post("", "", body)))
	}
}

// TestAnExpiredTokenOfWixIsRefused: exp counts where it is there.
func TestAnExpiredTokenOfWixIsRefused(t *testing.T) {
	t.Parallel()
	g := guardOf(t, jws.Wix(), []string{publicPEM(t, rsaKeys()[0].Public())}, nil, now)
	for offset, want := range map[int]reason.Reason{0: "", -29: "", -30: reason.Stale} {
		body := compact(t, rsaKeys()[0], `{"alg":"RS256"}`, fmt.Sprintf(`{"data":"{}","exp":%d}`, now+offset))
		require.Equal(t, want, reasonOf(g, post("", "", body)), "%d s", offset)
	}
}

// TestAConstantContactDeliveryIsRememberedByItsSignature: notifications repeat byte for byte, and a replay has the same
// signature.
func TestAConstantContactDeliveryIsRememberedByItsSignature(t *testing.T) {
	t.Parallel()
	p := jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{"mine"}})
	public, private := webhooktest.KeyPair(p)
	g := guardOf(t, p, []string{public}, nil, now)
	identity := func(at int64) string {
		d, why := receive(g, webhooktest.NewRequest(p, private, hook, `{"api_key":"mine"}`, time.Unix(at, 0)))
		require.Empty(t, why)
		return d.Events()[0].Identity.String()
	}
	require.Equal(t, identity(now), identity(now))
	require.NotEqual(t, identity(now), identity(now-1))
}

// rotating is a source of keys that deliveries do not name.
type rotating struct {
	sets  [][]crypto.PublicKey
	asked int
	err   error
}

func (r *rotating) Key(context.Context, string) (crypto.PublicKey, error) {
	return nil, core.ErrKeyRefused
}

func (r *rotating) Candidates(_ context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error) {
	r.asked++
	if len(tried) == 0 {
		return r.sets[0], r.err
	}
	return r.sets[1], r.err
}

// TestKeysThatAreNotNamedAreTriedInTurn: each key of the set, and those of a rotation.
func TestKeysThatAreNotNamedAreTriedInTurn(t *testing.T) {
	t.Parallel()
	one, two := rsaKeys()[0], rsaKeys()[1]
	header := fmt.Sprintf(`{"alg":"RS256","ts":%d,"b64":false,"crit":["b64"]}`, now)
	const body = `{"api_key":"mine"}`
	value := b64(header) + ".." + signature(t, two, false, b64(header)+"."+body)
	p := jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{"mine"}})
	for _, row := range []struct {
		name   string
		source *rotating
		asked  int
		want   reason.Reason
	}{
		{"the second of two", &rotating{sets: [][]crypto.PublicKey{{one.Public(), two.Public()}, nil}}, 1, ""},
		{"a new one", &rotating{sets: [][]crypto.PublicKey{{one.Public()}, {two.Public()}}}, 2, ""},
		{"neither", &rotating{sets: [][]crypto.PublicKey{{one.Public()}, {one.Public()}}}, 2, bad},
		{"none", &rotating{sets: [][]crypto.PublicKey{nil, nil}}, 2, bad},
		{"an odd one first", &rotating{sets: [][]crypto.PublicKey{{nil, "x", two.Public()}, nil}}, 1, ""},
		{"unavailable", &rotating{sets: [][]crypto.PublicKey{nil, nil}, err: errors.New("down")}, 1, reason.KeysUnavailable},
		{"refused", &rotating{sets: [][]crypto.PublicKey{nil, nil}, err: core.ErrKeyRefused}, 1, bad},
	} {
		g := guardOf(t, p, nil, row.source, now)
		require.Equal(t, row.want, reasonOf(g, post("X-CTCT-WEBHOOK-SIG", value, body)), row.name)
		require.Equal(t, row.asked, row.source.asked, row.name)
	}
	set, err := keys.StaticJWKS(jwksOf([]string{"a", "b"}, &one.PublicKey, &two.PublicKey), "RS256")
	require.NoError(t, err)
	require.Empty(t, reasonOf(guardOf(t, p, nil, set, now), post("X-CTCT-WEBHOOK-SIG", value, body)))
	// A name, where there is one, is obeyed.
	named := strings.Replace(header, `"ts"`, `"kid":"a","ts"`, 1)
	value = b64(named) + ".." + signature(t, two, false, b64(named)+"."+body)
	require.Equal(t, bad, reasonOf(guardOf(t, p, nil, set, now), post("X-CTCT-WEBHOOK-SIG", value, body)))
}

// TestSamplesAreWhatTheEntriesRead: a test of an app sends them, and each is an event of its type.
func TestSamplesAreWhatTheEntriesRead(t *testing.T) {
	t.Parallel()
	root := issue(t, "root", nil, true, nil, nil)
	for _, p := range []core.Provider{
		jws.Kinde(), jws.Wix(), jws.TrueLayer(), jws.Fireblocks("4f6a0c2e-6f1b-4f0e-9a53-0f1f8e1d2c3b"),
		jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{"40a0b12-342b-436d-97c3-000000000000"}}),
		appleOf(jws.AppleSandbox, root),
	} {
		sender := webhooktest.NewSender(p)
		sender.Now = func() time.Time { return time.Unix(now, 0) }
		g := guardOf(t, p, []string{sender.Secret()}, nil, now)
		samples := sender.Samples()
		require.NotEmpty(t, samples, p.Name())
		for _, sample := range samples {
			d, why := receive(g, sender.Request("/hooks", sample))
			require.Empty(t, why, p.Name())
			e := d.Events()[0]
			require.Equal(t, sample.Type, e.Type, p.Name())
			require.True(t, e.Authenticated.Type, p.Name())
			require.False(t, e.Identity.IsZero(), p.Name())
			require.True(t, strings.HasPrefix(string(e.Data), "{"), "%s: %s", p.Name(), e.Data)
		}
	}
}

// TestAFailedEventIsRunAgainWithItsPayload: what a journal keeps is the body, and the payload is taken out of it again.
func TestAFailedEventIsRunAgainWithItsPayload(t *testing.T) {
	t.Parallel()
	root := issue(t, "root", nil, true, nil, nil)
	for _, p := range []core.Provider{jws.Kinde(), jws.Wix(), jws.TrueLayer(), appleOf(jws.AppleSandbox, root)} {
		sender := webhooktest.NewSender(p)
		kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(strings.Repeat("key ", 12))})
		require.NoError(t, err)
		g, err := core.New(core.Config{
			Endpoint: "jws", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(),
			Journal: kept, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		var seen []string
		s := core.NewSignals()
		s.On("*", func(_ context.Context, e core.Event) error {
			seen = append(seen, fmt.Sprint(e.Identity, e.ID, e.Type, e.Tenant, e.Authenticated)+string(e.Payload)+
				string(e.Data))
			if len(seen) == 1 {
				return core.Permanent(errors.New("the first run fails for good"))
			}
			return nil
		})
		app := httpwebhook.Handler(g, s)
		app.ServeHTTP(httptest.NewRecorder(), sender.Request("/hooks", sender.Samples()[0]))
		redriver := &core.Redriver{App: app, Guards: []*core.Guard{g}}
		for _, err := range redriver.RedriveAll(t.Context(), journal.Query{State: journal.Parked},
			core.RedriveOptions{}) {
			require.NoError(t, err, p.Name())
		}
		require.Len(t, seen, 2, p.Name())
		require.Equal(t, seen[0], seen[1], p.Name())
		require.Contains(t, seen[0], "{", p.Name())
	}
}
