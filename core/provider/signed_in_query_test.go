package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestASignatureInTheQueryIsComparedWhole is the law over the headers of a proof, where the proof is a parameter of the
// URL: one that is missing, empty, cut, lengthened, doubled or changed in a bit lets nothing in.
func TestASignatureInTheQueryIsComparedWhole(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	tried := 0
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		if e.Scheme == nil || e.Scheme.Signature.Query == "" {
			continue
		}
		tried++
		name := e.Scheme.Signature.Query
		g := guardOf(t, p, secretFor(p), now)
		genuine := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{"id":"evt_1"}`, now)
		right := genuine.URL.Query().Get(name)
		post := func(query string) bool {
			r := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{"id":"evt_1"}`, now)
			r.URL.RawQuery = query
			r.RequestURI = r.URL.RequestURI()
			return accepts(g, r)
		}
		require.True(t, post(name+"="+right), p.Name())
		require.True(t, post("a=b&"+name+"="+right+"&c"), p.Name())
		for why, query := range map[string]string{
			"nothing": "", "no value": name, "an empty value": name + "=", "another name": "x" + name + "=" + right,
			"the name in upper case": strings.ToUpper(name) + "=" + right,
			"a shorter value":        name + "=" + right[:len(right)-1], "a longer value": name + "=" + right + "0",
			"twice":                   name + "=" + right + "&" + name + "=" + right,
			"a wrong one first":       name + "=x&" + name + "=" + right,
			"a wrong one after":       name + "=" + right + "&" + name + "=x",
			"a right one in brackets": name + "[]=" + right,
			"an escaped name twice":   name + "=" + right + "&%73" + name[1:] + "=" + right,
			"a semicolon":             name + "=" + right + ";a=b",
			"a malformed escape":      name + "=" + right + "&a=%zz",
			"a long query":            name + "=" + right + "&a=" + strings.Repeat("a", 17<<10),
		} {
			require.False(t, post(query), "%s: %s", p.Name(), why)
		}
		for i := range right {
			for bit := range 8 {
				flipped := []byte(right)
				flipped[i] ^= 1 << bit
				if sameHex(e, right, i, bit) {
					continue
				}
				require.False(t, post(name+"="+url.QueryEscape(string(flipped))), "bit %d of byte %d", bit, i)
			}
		}
	}
	require.NotZero(t, tried)
}

// TestASignatureOfASenderOfOnesOwnSitsInOnePlace: the parameter counts alone, and no header takes its place.
func TestASignatureOfASenderOfOnesOwnSitsInOnePlace(t *testing.T) {
	t.Parallel()
	p := provider.HMAC(provider.HMACConfig{Name: "own", Parameter: "sig"})
	g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
	post := func(query, header string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, "/hooks?"+query, strings.NewReader(`{}`))
		if header != "" {
			r.Header.Set("Sig", header)
		}
		return reasonOf(g, r)
	}
	require.Empty(t, post("sig="+ownHex("{}"), ""))
	require.Equal(t, reason.MissingSignature, post("", ownHex("{}")))
	require.Equal(t, reason.BadSignature, post("sig="+ownHex("{ }"), ownHex("{}")))
	for why, c := range map[string]provider.HMACConfig{
		"it signs the URL that holds it": {Name: "own", Parameter: "sig", Signed: "{url}\n{body}"},
		"it signs the path":              {Name: "own", Parameter: "sig", Signed: "{path}\n{body}"},
		"two places":                     {Name: "own", Parameter: "sig", Header: "X-Sig"},
		"no place":                       {Name: "own"},
	} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: provider.HMAC(c), Replay: core.DangerouslyNoReplay})
		require.Error(t, err, why)
	}
	public := provider.PublicKey(provider.PublicKeyConfig{Name: "own", Parameter: "sig", Algorithm: provider.Ed25519})
	e, err := entry.Of(public)
	require.NoError(t, err)
	require.Equal(t, "sig", e.Scheme.Signature.Query)
	require.Empty(t, slices.DeleteFunc(e.Scheme.Signature.Headers, func(s string) bool { return s == "" }))
}
