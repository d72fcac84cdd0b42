package provider_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

const (
	ownTime   = 1772366400 // 2026-03-01T12:00:00Z
	ownSecret = "an-accepted-secret-of-32-bytes!!"
	ownKey    = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	ownWhsec  = "whsec_" + ownKey
)

func ownMAC(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(message))
	return h.Sum(nil)
}

func ownHex(message string) string { return hex.EncodeToString(ownMAC([]byte(ownSecret), message)) }

// ownWhsecMAC signs as Standard Webhooks does, without the code under test.
func ownWhsecMAC(id string, at int64, body string) string {
	key, err := base64.StdEncoding.DecodeString(ownWhsec[len("whsec_"):])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(ownMAC(key, fmt.Sprintf("%s.%d.%s", id, at, body)))
}

// ownVectors are deliveries of the providers that publish none, or not of every form they send, signed here by the
// documented format.
func ownVectors() []vector {
	now := int64(ownTime)
	at := fmt.Sprint(now)
	const (
		jsonType = "application/json"
		formType = "application/x-www-form-urlencoded"
		token    = "885894756b6c371a377f5f9516d60a4db497ad27d4931ed215"
	)
	own := func(provider, name, secret, body string, headers map[string]string) vector {
		return vector{
			Provider: provider, ID: "own-" + name, Method: http.MethodPost, Headers: headers, Body: []byte(body),
			Secret: secret, Now: &now, Expect: "valid",
		}
	}
	resend := `{"type":"email.sent","created_at":"2026-03-01T12:00:00.000Z","data":{"email_id":"56761188"}}` + "\r\n"
	gitlab := `{"object_kind":"merge_request","object_attributes":{"action":"open"}}`
	shopify := `{"id":820982911946154508,"email":"jon@example.com"}`
	stripe := `{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}`
	shopifyMAC := base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), shopify))
	all := []vector{
		own("resend", "resend", ownWhsec, resend, map[string]string{
			"Svix-Id": "msg_2", "Svix-Timestamp": at, "Svix-Signature": "v1," + ownWhsecMAC("msg_2", now, resend),
		}),
		own("gitlab", "gitlab", ownWhsec, gitlab, map[string]string{
			"Webhook-Id": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", "Webhook-Timestamp": at,
			"X-Gitlab-Event":    "Merge Request Hook",
			"Webhook-Signature": "v1," + ownWhsecMAC("f5e5f430-f57b-4e6e-9fac-d9128cd7232f", now, gitlab),
		}),
		own("svix", "svix-under-webhook-names", ownWhsec, resend, map[string]string{
			"Webhook-Id": "msg_3", "Webhook-Timestamp": at, "Webhook-Signature": "v1," +
				ownWhsecMAC("msg_3", now, resend),
		}),
		own("shopify", "shopify", ownSecret, shopify, map[string]string{"X-Shopify-Hmac-Sha256": shopifyMAC}),
		own("shopify", "shopify-new-names", ownSecret, shopify, map[string]string{"Shopify-Hmac-Sha256": shopifyMAC}),
		own("stripe", "stripe", ownSecret, stripe, map[string]string{
			"Stripe-Signature": "t=" + at + ",v1=" + ownHex(at+"."+stripe),
		}),
		own("github", "github-form", ownSecret, "payload=%7B%22action%22%3A%22opened%22%7D", map[string]string{
			"Content-Type": formType, "X-Hub-Signature-256": "sha256=" +
				ownHex("payload=%7B%22action%22%3A%22opened%22%7D"),
		}),
		own("mailgun", "mailgun-form", ownSecret, "token="+token+"&timestamp="+at+"&signature="+ownHex(at+token)+
			"&event=opened",
			map[string]string{"Content-Type": formType}),
		own("mailgun", "mailgun-json", ownSecret, `{"signature":{"token":"`+token+`","timestamp":"`+at+
			`","signature":"`+ownHex(at+token)+`"},"event-data":{}}`,
			map[string]string{"Content-Type": jsonType}),
		own("gitlab-token", "gitlab-token", ownSecret, gitlab, map[string]string{"X-Gitlab-Token": ownSecret}),
		own("telegram", "telegram", ownSecret, `{"update_id":1,"message":{}}`,
			map[string]string{"X-Telegram-Bot-Api-Secret-Token": ownSecret}),
		own("postmark", "postmark", "user:a-long-enough-password", `{"RecordType":"Bounce"}`, map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:a-long-enough-password")),
		}),
		own("basic", "basic", "user:a-long-enough-password", `{}`, map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:a-long-enough-password")),
		}),
		own("bearer", "bearer", ownSecret, `{}`, map[string]string{"Authorization": "Bearer " + ownSecret}),
	}
	all = append(all, senderVectors(own)...)
	all = append(all, appVectors()...)
	all = append(all, requestVectors()...)
	for _, v := range all { // each also under another secret
		wrong := v
		wrong.ID += "-wrong-secret"
		wrong.Expect = "invalid"
		if strings.Contains(v.Secret, ownKey) {
			wrong.Secret = strings.Replace(v.Secret, "MfKQ", "AfKQ", 1) // still base64
		} else {
			wrong.Secret = strings.Replace(v.Secret, "a", "b", 1)
		}
		all = append(all, wrong)
	}
	return all
}
