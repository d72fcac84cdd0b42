package provider_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestEBaysChallengeIsAnsweredWithAHash of the challenge, the token and the URL, and without a token with nothing.
func TestEBaysChallengeIsAnsweredWithAHash(t *testing.T) {
	t.Parallel()
	const url, token = "https://hooks.example.com/ebay?shop=1", "a-verification-token-of-32-letters"
	make := func(change func(*core.Config)) *core.Guard {
		c := core.Config{
			Endpoint: "ebay", Provider: provider.EBay(), Secrets: secrets.Static(secretFor(provider.EBay())),
			Replay: core.DangerouslyNoReplay, PublicURL: url, Setup: core.Setup{VerifyTokens: secrets.Static(token)},
		}
		change(&c)
		g, err := core.New(c)
		require.NoError(t, err)
		return g
	}
	ask := func(g *core.Guard, target string) *core.Reply {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, d)
		return reply
	}
	answer := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return `{"challengeResponse":"` + hex.EncodeToString(sum[:]) + `"}`
	}
	configured := make(func(*core.Config) {})
	reply := ask(configured, "https://proxy.internal/x?challenge_code=abc123")
	require.Equal(t, http.StatusOK, reply.Status)
	require.Equal(t, answer("abc123"+token+url), string(reply.Body))
	require.Equal(t, "application/json", reply.Header().Get("Content-Type"))
	rebuilt := make(func(c *core.Config) { c.PublicURL = "" })
	require.Equal(t, answer("abc123"+token+"https://hooks.example.com/ebay"),
		string(ask(rebuilt, "https://hooks.example.com/ebay?challenge_code=abc123").Body))
	now := time.Now()
	rotated := make(func(c *core.Config) {
		c.Setup.VerifyTokens = secrets.Labeled(
			secrets.New("old", "an-older-verification-token-of-it").ValidUntil(now.Add(-time.Hour)), secrets.New("new", token))
	})
	require.Equal(t, answer("abc123"+token+url), string(ask(rotated, "https://a.example/?challenge_code=abc123").Body))

	for _, challenge := range []string{"", "a b", "<a>", "%7B%22a%22%7D", strings.Repeat("a", 513), "a&challenge_code=b"} {
		reply := ask(configured, "https://a.example/?challenge_code="+strings.ReplaceAll(challenge, " ", "+"))
		require.NotNil(t, reply.Rejection, challenge)
		require.NotContains(t, string(reply.Body), "challengeResponse")
	}
	require.NotNil(t, ask(make(func(c *core.Config) { c.Setup.VerifyTokens = nil }),
		"https://a.example/?challenge_code=abc123").Rejection)
}

// TestAPackedSignatureIsReadStrictly: one object with one signature, whatever else it says.
func TestAPackedSignatureIsReadStrictly(t *testing.T) {
	t.Parallel()
	p := provider.EBay()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	genuine := webhooktest.NewRequest(p, signerFor(p), everyURL, `{"a":1}`, time.Unix(ownTime, 0))
	packed, err := base64.StdEncoding.DecodeString(genuine.Header.Get("X-EBAY-SIGNATURE"))
	require.NoError(t, err)
	var object map[string]string
	require.NoError(t, json.Unmarshal(packed, &object))
	signature := object["signature"]
	post := func(value string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, everyURL, strings.NewReader(`{"a":1}`))
		r.Header.Set("X-EBAY-SIGNATURE", value)
		return reasonOf(g, r)
	}
	of := func(text string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(text, "SIG", signature)))
	}
	for _, row := range []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", of(`{"alg":"ecdsa","kid":"1","signature":"SIG","digest":"SHA1"}`), ""},
		{"another algorithm is not obeyed", of(`{"alg":"none","kid":"1","signature":"SIG","digest":"none"}`), ""},
		{"another algorithm proves nothing", of(`{"alg":"none","kid":"1","signature":"","digest":"none"}`),
			reason.MalformedSignature},
		{"two signatures", of(`{"signature":"SIG","signature":"SIG"}`), reason.MalformedSignature},
		{"two signatures, one in another form", of(`{"signature":"SIG","\u0073ignature":"x"}`),
			reason.MalformedSignature},
		{"a list of signatures", of(`{"signature":["SIG"]}`), reason.MalformedSignature},
		{"no signature", of(`{"kid":"1"}`), reason.MalformedSignature},
		{"a list", of(`[{"signature":"SIG"}]`), reason.MalformedSignature},
		{"something behind it", of(`{"signature":"SIG"}{}`), reason.MalformedSignature},
		{"cut", of(`{"signature":"SIG"`), reason.MalformedSignature},
		{"the signature alone", signature, reason.MalformedSignature},
		{"no base64", "{}", reason.MalformedSignature},
		{"a line feed in it", of(`{"signature":"SIG"}`)[:8] + "\n" + of(`{"signature":"SIG"}`)[8:], reason.MalformedSignature},
		{"deep", of(strings.Repeat(`{"a":`, 1000)), reason.MalformedSignature},
		{"empty", "", reason.MissingSignature},
	} {
		require.Equal(t, row.want, post(row.value), row.name)
	}
}

// TestEBaysKeyIsFetchedByItsID under the user's own token, and an answer that is no key refuses.
func TestEBaysKeyIsFetchedByItsID(t *testing.T) {
	t.Parallel()
	vectors := vectorsIn(t, "testdata/vectors/ebay.json")
	const kid = "9936261a-7d7b-4621-a0f1-96ccb428af49"
	line := func(v *vector) string { return strings.ReplaceAll(v.PublicKey, "\n", "") }
	verdict := func(v *vector, answer string, failure error) reason.Reason {
		asked := []string{}
		source, err := keys.EBay(func(_ context.Context, ref string) ([]byte, error) {
			asked = append(asked, ref)
			return []byte(answer), failure
		}, keys.Options{})
		require.NoError(t, err)
		defer source.Close()
		got := reasonOf(fetching(t, provider.EBay(), source), v.request())
		require.Equal(t, []string{kid}, asked)
		return got
	}
	for i := range vectors {
		v := &vectors[i]
		answer := `{"key":"` + line(v) + `","algorithm":"ECDSA","digest":"SHA1"}`
		require.Equal(t, v.Expect == "valid", verdict(v, answer, nil) == "", v.ID)
		if v.Expect != "valid" {
			continue
		}
		for why, bad := range map[string]string{
			"another algorithm": strings.Replace(answer, "ECDSA", "RSA", 1), "no algorithm": `{"key":"` + line(v) + `"}`,
			"no key": `{"algorithm":"ECDSA"}`, "two keys": strings.Replace(answer, `{"key"`, `{"key":"x","key"`, 1),
			"no armour": strings.ReplaceAll(answer, "-----BEGIN PUBLIC KEY-----", ""), "no JSON": "x",
			"a key that is none": `{"key":"-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----","algorithm":"ECDSA"}`,
		} {
			require.Equal(t, reason.BadSignature, verdict(v, bad, nil), why)
		}
		require.Equal(t, reason.KeysUnavailable, verdict(v, "", errors.New("no token")))
		require.Equal(t, reason.BadSignature, verdict(v, "", keys.ErrUnknownKey))
	}
	_, err := keys.EBay(nil, keys.Options{})
	require.Error(t, err)
}
