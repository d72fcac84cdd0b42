package provider_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func TestASenderOfYourOwn(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	now := time.Now()
	p := provider.HMAC(provider.HMACConfig{
		Name: "acme", Header: "Acme-Signature", Algorithm: provider.SHA512, Encoding: provider.Base64URLRaw,
		Prefix: "v2=",
		Signed: "{method}\n{header:X-Kind}\n{id}:{timestamp}:{body}", TimestampHeader: "Acme-Time",
		TimestampUnit: provider.Milliseconds,
		IDHeader:      "Acme-Id", EventType: "/kind",
	})
	g := guardOf(t, p, secret, now)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(`{"kind":"a"}`))
	at := fmt.Sprint(now.UnixMilli())
	h := hmac.New(sha512.New, []byte(secret))
	_, _ = io.WriteString(h, "POST\nblue\nid-1:"+at+`:{"kind":"a"}`)
	for name, value := range map[string]string{"X-Kind": "blue", "Acme-Id": "id-1", "Acme-Time": at,
		"Acme-Signature": "v2=" + base64.RawURLEncoding.EncodeToString(h.Sum(nil))} {
		r.Header.Set(name, value)
	}
	d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.NotNil(t, d)
	require.Equal(t, "a", d.Events()[0].Type)
	require.Equal(t, "id-1", d.Events()[0].ID)
	require.True(t, d.Events()[0].Authenticated.ID)
}

func TestASenderOfYourOwnWithAnEncodedSecretAndABatchInsideTheBody(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := provider.HMAC(provider.HMACConfig{
		Name: "acme", Header: "Acme-Signature", SecretEncoding: provider.Base64, SecretPrefix: "acme_",
		Batch: true, BatchPointer: "/events", EventID: "/id", EventType: "/type", IdentityPointer: "/id",
	})
	key := []byte("an-accepted-secret-of-32-bytes!!")
	g := guardOf(t, p, "acme_"+base64.StdEncoding.EncodeToString(key), now)
	const body = `{"events":[{"id":"1","type":"a"},{"id":"2","type":"b"}]}`
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, body)
	r.Header.Set("Acme-Signature", hex.EncodeToString(h.Sum(nil)))
	d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.NotNil(t, d)
	events := d.Events()
	require.Len(t, events, 2)
	require.Equal(t, "1 a", events[0].ID+" "+events[0].Type)
	require.Equal(t, "2 b", events[1].ID+" "+events[1].Type)
}

