package adaptertest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// methodLives are rows about the methods that a sender's form offers, and deliveries without a body.
func methodLives() (all []life) {
	at, ms := strconv.Itoa(lifeTime), strconv.Itoa(lifeTime)+"000"
	hubspot := func(method, target, signedURL, body string, status int, ran ...string) step {
		return step{method: method, target: target, body: body, status: status, ran: ran, headers: []string{
			"X-HubSpot-Request-Timestamp", ms, "X-HubSpot-Signature-V3", life64(method + signedURL + body + ms),
		}}
	}
	const event = `[{"eventId":1,"subscriptionType":"contact.creation"}]`
	all = []life{
		{name: "twelve characters are signed decoded", provider: "hubspot", steps: []step{
			hubspot("POST", "/hooks/a%3Ab%2Fc?d=%3F%40%21%24%27%28%29%2A%2C%3B",
				"https://example.com/hooks/a:b/c?d=?@!$'()*,;", event, 200, "contact.creation"),
			hubspot("POST", "/hooks?d=%26%20%2526%3D", "https://example.com/hooks?d=%26%20%2526%3D",
				`[{"eventId":2,"subscriptionType":"deal.creation"}]`, 200, "deal.creation"),
			hubspot("POST", "/hooks?d=%252F", "https://example.com/hooks?d=/", event, 400),
			hubspot("POST", "/hooks?d=%2F", "https://example.com/hooks?d=%2F", event, 400),
		}},
		{name: "a card asks with a GET", provider: "hubspot", steps: []step{
			hubspot("GET", "/hooks?userId=1", "https://example.com/hooks?userId=1", "", 200, ""),
			hubspot("GET", "/hooks?userId=1", "https://example.com/hooks?userId=1", "", 200, ""),
			hubspot("GET", "/hooks?userId=1", "https://example.com/hooks?userId=2", "", 400),
			hubspot("PUT", "/hooks", "https://example.com/hooks", event, 405),
		}},
	}
	zendesk := func(method, time, body string, status int, ran ...string) step {
		return step{method: method, body: body, status: status, ran: ran, headers: []string{
			"X-Zendesk-Webhook-Signature-Timestamp", time, "X-Zendesk-Webhook-Signature", life64(time + body),
		}}
	}
	var steps []step
	for n, method := range []string{"GET", "PUT", "PATCH", "DELETE", "POST"} {
		body := `{"n":"` + method + `"}`
		if method == "GET" {
			body = ""
		}
		at := "2026-03-01T12:00:0" + strconv.Itoa(n) + "Z"
		steps = append(steps, zendesk(method, at, body, 200, ""), zendesk(method, at, body, 200))
	}
	all = append(all, life{name: "every method of its form", provider: "zendesk",
		steps: append(steps, zendesk("GET", "2026-03-01T12:00:01Z", "", 200, ""))})
	grafana := func(method, body string, status int, ran ...string) step {
		return step{method: method, body: body, status: status, ran: ran,
			headers: []string{"X-Grafana-Alerting-Signature", lifeHex(body)}}
	}
	all = append(all, life{name: "PUT", provider: "grafana", steps: []step{
		grafana("PUT", `{"status":"firing"}`, 200, "firing"), grafana("GET", "", 405),
	}})
	sanity := func(method, body string) step {
		sum := macOf(sha256.New, lifeSecret, ms+"."+body)
		return step{method: method, body: body, status: 200, ran: []string{""}, headers: []string{
			"sanity-webhook-signature", "t=" + ms + ",v1=" + base64.RawURLEncoding.EncodeToString(sum),
		}}
	}
	all = append(all, life{name: "every method of its form", provider: "sanity", steps: []step{
		sanity("POST", `{}`), sanity("PUT", `{}`), sanity("PATCH", `{}`), sanity("DELETE", `{}`), sanity("GET", ""),
	}})
	contentful := func(method, body, kind string) step {
		text := method + "\n/hooks\nx-contentful-signed-headers:x-contentful-signed-headers,x-contentful-timestamp;x-contentful-timestamp:" + ms + "\n" + body
		return step{method: method, body: body, status: 200, ran: []string{"ContentManagement.Entry.publish"},
			headers: []string{
				"Content-Type", kind, "X-Contentful-Topic", "ContentManagement.Entry.publish", "X-Contentful-Timestamp",
				ms,
				"X-Contentful-Signed-Headers", "x-contentful-signed-headers,x-contentful-timestamp",
				"X-Contentful-Signature", lifeHex(text),
			}}
	}
	all = append(all, life{name: "every method of its form", provider: "contentful", steps: []step{
		contentful("PUT", `{"a":1}`, "application/json"), contentful("PATCH", `{"a":2}`, "application/json"),
		contentful("DELETE", "", "application/json"), contentful("GET", "", "application/json"),
		contentful("POST", "a=1", "application/x-www-form-urlencoded"),
	}})
	plivo := func(target, signed, header string, ran ...string) step {
		return step{method: "GET", target: target, status: 200, ran: ran, headers: []string{
			header, life64(signed), header + "-Nonce", "nonce1",
		}}
	}
	all = append(all,
		life{name: "GET", provider: "plivo-v3", steps: []step{
			plivo("/hooks?Event=StartApp&CallUUID=c1", "https://example.com/hooks?CallUUID=c1&Event=StartApp.nonce1",
				"X-Plivo-Signature-V3", "StartApp"),
			plivo("/hooks?Event=StartApp&CallUUID=c1", "https://example.com/hooks?CallUUID=c1&Event=StartApp.nonce1",
				"X-Plivo-Signature-V3", "StartApp"),
		}},
		life{name: "GET", provider: "plivo", change: func(c *core.Config) { c.PublicURL = "https://example.com/hooks" },
			steps: []step{
				plivo("/hooks?Event=sent", "https://example.com/hooksnonce1", "X-Plivo-Signature-V2", "sent"),
				plivo("/hooks?Event=sent", "https://example.com/hooksnonce1", "X-Plivo-Signature-V2"),
			}},
	)
	_ = at
	return all
}

