package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// group is the deliveries of one provider.
type group struct {
	title      string
	deliveries []delivery
}

// delivery is one thing that is sent, and what is right to come of it.
type delivery struct {
	sent    string // at most 26 characters, so that the table fits 80 columns
	message message
	want    outcome
	act     func(core.Event) error // what the app does with the event; nil: succeeds

	// Sent this often next to the first, all at once, and answered while the first is at work.
	// redrive is the id of an event whose entry in the journal runs again, instead of a delivery.
	redrive string

	beside     int
	besideSent string
	besideWant outcome
}

// cases are what every router is sent, in this order. How the providers sign is webhooktest's to know.
func cases(s *server) []group {
	k := s.keys
	paid := stripeEvent("evt_paid")
	first := s.signed("/hooks/stripe", k.current, paid, 0)
	held := s.signed("/hooks/stripe", k.current, stripeEvent("evt_held"), 0)
	failing := s.signed("/hooks/stripe", k.current, stripeEvent("evt_failing"), 0)
	panicking := s.signed("/hooks/stripe", k.current, stripeEvent("evt_panicking"), 0)
	hopeless := s.signed("/hooks/stripe", k.current, stripeEvent("evt_hopeless"), 0)
	plain := s.signed("/hooks/stripe", k.current, stripeEvent("evt_plain"), 0)
	push := s.signed("/hooks/github", k.current, `{"ref":"refs/heads/main"}`, 0, "X-GitHub-Event", "push")
	both := s.signed("/hooks/github-and-password", k.current, `{"zen":"both gates"}`, 0, "X-GitHub-Event", "push")
	zen := s.signed("/hooks/github-and-password", k.current, `{"zen":"one of two is not both"}`, 0, "X-GitHub-Event",
		"push")
	bounce := `{"RecordType":"Bounce","ID":42,"MessageID":"m-1"}`
	mention := `{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}`
	handshake := `{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`

	return []group{
		{"Stripe: HMAC-SHA256 over time and body", []delivery{
			{sent: "recorded, at its own time", message: s.recorded("stripe-1"), want: accepted("#1")},
			{sent: "recorded, checked today", message: s.recorded("stripe-1").to("/recorded/checked-today"),
				want: refused(reason.Stale)},
			{sent: "signed just now", message: first, want: accepted("new")},
			{sent: "the same delivery again", message: first, want: answered(reason.Duplicate, "new")},
			{sent: "its event, signed again", message: s.signed("/hooks/stripe", k.current, paid, time.Second),
				want: answered(reason.Duplicate, "new")},
			{sent: "its id, another body", message: s.signed("/hooks/stripe", k.current, paid+" ", 0),
				want: answered(reason.Conflict, "new")},
			{sent: "the old secret of two", message: s.signed("/hooks/stripe", k.previous, stripeEvent("evt_old"), 0),
				want: accepted("old")},
			{sent: "a secret that has expired",
				message: s.signed("/hooks/stripe", k.retired, stripeEvent("evt_retired"), 0),
				want:    refused(reason.BadSignature)},
			{sent: "forged: another's secret",
				message: s.signed("/hooks/stripe", k.unknown, stripeEvent("evt_forged"), 0),
				want:    refused(reason.BadSignature)},
			{sent: "one byte of it changed", message: first.changed(), want: refused(reason.BadSignature)},
			{sent: "no signature", message: first.without("Stripe-Signature"), want: refused(reason.MissingSignature)},
			{sent: "signed an hour ago",
				message: s.signed("/hooks/stripe", k.current, stripeEvent("evt_late"), -time.Hour),
				want:    refused(reason.Stale)},
			{sent: "signed for in an hour",
				message: s.signed("/hooks/stripe", k.current, stripeEvent("evt_early"), time.Hour),
				want:    refused(reason.Early)},
			{
				sent: "one event 4 times at once", message: held, want: accepted("new"),
				beside: 3, besideSent: "  the other three", besideWant: outcome{503, reason.InFlight, 0, "new"},
			},
			{sent: "the signal fails", message: failing, act: fails, want: outcome{500, reason.SignalFailed, 1, "new"}},
			{sent: "its retry", message: failing, want: accepted("new")},
			{sent: "the signal panics", message: panicking, act: panics,
				want: outcome{500, reason.SignalPanicked, 1, "new"}},
			{sent: "its retry", message: panicking, want: accepted("new")},
			{sent: "the signal gives up", message: hopeless, act: givesUp, want: gaveUp("new")},
			{sent: "its resend", message: hopeless, want: answered(reason.Duplicate, "new")},
			{sent: "plain HTTP", message: plain.by(plainHTTP), want: refused(reason.PlainHTTP)},
			{sent: "HTTPS up to a known proxy", message: plain.by(behindProxy), want: accepted("new")},
		}},
		{"GitHub: HMAC-SHA256 over the body", []delivery{
			{sent: "recorded", message: s.recorded("github-docs-hello"), want: accepted("#1")},
			{sent: "recorded, SHA-1 only", message: s.recorded("go-github-form-sha1"),
				want: refused(reason.MissingSignature)},
			{sent: "signed just now", message: push, want: accepted("new")},
			{sent: "the same delivery again", message: push, want: answered(reason.Duplicate, "new")},
			{sent: "one byte of it changed", message: push.changed(), want: refused(reason.BadSignature)},
			{sent: "an unknown proxy's word", message: push.by(behindProxy), want: refused(reason.PlainHTTP)},
			{sent: "a body over the limit", message: push.enlarged(), want: outcome{413, reason.BodyTooLarge, 0, ""}},
			{sent: "a compressed body", message: push.with("Content-Encoding", "gzip"),
				want: outcome{415, reason.Encoding, 0, ""}},
			{sent: "GET", message: message{method: http.MethodGet, path: push.path},
				want: outcome{405, reason.Method, 0, ""}},
		}},
		{"GitHub, and a password as well", []delivery{
			{sent: "signature and password", message: both.login(k.pair), want: accepted("new+new")},
			{sent: "the old password of two", message: zen.login(k.oldPair), want: accepted("new+old")},
			{sent: "signature, wrong password", message: both.login("hook:" + k.unknown),
				want: refused(reason.BadCredential)},
			{sent: "signature, no password", message: both, want: refused(reason.MissingCredential)},
			{sent: "password, no signature", message: both.login(k.pair).without("X-Hub-Signature-256"),
				want: outcome{400, reason.MissingSignature, 0, "new"}},
		}},
		{"Slack: HMAC-SHA256 over time and body", []delivery{
			{sent: "recorded, at its own time", message: s.recorded("slack-3"), want: accepted("#1")},
			{sent: "signed just now", message: s.signed("/hooks/slack", k.current, mention, 0), want: accepted("new")},
			{sent: "handshake", message: s.signed("/hooks/slack", k.current, handshake, 0),
				want: answered(reason.Handshake, "new")},
			{sent: "handshake, forged", message: s.signed("/hooks/slack", k.unknown, handshake, 0),
				want: refused(reason.BadSignature)},
		}},
		{"Standard Webhooks, Svix: HMAC-SHA256 over id, time and body", []delivery{
			{sent: "recorded, at its own time", message: s.recorded("standard-webhooks-1"), want: accepted("#1")},
			{sent: "recorded, forged", message: s.recorded("standard-webhooks-2"), want: refused(reason.BadSignature)},
			{sent: "recorded by Svix", message: s.recorded("svix-sign"), want: accepted("#1")},
			{sent: "signed just now",
				message: s.signed("/hooks/standard", k.standard, `{"type":"user.created","data":{"id":"u1"}}`, 0),
				want:    accepted("#1")},
		}},
		{"Mailgun: HMAC-SHA256 over time and token, in the body", []delivery{
			{sent: "recorded, at its own time", message: s.recorded("mailgun-symfony-accepted"), want: accepted("#1")},
			{sent: "signed just now",
				message: s.signed("/hooks/mailgun", k.current,
					`{"signature":{},"event-data":{"event":"delivered","id":"d1"}}`, 0), want: accepted("new")},
		}},
		{"Shopify: HMAC-SHA256 over the body, in base64 (its review asks for 401)", []delivery{
			{sent: "signed just now",
				message: s.signed("/hooks/shopify", k.current, `{"id":820982911946154508}`, 0, "X-Shopify-Topic",
					"orders/paid"), want: accepted("new")},
			{sent: "forged: another's secret",
				message: s.signed("/hooks/shopify", k.unknown, `{"id":1}`, 0, "X-Shopify-Topic", "orders/paid"),
				want:    outcome{401, reason.BadSignature, 0, ""}},
		}},
		{"Postmark: a password and nothing else", []delivery{
			{sent: "the right password", message: s.signed("/hooks/postmark", k.pair, bounce, 0),
				want: accepted("new")},
			{sent: "the old password of two", message: s.signed("/hooks/postmark", k.oldPair, bounce+" ", 0),
				want: accepted("old")},
			{sent: "a wrong password", message: s.unsigned("/hooks/postmark", bounce).login("hook:" + k.unknown),
				want: refused(reason.BadCredential)},
			{sent: "no password", message: s.unsigned("/hooks/postmark", bounce),
				want: refused(reason.MissingCredential)},
		}},
		{"GitLab: a token in a header (a 4xx would make GitLab disable the webhook)", []delivery{
			{sent: "the right token",
				message: s.signed("/hooks/gitlab", k.current, `{"object_kind":"push"}`, 0, "X-Gitlab-Event",
					"Push Hook"), want: accepted("new")},
			{sent: "a wrong token",
				message: s.signed("/hooks/gitlab", k.unknown, `{"object_kind":"tag_push"}`, 0, "X-Gitlab-Event",
					"Tag Push Hook"), want: outcome{503, reason.BadCredential, 0, ""}},
		}},
		{"The journal: what Stripe will not send again, run by a person", []delivery{
			{sent: "run, still broken", message: hopeless, redrive: "evt_hopeless", act: givesUp, want: gaveUp("new")},
			{sent: "run, after the fix", message: hopeless, redrive: "evt_hopeless", want: accepted("new")},
			{sent: "a resend afterwards", message: hopeless, want: answered(reason.Duplicate, "new")},
		}},
	}
}

