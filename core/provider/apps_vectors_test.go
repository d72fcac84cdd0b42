package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
)

// ownHexKey is a secret that is shown in hexadecimal, of 32 bytes.
const ownHexKey = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"

// macOf signs without the code under test: the key's bytes, and the documented text.
func macOf(newHash func() hash.Hash, key []byte, message string) []byte {
	h := hmac.New(newHash, key)
	_, _ = h.Write([]byte(message))
	return h.Sum(nil)
}

// appVectors are deliveries of payments, chat, apps and cloud, signed here by the formula that each provider documents.
func appVectors() []vector {
	now := int64(ownTime)
	s, ms := fmt.Sprint(now), fmt.Sprint(now*1000)
	const (
		rfc3339   = "2026-03-01T12:00:00Z"
		nanos     = "2026-03-01T12:00:00.123456789Z"
		uuid      = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"
		base64Key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		body      = `{"id":"evt_1","type":"a.b","data":{"text":"\u30b9 é"}}` + "\r\n"
		list      = `{"events":[{"id":"EV1","type":"message"}],"entry":[{"id":"1"}],"eventNotifications":[]}`
	)
	type set = map[string]string
	key := []byte(ownSecret)
	sha256Hex := func(text string) string { return hex.EncodeToString(macOf(sha256.New, key, text)) }
	sha256Base64 := func(text string) string { return base64.StdEncoding.EncodeToString(macOf(sha256.New, key, text)) }
	own := func(provider, secret, body string, headers set) vector {
		return vector{
			Provider: provider, ID: "own-" + provider, Method: http.MethodPost, Headers: headers, Body: []byte(body),
			Secret: secret, Now: &now, Expect: "valid",
		}
	}
	sign := func(provider, body string, headers set) vector { return own(provider, ownSecret, body, headers) }
	standard := func(provider string) vector {
		return own(provider, ownWhsec, body, set{
			"Webhook-Id": "msg_1", "Webhook-Timestamp": s, "Webhook-Signature": "v1," + ownWhsecMAC("msg_1", now, body),
		})
	}
	decoded := func(key []byte, err error) []byte {
		if err != nil {
			panic(err)
		}
		return key
	}
	azure := sign("azure-event-grid", `[{"id":"1","eventType":"a"}]`, nil)
	azure.URL = "https://example.com/hooks?token=an-accepted-secret-of-32-bytes%21%21"
	return []vector{
		// Payments and commerce.
		sign("woocommerce", body,
			set{"X-WC-Webhook-Signature": sha256Base64(body), "X-WC-Webhook-Topic": "order.created"}),
		sign("lemon-squeezy", body, set{"X-Signature": sha256Hex(body), "X-Event-Name": "order_created"}),
		sign("razorpay", body, set{"X-Razorpay-Signature": sha256Hex(body)}),
		sign("paystack", body, set{"x-paystack-signature": hex.EncodeToString(macOf(sha512.New, key, body))}),
		sign("coinbase-commerce", body, set{"X-CC-Webhook-Signature": sha256Hex(body)}),
		sign("mollie", body, set{"X-Mollie-Signature": "sha256=" + sha256Hex(body)}),
		sign("gocardless", list, set{"Webhook-Signature": sha256Hex(list)}),
		sign("modern-treasury", body, set{"X-Signature": sha256Hex(body), "X-Topic": "payment_order"}),
		sign("checkout-com", body, set{"Cko-Signature": sha256Hex(body)}),
		own("adyen-platform", ownHexKey, body, set{
			"HmacSignature": base64.StdEncoding.EncodeToString(macOf(sha256.New, decoded(hex.DecodeString(ownHexKey)),
				body)), "Protocol": "HmacSHA256",
		}),
		sign("paddle", body, set{"Paddle-Signature": "ts=" + s + ";h1=" + sha256Hex(s+":"+body)}),
		sign("revolut", body,
			set{"Revolut-Request-Timestamp": ms, "Revolut-Signature": "v1=" + sha256Hex("v1."+ms+"."+body)}),
		sign("coinbase-cdp", body, set{
			"X-Hook0-Signature": "t=" + s + ",v0=" + sha256Hex(s+"."+body) + ",h=x-event-id,v1=" +
				sha256Hex(s+".x-event-id.1."+body), "X-Event-Id": "1",
		}),
		own("polar", ownSecret, body, set{
			"Webhook-Id": uuid, "Webhook-Timestamp": s, "Webhook-Signature": "v1," + sha256Base64(uuid+"."+s+"."+body),
		}),
		standard("increase"),
		sign("xendit", body, set{"X-Callback-Token": ownSecret, "Webhook-Id": uuid}),
		own("chargebee", "user:a-long-enough-password", body, set{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:a-long-enough-password")),
		}),

		// Chat and apps.
		sign("meta", list, set{"X-Hub-Signature-256": "sha256=" + sha256Hex(list)}),
		sign("line", list, set{"x-line-signature": sha256Base64(list)}),
		sign("viber", body, set{"X-Viber-Content-Signature": sha256Hex(body)}),
		sign("zoom", body, set{"x-zm-request-timestamp": s, "x-zm-signature": "v0=" + sha256Hex("v0:"+s+":"+body)}),
		own("ms-teams", base64Key, body, set{
			"Authorization": "HMAC " +
				base64.StdEncoding.EncodeToString(macOf(sha256.New, decoded(base64.StdEncoding.DecodeString(base64Key)),
					body)),
		}),
		sign("intercom-app", body, set{"X-Body-Signature": hex.EncodeToString(macOf(sha256.New, key, body))}),
		sign("sentry-ui", body, set{"Sentry-App-Signature": hex.EncodeToString(macOf(sha256.New, key, body))}),
		sign("intercom", body, set{"X-Hub-Signature": "sha1=" + hex.EncodeToString(macOf(sha1.New, key, body))}),
		sign("sinch", body, set{
			"x-sinch-webhook-signature-nonce": "01JHFFHWYY7HSS4FWTMDTQEK8V", "x-sinch-webhook-signature-timestamp": s,
			"x-sinch-webhook-signature": sha256Base64(body + ".01JHFFHWYY7HSS4FWTMDTQEK8V." + s),
		}),
		sign("sinch-numbers", body, set{"X-Sinch-Signature": hex.EncodeToString(macOf(sha1.New, key, body))}),
		sign("zendesk", body, set{
			"X-Zendesk-Webhook-Signature-Timestamp": rfc3339,
			"X-Zendesk-Webhook-Signature":           sha256Base64(rfc3339 + body),
		}),
		sign("front", body, set{"X-Front-Request-Timestamp": ms, "X-Front-Signature": sha256Base64(ms + ":" + body)}),
		sign("typeform", body, set{"Typeform-Signature": "sha256=" + sha256Base64(body)}),
		sign("cal-com", body, set{"X-Cal-Signature-256": sha256Hex(body)}),
		sign("dropbox", body, set{"X-Dropbox-Signature": sha256Hex(body)}),
		sign("box", body, set{
			"box-delivery-timestamp": "2026-03-01T04:00:00-08:00",
			"box-signature-primary":  sha256Base64(body + "2026-03-01T04:00:00-08:00"),
		}),
		sign("docusign", body, set{"X-DocuSign-Signature-1": sha256Base64(body)}),
		sign("twitch", body, set{
			"Twitch-Eventsub-Message-Id": uuid, "Twitch-Eventsub-Message-Timestamp": nanos,
			"Twitch-Eventsub-Message-Type":      "notification",
			"Twitch-Eventsub-Message-Signature": "sha256=" + sha256Hex(uuid+nanos+body),
		}),
		sign("x-twitter", body, set{"x-twitter-webhooks-signature": "sha256=" + sha256Base64(body)}),
		sign("webflow", body, set{"x-webflow-timestamp": ms, "x-webflow-signature": sha256Hex(ms + ":" + body)}),
		sign("xero", list, set{"x-xero-signature": sha256Base64(list)}),
		sign("quickbooks", `[{"id":"1","type":"qbo.invoice.created.v1"}]`,
			set{"intuit-signature": sha256Base64(`[{"id":"1","type":"qbo.invoice.created.v1"}]`)}),

		// Cloud.
		sign("alchemy", body, set{"X-Alchemy-Signature": sha256Hex(body)}),
		sign("quicknode", body,
			set{"X-QN-Nonce": uuid, "X-QN-Timestamp": s, "X-QN-Signature": sha256Hex(uuid + s + body)}),
		sign("google-push-channels", "", set{"X-Goog-Channel-Token": ownSecret, "X-Goog-Resource-State": "sync"}),
		sign("aws-eventbridge", body, set{"X-Api-Key": ownSecret}),
		azure,
	}
}