// TestAnswerURLsOfVonageAreAskedWithGET: the token of a GET has no hash of a body, and stands for nothing else.
func TestAnswerURLsOfVonageAreAskedWithGET(t *testing.T) {
	t.Parallel()
	entry, _ := catalogue.ByName("vonage")
	get := step{method: "GET", target: "/hooks?to=1&from=2"}
	r := get.request()
	require.NoError(t, webhooktest.Sign(r, entry.Sample(), lifeSecret, lifeNow()))
	token := r.Header.Get("Authorization")
	row := life{name: "GET", provider: "vonage", steps: []step{
		{method: "GET", target: "/hooks?to=1&from=2", headers: []string{"Authorization", token}, status: 200,
			ran: []string{""}},
		{method: "GET", target: "/hooks?to=1&from=2", headers: []string{"Authorization", token}, status: 200,
			ran: []string{""}},
		{headers: []string{"Authorization", token}, status: 503},
		{headers: []string{"Authorization", token}, body: `{"status":"answered"}`, status: 503},
		{method: "GET", target: "/hooks", headers: []string{"Authorization", token}, body: `{}`, status: 503},
	}}
	row.play(t, "gin")
	row.play(t, "http")
}

// answerLives are rows about the statuses that a sender repeats a delivery on.
func answerLives() []life {
	big := string(make([]byte, 3<<20))
	shopify := `{"id":1}`
	post := func(target, body string, status int, headers ...string) step {
		return step{target: target, body: body, status: status, headers: headers}
	}
	airtable := `{"base":{"id":"a"},"timestamp":"2026-03-01T12:00:00.000Z"}`
	ping := []string{"X-Airtable-Content-MAC", "hmac-sha256=" +
		hex.EncodeToString(macOf(sha256.New, "0123456789abcdef0123456789abcdef", airtable))}
	at := strconv.Itoa(lifeTime)
	zendesk := `{"a":1}`
	signed := []string{"X-Zendesk-Webhook-Signature-Timestamp", "2026-03-01T12:00:00Z", "X-Zendesk-Webhook-Signature",
		life64("2026-03-01T12:00:00Z" + zendesk)}
	empty := ""
	return []life{
		{name: "intent to receive", provider: "xero", steps: []step{
			{body: `{"events":[]}`, status: 401, answer: &empty, headers: []string{"X-Xero-Signature", life64("x")}},
			{body: `{"events":[]}`, status: 200, headers: []string{"X-Xero-Signature", life64(`{"events":[]}`)}},
		}},
		{name: "a wrong HMAC in the review of an app", provider: "shopify", steps: []step{
			post("", shopify, 401, "X-Shopify-Hmac-Sha256", life64("x")), post("", shopify, 401),
		}},
		{name: "what it repeats", provider: "zendesk", fails: true, steps: []step{
			{body: zendesk, status: 409, headers: signed, ran: []string{""}},
			post("", zendesk, 409, "X-Zendesk-Webhook-Signature-Timestamp", "2026-03-01T12:00:00Z",
				"X-Zendesk-Webhook-Signature", life64("x")),
			post("", big, 409),
		}},
		{name: "what it repeats", provider: "azure-event-grid",
			steps: []step{post("/hooks?token=OLD", `[]`, 503), post("/hooks?token=OLD", big, 503)}},
		{name: "what it repeats", provider: "azure-event-grid-cloudevents",
			steps: []step{post("/hooks?token=OLD", `{}`, 503), post("/hooks?token=OLD", big, 503)}},
		{name: "what it repeats", provider: "sinch", steps: []step{
			post("", `{}`, 503, "X-Sinch-Webhook-Signature", life64("x"), "X-Sinch-Webhook-Signature-Timestamp", at,
				"X-Sinch-Webhook-Signature-Nonce", "a"),
			post("", big, 503),
		}},
		{name: "what it repeats", provider: "front", steps: []step{
			post("", `{}`, 500, "X-Front-Signature", life64("x"), "X-Front-Request-Timestamp", at+"000"),
			post("", big, 500),
		}},
		{name: "what it repeats", provider: "zoom", steps: []step{post("", `{}`, 503), post("", big, 503)}},
		{name: "what it repeats", provider: "jira",
			steps: []step{post("", `{}`, 503), post("", string(make([]byte, 30<<20)), 503)}},
		{name: "a repeated ping is answered without a body", provider: "airtable",
			secret: base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")), steps: []step{
				{body: airtable, status: 200, headers: ping, ran: []string{""}, answer: &empty},
				{body: airtable, status: 200, headers: ping, answer: &empty},
			}},
		{name: "UI components", provider: "sentry-ui", steps: []step{
			{body: `{"a":1}`, status: 200, headers: []string{"Sentry-App-Signature", lifeHex(`{"a":1}`)},
				ran: []string{""}},
			{body: `{"a":1}`, status: 200, headers: []string{"Sentry-App-Signature", lifeHex(`{"a":1}`)},
				ran: []string{""}},
			{method: http.MethodGet, target: "/hooks?installationId=1", status: 200,
				headers: []string{"Sentry-App-Signature", lifeHex("")}, ran: []string{""}},
			{body: `{"a":1}`, status: 400, headers: []string{"Sentry-Hook-Signature", lifeHex(`{"a":1}`)}},
		}},
	}
}

func lifeNow() time.Time { return time.Unix(lifeTime, 0) }
