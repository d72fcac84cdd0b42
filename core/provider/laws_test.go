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

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestEveryHeaderOfTheProofMustComeOnceAndWhole is the law over the headers that carry a proof: one that is missing,
// empty, cut, lengthened or doubled lets nothing in.
func TestEveryHeaderOfTheProofMustComeOnceAndWhole(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, secretFor(p), now)
			refuses := func(change func(http.Header), why string) {
				t.Helper()
				r := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{"id":"evt_1"}`, now)
				change(r.Header)
				require.False(t, accepts(g, r), why)
			}
			names := map[string]bool{}
			for _, name := range signedHeaders(e) {
				names[name] = true
			}
			sent := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{"id":"evt_1"}`, now).Header
			for name := range names {
				value := sent.Get(name)
				if value == "" {
					continue // another family's
				}
				refuses(func(h http.Header) { h.Del(name) }, "without "+name)
				refuses(func(h http.Header) { h.Set(name, "") }, "an empty "+name)
				refuses(func(h http.Header) { h.Set(name, value[:len(value)-1]) }, "a shortened "+name)
				refuses(func(h http.Header) { h.Set(name, value+"0") }, "a lengthened "+name)
				if e.Scheme != nil && e.Scheme.Signature.Repeats && slices.Contains(e.Scheme.Signature.Headers, name) {
					continue // one for each active secret
				}
				refuses(func(h http.Header) { h.Add(name, value) }, name+" twice")
				refuses(func(h http.Header) { h[http.CanonicalHeaderKey(name)] = []string{"", value} }, name+
					" empty, and then right")
			}
		})
	}
}

// TestATokenInTheQueryIsComparedWhole is the same law where the proof is a parameter of the URL.
func TestATokenInTheQueryIsComparedWhole(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		if e.Credential.Kind != entry.QueryToken {
			continue
		}
		checked++
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
			post := func(query string) bool {
				r := httptest.NewRequest(http.MethodPost, "/hooks?"+query, strings.NewReader(`{}`))
				return accepts(g, r)
			}
			name, right := e.Credential.Name, url.QueryEscape(ownSecret)
			require.True(t, post(name+"="+right))
			require.True(t, post("other=1&"+name+"="+right))
			for why, query := range map[string]string{
				"nothing": "", "no value": name, "an empty value": name + "=", "another name": "x" + name + "=" + right,
				"the name in upper case": strings.ToUpper(name) + "=" + right, "a shorter value": name + "=" +
					right[:len(right)-3],
				"a longer value": name + "=" + right + "a", "twice": name + "=" + right + "&" + name + "=" + right,
				"a wrong one first": name + "=x&" + name + "=" + right, "a wrong one after": name + "=" + right + "&" +
					name + "=x",
			} {
				require.False(t, post(query), why)
			}
			for i := range ownSecret {
				for bit := range 8 {
					flipped := []byte(ownSecret)
					flipped[i] ^= 1 << bit
					require.False(t, post(name+"="+url.QueryEscape(string(flipped))), "bit %d of byte %d", bit, i)
				}
			}
		})
	}
	require.NotZero(t, checked)
}