func accepted(label string) outcome { return outcome{200, reason.Accepted, 1, label} }

// gaveUp is expected where the signal returns core.Permanent: it ran, and no retry is wanted.
func gaveUp(label string) outcome { return outcome{200, reason.Permanent, 1, label} }

func answered(reason reason.Reason, label string) outcome { return outcome{200, reason, 0, label} }

func refused(reason reason.Reason) outcome { return outcome{400, reason, 0, ""} }

func fails(core.Event) error { return errors.New("the database is away") }

func panics(core.Event) error { panic("a bug in the app") }

func givesUp(core.Event) error { return core.Permanent(errors.New("the customer is unknown")) }

func stripeEvent(id string) string {
	return fmt.Sprintf(`{"id":%q,"type":"invoice.paid","created":1700000000,"data":{"object":{"id":"in_1"}}}`, id)
}

// recorded is a delivery as it was recorded, sent to the endpoint that has its secret and its clock.
func (s *server) recorded(id string) message {
	r, ok := s.keys.recorded[id]
	if !ok {
		return message{err: fmt.Errorf("no recording %q", id)}
	}
	return message{method: http.MethodPost, path: "/recorded/" + id, header: r.header(), body: r.Body}
}

// unsigned is a delivery without any proof.
func (s *server) unsigned(path, body string, header ...string) message {
	m := message{method: http.MethodPost, path: path, header: http.Header{"Content-Type": {"application/json"}},
		body: []byte(body)}
	for i := 0; i+1 < len(header); i += 2 {
		m.header.Set(header[i], header[i+1])
	}
	return m
}

