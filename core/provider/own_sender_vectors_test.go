package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// senderVectors are deliveries of the email services and developer tools that publish none, or only refused ones. Each
// signature is computed here from the documented formula.
func senderVectors(own func(provider, name, secret, body string, headers map[string]string) vector) (all []vector) {
	type headers = map[string]string
	add := func(provider, secret, body string, h headers) {
		all = append(all, own(provider, provider, secret, body, h))
	}
	at, atMilli := fmt.Sprint(int64(ownTime)), fmt.Sprint(int64(ownTime)*1000+123)
	const event = `{"id":"1","type":"a.b","event":"e","text":"\u00fc \\n ü"}`

	// The hexadecimal MAC of the body, under a name.
	for provider, name := range map[string]string{
		"mailersend": "Signature", "mailtrap": "Mailtrap-Signature", "gitea": "X-Gitea-Signature",
		"forgejo": "X-Forgejo-Signature", "gogs": "X-Gogs-Signature", "sentry": "Sentry-Hook-Signature",
		"asana": "X-Hook-Signature", "clickup": "X-Signature", "launchdarkly": "X-LD-Signature",
		"grafana": "X-Grafana-Alerting-Signature",
	} {
		add(provider, ownSecret, event, headers{name: ownHex(event)})
	}
	all = append(all, own("forgejo", "forgejo-before-its-own-names", ownSecret, event,
		headers{"X-Gitea-Signature": ownHex(event)}))
	for _, provider := range []string{"bitbucket", "bitbucket-server"} {
		add(provider, ownSecret, event, headers{"X-Hub-Signature": "sha256=" + ownHex(event)})
	}
	add("github-style", ownSecret, event, headers{"X-Hub-Signature-256": "sha256=" + ownHex(event)})
	key, err := base64.StdEncoding.DecodeString(ownKey)
	if err != nil {
		panic(err)
	}
	add("airtable", ownKey, event,
		headers{"X-Airtable-Content-MAC": "hmac-sha256=" + hex.EncodeToString(ownMAC(key, event))})
	add("heroku", ownSecret, event, headers{
		"Heroku-Webhook-Hmac-SHA256": base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), event)),
	})
	sha1MAC := hmac.New(sha1.New, []byte(ownSecret))
	_, _ = sha1MAC.Write([]byte(event))
	add("vercel", ownSecret, event, headers{"x-vercel-signature": hex.EncodeToString(sha1MAC.Sum(nil))})

	sent := `{"type":"Issue","action":"create","webhookTimestamp":` + atMilli + `}`
	add("linear", ownSecret, sent, headers{"Linear-Signature": ownHex(sent)})

	// A time next to the signature, and both signed.
	add("customer-io", ownSecret, event,
		headers{"X-CIO-Timestamp": at, "X-CIO-Signature": ownHex("v0:" + at + ":" + event)})
	add("buildkite", ownSecret, event,
		headers{"X-Buildkite-Signature": "timestamp=" + at + ",signature=" + ownHex(at+"."+event)})
	add("workos", ownSecret, event, headers{"WorkOS-Signature": "t=" + atMilli + ", v1=" + ownHex(atMilli+"."+event)})
	add("cloudflare-stream", ownSecret, event,
		headers{"Webhook-Signature": "time=" + at + ",sig1=" + ownHex(at+"."+event)})
	add("elevenlabs", ownSecret, event, headers{"ElevenLabs-Signature": "t=" + at + ",v0=" + ownHex(at+"."+event)})

	// Standard Webhooks.
	for provider, family := range map[string]string{"loops": "Webhook", "anthropic": "Webhook", "clerk": "Svix",
		"supabase": "Webhook"} {
		secret := ownWhsec
		if provider == "supabase" {
			secret = "v1," + ownWhsec
		}
		add(provider, secret, event, headers{
			family + "-Id": "msg_4", family + "-Timestamp": at, family + "-Signature": "v1," +
				ownWhsecMAC("msg_4", ownTime, event),
		})
	}

	// Credentials.
	const pair = "user:a-long-enough-password"
	for _, provider := range []string{"brevo", "mailjet", "sendgrid-inbound", "sparkpost", "azure-devops"} {
		add(provider, pair, event, headers{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))})
	}
	add("alertmanager", ownSecret, event, headers{"Authorization": "Bearer " + ownSecret})
	add("sparkpost-relay", ownSecret, event, headers{"X-MessageSystems-Webhook-Token": ownSecret})
	add("okta", ownSecret, event, headers{"Authorization": ownSecret})
	add("cloudflare-notifications", ownSecret, event, headers{"cf-webhook-auth": ownSecret})
	for provider, parameter := range map[string]string{"mailchimp": "secret", "docker-hub": "token"} {
		v := own(provider, provider, ownSecret, event, nil)
		v.URL = "https://example.com/hooks?list=1&" + parameter + "=an-accepted-secret-of-32-bytes%21%21"
		all = append(all, v)
	}
	return all
}
