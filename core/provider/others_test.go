package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestWhatASenderAlsoSendsIsRefusedByName: the operator must not look for a lost signature where another product of the
// sender, an older format or a set-up request came.
func TestWhatASenderAlsoSendsIsRefusedByName(t *testing.T) {
	t.Parallel()
	const (
		notionToken = `{"verification_token":"secret_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"}`
		drained     = `{"id":"1","message":"x","source":"lambda"}`
	)
	vercel := webhooktest.NewSender(provider.Vercel())
	mac := func(body string) []string {
		m := hmac.New(sha1.New, []byte(vercel.Secret()))
		m.Write([]byte(body))
		return []string{"x-vercel-signature", hex.EncodeToString(m.Sum(nil))}
	}
	for _, row := range []struct {
		name     string
		p        core.Provider
		secret   string
		url      string
		body     string
		headers  []string
		reason   reason.Reason
		code     reason.Code // none: the detail says it
		says, do string
	}{
		{"Vercel's test of a drain", provider.Vercel(), "", "", "[]", nil,
			reason.MissingSignature, reason.OtherProduct, "drain", "handler of their own"},
		{"Vercel's drain, a signed list", provider.Vercel(), vercel.Secret(), "", "[" + drained + "]",
			mac("[" + drained + "]"),
			reason.MalformedSignature, "", "not one JSON object", ""},
		{"Vercel's drain, signed lines", provider.Vercel(), vercel.Secret(), "", drained + "\n" + drained,
			mac(drained + "\n" + drained), reason.MalformedSignature, "", "not one JSON object", ""},
		{"Vercel's drain, signed lines that end as Windows' do", provider.Vercel(), vercel.Secret(), "",
			drained + "\r\n" + drained, mac(drained + "\r\n" + drained), reason.MalformedSignature, "",
			"not one JSON object", ""},
		{"Adyen's form", provider.Adyen(), "", "", "pspReference=1&eventCode=AUTHORISATION&success=true", nil,
			reason.MalformedSignature, "", "a form: choose JSON", ""},
		{"Adyen's SOAP", provider.Adyen(), "", "", "<?xml version=\"1.0\"?><soap:Envelope/>", nil,
			reason.MalformedSignature, "", "XML: choose JSON", ""},
		{"Adyen without an HMAC key", provider.Adyen(), "", "",
			`{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","eventCode":"CAPTURE","success":"true"}}]}`, nil,
			reason.MissingSignature, "", "set the secret at the provider", ""},
		{"Mercado Pago's IPN", provider.MercadoPago(), "", "?id=123&topic=merchant_order", "{}", nil,
			reason.MissingSignature, reason.OtherProduct, "IPN", "notification_url"},
		{"Mercado Pago's IPN with a signature that no secret fits", provider.MercadoPago(), "", "?id=123&topic=payment",
			"{}",
			[]string{"X-Signature", "ts=1,v1=" + strings.Repeat("0", 64), "X-Request-Id", "r-1"},
			"", reason.OtherProduct, "IPN", "notification_url"},
		{"Mailgun's alert", provider.Mailgun(), "", "", `{"event":"ip_listed"}`, nil,
			reason.MissingSignature, reason.OtherProduct, "alert", "provider.HMAC"},
		{"SendGrid's events without the Signed Event Webhook", provider.SendGrid(), "", "", `[{"event":"delivered"}]`,
			nil,
			reason.MissingSignature, reason.OtherProduct, "Signed Event Webhook", "turn it on"},
		{"SendGrid's Inbound Parse", provider.SendGrid(), "", "", "a=b", nil,
			reason.MissingSignature, reason.OtherProduct, "Inbound Parse", "SendGridInbound"},
		{"Notion's first request", provider.Notion(), "", "", notionToken, nil,
			reason.MissingSignature, reason.HandsSecretOver, "when the subscription is created", "Setup.SecretSink"},
		{"Asana's first request", provider.Asana(), "", "", "",
			[]string{"X-Hook-Secret", "0123456789abcdef0123456789abcdef"},
			reason.MissingSignature, reason.HandsSecretOver, "X-Hook-Secret", "Setup.AwaitingSecret"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.secret == "" {
				row.secret = webhooktest.NewSender(row.p).Secret()
			}
			g, err := core.New(core.Config{
				Endpoint: "other", Provider: row.p, Secrets: secrets.Static(row.secret),
				Replay: core.DangerouslyNoReplay,
				Logger: slog.New(slog.DiscardHandler),
			})
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks"+row.url, strings.NewReader(row.body))
			for i := 0; i < len(row.headers); i += 2 {
				r.Header.Set(row.headers[i], row.headers[i+1])
			}
			got := g.Explain(r, adapter.Inbound{})
			if row.reason != "" {
				require.Equal(t, row.reason, got.Reason, "%+v", got)
			}
			if row.code == "" {
				require.Contains(t, got.String(), row.says)
				return
			}
			for _, f := range got.Findings {
				if f.Code == row.code && strings.Contains(f.Text, row.says) {
					require.Contains(t, f.Fix, row.do)
					return
				}
			}
			require.Fail(t, "not named", "%+v", got)
		})
	}
}