// signed is a delivery as the endpoint's provider would sign it, at that distance from now.
func (s *server) signed(path, secret, body string, at time.Duration, header ...string) message {
	m := s.unsigned(path, body, header...)
	e := s.endpoints[path]
	if e == nil {
		m.err = errors.New("no such endpoint")
		return m
	}
	return m.signed(e.provider, secret, time.Now().Add(at))
}

func (m message) signed(p core.Provider, secret string, at time.Time) message {
	r, err := http.NewRequest(m.method, "https://127.0.0.1"+m.path, bytes.NewReader(m.body))
	if err == nil {
		r.Header = m.header.Clone()
		err = sign.Request(r, p, secret, at)
	}
	if err == nil {
		m.header = r.Header
		m.body, err = io.ReadAll(r.Body) // some providers sign inside the body
	}
	m.err = err
	return m
}

// The rest make a message of another; the other is left as it is.

func (m message) to(path string) message { m.path = path; return m }

func (m message) by(v via) message { m.via = v; return m }

func (m message) with(header, value string) message {
	m.header = m.header.Clone()
	m.header.Set(header, value)
	return m
}

func (m message) without(header string) message {
	m.header = m.header.Clone()
	m.header.Del(header)
	return m
}

func (m message) login(pair string) message {
	user, password, _ := bytes.Cut([]byte(pair), []byte(":"))
	r := http.Request{Header: m.header.Clone()}
	r.SetBasicAuth(string(user), string(password))
	m.header = r.Header
	return m
}

// changed flips one bit of one byte in the middle of the body.
func (m message) changed() message {
	m.body = bytes.Clone(m.body)
	m.body[len(m.body)/2] ^= 1
	return m
}

// enlarged has more body than the endpoint reads.
func (m message) enlarged() message {
	m.body = append(bytes.Clone(m.body), bytes.Repeat([]byte(" "), smallBody)...)
	return m
}
