package core_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// toy is a mechanism of code: "X-Toy: time.id.mac(time.id.url.body)".
type toy struct{ traits entry.CustomTraits }

func (toy) Key(text string, _ int) (any, string) {
	if len(text) < 16 {
		return nil, "the key is short"
	}
	return text, ""
}

func (t toy) Traits() entry.CustomTraits { return t.traits }

func (toy) Head(req *entry.CustomRequest) (any, error) {
	values := req.Header["X-Toy"]
	if len(values) != 1 {
		return nil, fault.New(reason.MissingSignature, "no X-Toy header")
	}
	parts := strings.Split(values[0], ".")
	if len(parts) != 3 {
		return nil, fault.New(reason.MalformedSignature, "not three parts")
	}
	return parts, nil
}

func (toy) Body(ctx context.Context, req *entry.CustomRequest, state any, body []byte) (entry.CustomProof, error) {
	parts := state.([]string)
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return entry.CustomProof{}, errors.New("no time")
	}
	proof := entry.CustomProof{ID: parts[1], Time: time.Unix(at, 0)}
	if at == 0 {
		proof.Time = time.Time{}
	}
	if parts[2] == "fetched" {
		proof.Key = -1
		if req.Source == nil {
			return proof, nil // the guard has to refuse a key from nowhere
		}
		_, err := req.Source.Key(ctx, parts[1])
		return proof, err
	}
	for i, key := range req.Keys {
		if want := mac(key.(string), parts[0], ".", parts[1], ".", req.URL,
			string(body)); subtle.ConstantTimeCompare([]byte(want), []byte(parts[2])) == 1 {
			proof.Key = i
			return proof, nil
		}
	}
	return proof, fault.New(reason.BadSignature, "no key fits")
}

func toyEntry(traits entry.CustomTraits) entry.Entry {
	return entry.Entry{
		Name: "toy", Title: "Toy", Confidence: "A", Scheme: &entry.Scheme{Custom: toy{traits}},
		Identity: entry.Identity{Kind: entry.BySignedID},
	}
}

func TestAMechanismOfCode(t *testing.T) {
	t.Parallel()
	c, rec := config(toyEntry(entry.CustomTraits{Time: true, Body: true, URL: true, ID: true}))
	c.Secrets = secrets.Labeled(secrets.New("gone", oldSecret).ValidUntil(testTime.Add(-time.Hour)),
		secrets.New("now", testSecret))
	c.PublicURL = "https://example.com/hooks"
	g := mustNew(t, c)
	send := func(at int64, id, secret string) (int, core.Record) {
		body := `{"n":1}`
		header := fmt.Sprintf("%d.%s.%s", at, id, mac(secret, fmt.Sprint(at), ".", id, ".", c.PublicURL, body))
		w := run(g, post(body, "X-Toy", header), ok)
		return w.Code, rec.last(t, g)
	}
	now := testTime.Unix()
	code, r := send(now, "a", testSecret)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, reason.Accepted, r.Reason)
	require.Equal(t, "now", r.Secret)
	rows := []struct {
		name   string
		at     int64
		id     string
		secret string
		want   reason.Reason
	}{
		{"the same id again", now, "a", testSecret, reason.Duplicate},
		{"at the edge of the window", now - 300, "b", testSecret, reason.Accepted},
		{"too old", now - 301, "c", testSecret, reason.Stale},
		{"too new", now + 301, "d", testSecret, reason.Early},
		{"no time", 0, "e", testSecret, reason.MissingTimestamp},
		{"no id", now, "", testSecret, reason.MissingSignature},
		{"a key that is no longer valid", now, "f", oldSecret, reason.BadSignature},
		{"another key", now, "g", "nobody's-key-of-enough-bytes!", reason.BadSignature},
	}
	for _, row := range rows {
		_, r := send(row.at, row.id, row.secret)
		require.Equal(t, row.want, r.Reason, row.name)
	}
	run(g, post(`{}`), never(t))
	require.Equal(t, reason.MissingSignature, rec.last(t, g).Reason)
	run(g, post(`{}`, "X-Toy", "1.2"), never(t))
	require.Equal(t, reason.MalformedSignature, rec.last(t, g).Reason)
	run(g, post(`{}`, "X-Toy", "x.2.3"), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason, "an error of no known kind refuses")
	run(g, post(`{}`, "X-Toy", fmt.Sprint(now)+".h.fetched"), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason, "a key from nowhere proves nothing")

	c.Secrets = secrets.Static("short")
	_, err := core.New(c)
	require.ErrorContains(t, err, "the key is short")
}

func TestAMechanismWithoutKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	c, rec := config(toyEntry(entry.CustomTraits{Time: true, ID: true, Keyless: true}))
	c.Secrets = nil
	_, err := core.New(c)
	require.ErrorContains(t, err, "Keys")
	c.Keys = source{"known": seeded(1).Public()}
	g := mustNew(t, c)
	run(g, post(`{}`, "X-Toy", fmt.Sprint(testTime.Unix())+".known.fetched"), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	require.Equal(t, "fetched", rec.last(t, g).Secret)
	run(g, post(`{}`, "X-Toy", fmt.Sprint(testTime.Unix())+".other.fetched"), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
}

// source holds keys by their references; one that is called "down" cannot be had.
type source map[string]crypto.PublicKey

func (s source) Key(_ context.Context, ref string) (crypto.PublicKey, error) {
	if ref == "down" {
		return nil, errors.New("no answer")
	}
	if key, ok := s[ref]; ok {
		return key, nil
	}
	return nil, fmt.Errorf("%w: %q", core.ErrKeyRefused, ref)
}

func TestADeliveryNamesItsKey(t *testing.T) {
	t.Parallel()
	const body = `{}`
	e := publicEntry(entry.Ed25519, entry.Key{Encoding: entry.Hex})
	e.Scheme.KeyRef = entry.Field{Headers: []string{"X-Key"}}
	c, rec := config(e)
	c.Secrets = nil
	_, err := core.New(c)
	require.ErrorContains(t, err, "Keys")
	weak := make(ed25519.PublicKey, 32)
	weak[0] = 1
	c.Keys = source{"a": seeded(1).Public(), "rsa": "not a key", "weak": weak}
	g := mustNew(t, c)
	sign := func(b byte) string { return hex.EncodeToString(ed25519.Sign(seeded(b), []byte(body))) }
	forged := "01" + strings.Repeat("00", 63)
	require.True(t, ed25519.Verify(weak, []byte(body), decodedHex(t, forged)))
	rows := []struct {
		name, ref, sig string
		want           reason.Reason
		status         int
	}{
		{"the key that is named", "a", sign(1), reason.Accepted, 200},
		{"a signature of another key", "a", sign(2), reason.BadSignature, 400},
		{"a key that nobody published", "b", sign(1), reason.BadSignature, 400},
		{"no name", "", sign(1), reason.MissingSignature, 400},
		{"a source that is down", "down", sign(1), reason.KeysUnavailable, 503},
		{"a key of another type", "rsa", sign(1), reason.BadSignature, 400},
		// Under the neutral point this fits every message, and crypto/ed25519 says so.
		{"a key of small order", "weak", forged, reason.BadSignature, 400},
	}
	for _, row := range rows {
		w := run(g, post(body, "X-Key", row.ref, "X-Sig", row.sig), ok)
		require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
		require.Equal(t, row.status, w.Code, row.name)
	}
	run(g, post(body, "X-Key", "a", "X-Key", "a", "X-Sig", sign(1)), never(t))
	require.Equal(t, reason.RepeatedHeader, rec.last(t, g).Reason)

	// Keys that are configured take the place of those that are fetched.
	c.Secrets = secrets.Static(hex.EncodeToString(seeded(2).Public().(ed25519.PublicKey)))
	g = mustNew(t, c)
	run(g, post(body, "X-Key", "down", "X-Sig", sign(2)), ok)
	require.NotEqual(t, reason.KeysUnavailable, rec.last(t, g).Reason)
	run(g, post(body, "X-Key", "a", "X-Sig", sign(1)), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)

	c, _ = config(timestamped())
	c.Keys = source{}
	_, err = core.New(c)
	require.ErrorContains(t, err, "names no key")
}

func decodedHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}
