package jws_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jws"
)

// FuzzNotification: what the guard accepts as Apple's, a reader that decodes with encoding/json alone finds signed by
// the leaf of the chain that it was made with, and for the configured app. Header and payload are signed here, so that
// the parsers behind the signature are reached.
func FuzzNotification(f *testing.F) {
	root, inter, leaf := appleChain(f)
	header := x5cOf("ES256", leaf.der, inter.der, root.der)
	f.Add("", header, notification())
	f.Add(wrapped(compact(f, leaf.key, header, notification())), header, notification(`"data"`, `"summary"`))
	f.Add(`{"signedPayload":"a.b.c"}`, `{"alg":"ES256","x5c":["","",""]}`, `{"data":null}`)
	f.Add(`{"signedPayload":"..","SignedPayload":""}`, strings.Replace(header, `"x5c"`, `"X5C":1,"x5c"`, 1), "[]")
	f.Add("x", strings.Replace(header, `"ES256"`, `"none"`, 1), `{"signedDate":1e3}`)
	g := guardOf(f, appleOf(jws.AppleProduction, root), nil, nil, now)
	f.Fuzz(func(t *testing.T, body, header, payload string) {
		for _, sent := range []string{body, wrapped(compact(t, leaf.key, header, payload))} {
			d, why := receive(g, post("", "", sent))
			if why != "" {
				continue
			}
			var outer struct {
				Token string `json:"signedPayload"`
			}
			require.NoError(t, json.Unmarshal([]byte(sent), &outer))
			parts := strings.Split(outer.Token, ".")
			require.Len(t, parts, 3)
			raw, err := base64.RawURLEncoding.DecodeString(parts[2])
			require.NoError(t, err)
			require.Len(t, raw, 64)
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
			require.True(t, ecdsa.Verify(&leaf.key.PublicKey, sum[:], r, s))
			claims, err := base64.RawURLEncoding.DecodeString(parts[1])
			require.NoError(t, err)
			require.Equal(t, string(claims), string(d.Events()[0].Payload))
			var all map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(claims, &all))
			ours := false
			for _, part := range all {
				var for1 struct{ BundleID string }
				ours = ours || json.Unmarshal(part, &for1) == nil && for1.BundleID == "com.example"
			}
			require.True(t, ours)
		}
	})
}

// FuzzNestedTexts: whatever a proved token of Wix says, it is one event, whose payload is JSON where the claim's text
// is.
func FuzzNestedTexts(f *testing.F) {
	key := rsaKeys()[0]
	for _, text := range []string{`{"data":"{\"id\":1}","eventType":"a"}`, `{"data":"x"}`, `{"data":"{}","data":"{}"}`,
		`{"data":"{\"a\":1}x"}`, `[]`, ``, `{"a":}`, "{\"\xff\":1}", `{"data":"{","identity":"{}"}`, `{ }`} {
		f.Add(text)
	}
	g := guardOf(f, jws.Wix(), []string{publicPEM(f, key.Public())}, nil, now)
	f.Fuzz(func(t *testing.T, text string) {
		claim, err := json.Marshal(map[string]string{"data": text})
		require.NoError(t, err)
		d, why := receive(g, post("", "", compact(t, key, `{"alg":"RS256"}`, string(claim))))
		require.Empty(t, why)
		events := d.Events()
		require.Len(t, events, 1)
		if payload := events[0].Payload; json.Valid([]byte(text)) {
			require.True(t, json.Valid(payload), "%q", payload)
		}
	})
}

// FuzzListedHeaders: a request that TrueLayer's signature covers is one whose signed bytes a plain reader rebuilds.
func FuzzListedHeaders(f *testing.F) {
	key := ecKey(f, elliptic.P521())
	f.Add("X-Tl-Webhook-Timestamp", "X-Tl-Webhook-Timestamp: 2026-09-21T14:13:20Z\n")
	f.Add("x-tl-webhook-timestamp,X-Other", "x-tl-webhook-timestamp: 2026-09-21T14:13:20Z\nX-Other: o\n")
	f.Add(",", "")
	f.Add("X-Tl-Webhook-Timestamp,X-Tl-Webhook-Timestamp", "")
	f.Add("X-Tl-Webhook-Timestamp\n", "")
	g := guardOf(f, jws.TrueLayer(), []string{publicPEM(f, key.Public())}, nil, now)
	f.Fuzz(func(t *testing.T, listed, lines string) {
		list, err := json.Marshal(listed)
		require.NoError(t, err)
		header := `{"alg":"ES512","kid":"k","tl_version":"2","jku":"https://webhooks.truelayer.com/.well-known/jwks",` +
			`"tl_headers":` + string(list) + `}`
		text := compact(t, key, header, "POST /hooks\n"+lines+"{}")
		r := post("Tl-Signature", text[:strings.IndexByte(text, '.')]+"."+text[strings.LastIndexByte(text, '.'):], "{}")
		r.Header.Set("X-Tl-Webhook-Timestamp", "2026-09-21T14:13:20Z")
		r.Header.Set("X-Other", "o")
		if reasonOf(g, r) != "" {
			return
		}
		want := ""
		for name := range strings.SplitSeq(listed, ",") {
			want += name + ": " + r.Header.Get(name) + "\n"
		}
		require.Equal(t, want, lines)
		require.Contains(t, strings.ToLower(listed), "x-tl-webhook-timestamp")
	})
}