func TestMistakesInASenderOfYourOwnAreReportedByNew(t *testing.T) {
	t.Parallel()
	good := provider.HMACConfig{Name: "acme", Header: "X"}
	rows := []struct {
		name   string
		change func(*provider.HMACConfig)
		want   string
	}{
		{"no header", func(c *provider.HMACConfig) { c.Header = "" }, "Header"},
		{"an unknown algorithm", func(c *provider.HMACConfig) { c.Algorithm = "md5" }, "md5"},
		{"an unknown encoding", func(c *provider.HMACConfig) { c.Encoding = "base32" }, "base32"},
		{"an unknown part", func(c *provider.HMACConfig) { c.Signed = "{body}{nonce}" }, "{nonce}"},
		{"a brace that is open", func(c *provider.HMACConfig) { c.Signed = "{body" }, "not closed"},
		{"no body", func(c *provider.HMACConfig) { c.Signed = "{method}" }, "{body}"},
		{"a timestamp that is not signed", func(c *provider.HMACConfig) { c.TimestampHeader = "T" }, "proves nothing"},
		{"a signed timestamp without a place", func(c *provider.HMACConfig) { c.Signed = "{timestamp}.{body}" },
			"place"},
		{"an id that is not signed", func(c *provider.HMACConfig) { c.IDHeader = "I" }, "no identity"},
		{"pairs without a key", func(c *provider.HMACConfig) { c.Pairs = ',' }, "SignatureKey"},
		{"a key without pairs", func(c *provider.HMACConfig) { c.SignatureKey = "v1" }, "Pairs"},
		{"a header that is none", func(c *provider.HMACConfig) { c.Header = "X Signature" },
			"not the name of a header"},
		{"a signed header that is none", func(c *provider.HMACConfig) { c.Signed = "{header:}\n{body}" }, "{header:}"},
		{"a body that is signed twice", func(c *provider.HMACConfig) { c.Signed = "{body}{body}" }, "twice"},
		{"an id that ends nowhere", func(c *provider.HMACConfig) { c.IDHeader, c.Signed = "I", "{id}{body}" },
			"another id"},
		{"an id before a letter", func(c *provider.HMACConfig) { c.IDHeader, c.Signed = "I", "{id}-{body}" },
			"another id"},
		{"an id that begins nowhere", func(c *provider.HMACConfig) { c.IDHeader, c.Signed = "I", "{body}{id}" },
			"another id"},
		{"a header that ends nowhere", func(c *provider.HMACConfig) { c.Signed = "{header:X-Kind}{body}" },
			"another body"},
		{"a header before a colon", func(c *provider.HMACConfig) { c.Signed = "{header:X-Kind}:{body}" },
			"another body"},
		{"a path that ends nowhere", func(c *provider.HMACConfig) { c.Signed = "{method}{path}{body}" },
			"another body"},
		{"a negative horizon", func(c *provider.HMACConfig) { c.RetryHorizon = -1 }, "negative"},
		{"an unknown unit", func(c *provider.HMACConfig) { c.TimestampUnit = "us" }, "us"},
		{"text as the signature's encoding", func(c *provider.HMACConfig) { c.Encoding = provider.Text }, "text"},
		{"two places for the timestamp", func(c *provider.HMACConfig) {
			c.Pairs, c.SignatureKey, c.TimestampKey, c.TimestampHeader, c.Signed = ',', "v1", "t", "T",
				"{timestamp}.{body}"
		}, "two places"},
		{"a place nobody understands", func(c *provider.HMACConfig) { c.EventType = "type" }, "neither"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := good
			row.change(&c)
			_, err := core.New(core.Config{Provider: provider.HMAC(c)})
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestTemplatesThatDivideInOneWayOnly(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, template := range []string{
		"{body}", "{timestamp}.{body}", "{timestamp}{body}", "{body}{timestamp}", "{id}.{timestamp}.{body}",
		"{id}{timestamp}{body}",
		"v0:{timestamp}:{body}", "{method}\n{path}\n{header:X-Kind}\n{body}", "{url}{body}", "{body}.{id}",
		"{body}\n{header:X-Kind}",
	} {
		c := provider.HMACConfig{Name: "acme", Header: "Acme-Signature", Signed: template}
		if strings.Contains(template, "{timestamp}") {
			c.TimestampHeader = "Acme-Time"
		}
		if strings.Contains(template, "{id}") {
			c.IDHeader = "Acme-Id"
		}
		p := provider.HMAC(c)
		g := guardOf(t, p, ownSecret, now)
		r := httptest.NewRequest(http.MethodPost, "https://hooks.example/in?a=1", strings.NewReader(`{}`))
		r.Header.Set("X-Kind", "blue")
		require.NoError(t, webhooktest.Sign(r, p, ownSecret, now))
		require.True(t, accepts(g, r), template)
	}
}

func TestASignedHeaderMustNotComeTwice(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	p := provider.HMAC(provider.HMACConfig{Name: "acme", Header: "Acme-Signature", Signed: "{header:x-kind}\n{body}"})
	r := webhooktest.NewRequest(p, ownSecret, "/hooks", `{}`, now)
	r.Header.Set("X-Kind", "blue")
	require.NoError(t, webhooktest.Sign(r, p, ownSecret, now))
	g := guardOf(t, p, ownSecret, now)
	require.True(t, accepts(g, r))

	r = webhooktest.NewRequest(p, ownSecret, "/hooks", `{}`, now)
	r.Header.Set("X-Kind", "blue")
	require.NoError(t, webhooktest.Sign(r, p, ownSecret, now))
	r.Header.Add("X-Kind", "red")
	require.Equal(t, reason.RepeatedHeader, reasonOf(g, r))
}

func TestATypeFromAnUnsignedHeaderJoinsTheIdentity(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	p := provider.HMAC(provider.HMACConfig{Name: "acme", Header: "Acme-Signature", EventType: "header:Acme-Type"})
	g := guardOf(t, p, ownSecret, now)
	identity := func(kind string) core.Identity {
		d, reply := g.Receive(httptest.NewRecorder(), signedOwn(t, p, now, kind), adapter.Inbound{})
		require.Nil(t, reply)
		require.Equal(t, kind, d.Events()[0].Type)
		require.False(t, d.Events()[0].Authenticated.Type)
		return d.Events()[0].Identity
	}
	require.NotEqual(t, identity("a"), identity("b"))
	require.Equal(t, identity("a"), identity("a"))
}

func signedOwn(t *testing.T, p core.Provider, now time.Time, kind string) *http.Request {
	t.Helper()
	r := webhooktest.NewRequest(p, ownSecret, "/hooks", `{}`, now)
	r.Header.Set("Acme-Type", kind)
	return r
}

func TestATokenInAHeaderOfYourOwn(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	p := provider.Token("X-Acme-Token")
	require.Equal(t, "token", p.Name())
	g := guardOf(t, p, ownSecret, now)
	require.True(t, accepts(g, webhooktest.NewRequest(p, ownSecret, "/hooks", `{}`, now)))
	require.False(t, accepts(g, webhooktest.NewRequest(p, "another secret of enough bytes", "/hooks", `{}`, now)))
}
