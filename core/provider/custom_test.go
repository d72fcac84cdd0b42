package provider_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func TestASenderOfYourOwn(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	now := time.Now()
	p := provider.HMAC(provider.HMACConfig{
		Name: "acme", Header: "Acme-Signature", Algorithm: provider.SHA512, Encoding: provider.Base64URLRaw, Prefix: "v2=",
		Signed: "{method}\n{header:X-Kind}\n{id}:{timestamp}:{body}", TimestampHeader: "Acme-Time", TimestampUnit: provider.Milliseconds,
		IDHeader: "Acme-Id", EventType: "/kind",
	})
	g := guardOf(t, p, secret, now)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(`{"kind":"a"}`))
	at := fmt.Sprint(now.UnixMilli())
	h := hmac.New(sha512.New, []byte(secret))
	_, _ = io.WriteString(h, "POST\nblue\nid-1:"+at+`:{"kind":"a"}`)
	for name, value := range map[string]string{"X-Kind": "blue", "Acme-Id": "id-1", "Acme-Time": at, "Acme-Signature": "v2=" + base64.RawURLEncoding.EncodeToString(h.Sum(nil))} {
		r.Header.Set(name, value)
	}
	d, _ := g.Receive(httptest.NewRecorder(), r, core.Inbound{})
	require.NotNil(t, d)
	require.Equal(t, "a", d.Events()[0].Type)
	require.Equal(t, "id-1", d.Events()[0].ID)
	require.True(t, d.Events()[0].Authenticated.ID)
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
		{"a signed timestamp without a place", func(c *provider.HMACConfig) { c.Signed = "{timestamp}.{body}" }, "place"},
		{"an id that is not signed", func(c *provider.HMACConfig) { c.IDHeader = "I" }, "no identity"},
		{"pairs without a key", func(c *provider.HMACConfig) { c.Pairs = ',' }, "SignatureKey"},
		{"a key without pairs", func(c *provider.HMACConfig) { c.SignatureKey = "v1" }, "Pairs"},
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

func TestAFakeCarriesItsEvent(t *testing.T) {
	t.Parallel()
	want := core.Event{ID: "1", Type: "invoice.paid", Action: "x", Attempt: 2, Time: time.Unix(5, 7).UTC(), Payload: []byte(`{"a":1}`)}
	ran := false
	h := core.Signal(func(r *http.Request, e core.Event) error {
		ran = true
		require.Equal(t, want.ID+want.Type+want.Action+string(want.Payload), e.ID+e.Type+e.Action+string(e.Data))
		require.Equal(t, want.Attempt, e.Attempt)
		require.True(t, want.Time.Equal(e.Time))
		body, _ := io.ReadAll(r.Body)
		require.Equal(t, want.Payload, body)
		for name := range r.Header {
			require.NotContains(t, name, "Webhooktest")
		}
		return nil
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, webhooktest.Fake(want))
	require.Equal(t, 200, w.Code)
	require.True(t, ran)
}
