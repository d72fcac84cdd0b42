package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	githubhook "github.com/go-playground/webhooks/v6/github"
	"github.com/google/go-github/v74/github"
	"github.com/slack-go/slack"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v85/webhook"
	svix "github.com/svix/svix-webhooks/go"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

const (
	plainSecret  = "a-secret-of-the-benchmarks-and-of-nothing-else"
	stripeSecret = "whsec_a-secret-of-the-benchmarks-and-of-nothing-else"
	svixSecret   = "whsec_YS1zZWNyZXQtb2YtdGhlLWJlbmNobWFya3MtYW5kLW5vLW90aGVy"
	proof        = "**sallyport**, the proof alone"
	ours         = "**sallyport**, the whole of Receive"
)

// target is a delivery of a provider, and the ways to judge it.
type target struct {
	name   string
	p      core.Provider
	secret string
	peers  []peer

	bodyOnly bool           // it signs nothing but the body
	hmac     bool           // it is held to the hash of the body, and what the least is is known
	public   bool           // it is held to the plain operation of its signature
	fields   bool           // its headers are structured fields
	why      string         // that may be missed
	form     bool           // it sends forms
	route    bool           // it signs the URL, which the guard finds by the transport: there is no proof alone
	private  string         // what signs, where that is not the secret
	spoil    func(*request) // makes a forgery of it; nil: another byte in the body
	floor    func(*request) func()
}

// peer is a library's way to verify: a request with its headers, and the body as it was read.
type peer struct {
	name   string
	verify func(r *http.Request, body []byte) error
}

func targets() []target {
	hub, err := githubhook.New(githubhook.Options.Secret(plainSecret))
	must(err)
	svixHook, err := svix.NewWebhook(svixSecret)
	must(err)
	standardHook, err := standardwebhooks.NewWebhook(svixSecret)
	must(err)
	return []target{
		{name: "GitHub (HMAC over the body)", hmac: true, bodyOnly: true, p: provider.GitHub(), secret: plainSecret,
			peers: []peer{
				{"go-github ValidateSignature", func(r *http.Request, body []byte) error {
					return github.ValidateSignature(r.Header.Get("X-Hub-Signature-256"), body, []byte(plainSecret))
				}},
				{"go-playground/webhooks Parse, decodes too", func(r *http.Request, body []byte) error {
					r.Body = io.NopCloser(bytes.NewReader(body))
					_, err := hub.Parse(r, githubhook.PushEvent)
					return err
				}},
			}},
		{name: "Stripe (HMAC over timestamp and body)", hmac: true, p: provider.Stripe(), secret: stripeSecret,
			peers: []peer{
				{"stripe-go ValidatePayload", func(r *http.Request, body []byte) error {
					return webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), stripeSecret)
				}},
			}},
		{name: "Slack (HMAC over timestamp and body)", hmac: true, p: provider.Slack(), secret: plainSecret,
			peers: []peer{
				{"slack-go SecretsVerifier", func(r *http.Request, body []byte) error {
					v, err := slack.NewSecretsVerifier(r.Header, plainSecret)
					if err != nil {
						return err
					}
					_, _ = v.Write(body)
					return v.Ensure()
				}},
			}},
		{name: "Svix and Standard Webhooks (HMAC over id, timestamp and body)", hmac: true, p: provider.Svix(),
			secret: svixSecret, peers: []peer{
				{"svix Verify", func(r *http.Request, body []byte) error { return svixHook.Verify(body, r.Header) }},
				{"standard-webhooks Verify",
					func(r *http.Request, body []byte) error { return standardHook.Verify(body, standardHeaders(r)) }},
			}},
	}
}

// standardHeaders are the same under the names of the standard; they are kept on the request, so that it costs nothing.
func standardHeaders(r *http.Request) http.Header {
	if r.Header.Get("Webhook-Id") == "" {
		for _, name := range []string{"Id", "Timestamp", "Signature"} {
			r.Header.Set("Webhook-"+name, r.Header.Get("Svix-"+name))
		}
	}
	return r.Header
}

// jsonBody is an object of about so many bytes, as events look.
func jsonBody(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"id":"evt_1","event_id":"Ev1","object":"event","type":"invoice.paid","ref":"refs/heads/main",` +
		`"created_at":"2026-01-01T00:00:00Z","data":{"object":{"id":"in_1"`)
	for i := 0; b.Len() < size-60; i++ {
		b.WriteString(`,"field_` + strconv.Itoa(i) + `":"a value of some length"`)
	}
	if pad := size - b.Len() - len(`,"p":""}}}`); pad >= 0 {
		b.WriteString(`,"p":"` + strings.Repeat("x", pad) + `"`)
	}
	b.WriteString(`}}}`)
	return []byte(b.String())
}

// formBody is a form of about so many bytes.
func formBody(size int) []byte {
	var b strings.Builder
	b.WriteString("AccountSid=AC1&MessageSid=SM1&From=%2B15550100&To=%2B15550101")
	for i := 0; b.Len() < size; i++ {
		b.WriteString("&Field" + strconv.Itoa(i) + "=a+value+of+some+length")
	}
	return []byte(b.String())
}

// request is a signed delivery that can be judged again and again.
type request struct {
	*http.Request
	body   []byte
	reader bytes.Reader
	source io.ReadCloser // made once, like the writer of the answer: a server makes its own
}

func newRequest(p core.Provider, secret string, body []byte) *request {
	r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if len(body) > 0 && body[0] != '{' && body[0] != '[' {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("X-GitHub-Event", "push")
	must(webhooktest.Sign(r, p, secret, time.Now()))
	r.RemoteAddr = "192.0.2.1:4711"
	signed, err := io.ReadAll(r.Body) // some providers sign in the body
	must(err)
	return &request{Request: r, body: signed}
}

// Close does nothing.
func (*request) Close() error { return nil }

// rewind puts the body back.
func (r *request) rewind() *http.Request {
	r.reader.Reset(r.body)
	if r.source == nil {
		r.source = struct {
			*bytes.Reader
			io.Closer
		}{&r.reader, r}
	}
	r.Body, r.ContentLength = r.source, int64(len(r.body))
	return r.Request
}

// newGuard is a guard without a replay store.
func newGuard(p core.Provider, secrets ...string) *core.Guard {
	return guardWith(p, core.DangerouslyNoReplay, secrets...)
}

// guardWith is a guard with a silent observer, and limits that nothing here reaches.
func guardWith(p core.Provider, store replay.Store, accepted ...string) *core.Guard {
	g, err := core.New(core.Config{
		Endpoint: "bench", Provider: p, Secrets: secrets.Static(accepted...), Replay: store,
		StoreFailure:         core.RefuseDelivery,
		DangerouslyAllowHTTP: true, Limits: core.Limits{MaxBody: 64 << 20}, Observers: noObserver(), Logger: quiet(),
		RateLimit: core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9},
	})
	must(err)
	return g
}

// hashOf is the floor of whatever is signed over a body.
func hashOf(body []byte) subject {
	h := sha256.New()
	var sum [sha256.Size]byte
	return subject{name: "floor: SHA-256 of the body", run: func() {
		h.Reset()
		_, _ = h.Write(body)
		h.Sum(sum[:0])
	}}
}

// verifySubjects are the floor, ours and the peers' on one delivery.
func verifySubjects(t *target, size int, forged bool) []subject {
	secret := t.secret
	body := jsonBody(size)
	if t.form {
		body = formBody(size)
	}
	private := secret
	if t.private != "" {
		private = t.private
	}
	genuine := newRequest(t.p, private, body)
	bad := &request{Request: genuine.Clone(context.Background()), body: bytes.Clone(genuine.body)}
	if t.spoil != nil {
		t.spoil(bad)
	} else {
		bad.body[len(bad.body)/2] ^= 1
	}
	judged, want := genuine, error(nil)
	if forged {
		judged, want = bad, errors.New("forged")
	}
	g := newGuard(t.p, secret)
	receive := func(r *request) error {
		d, reply := g.Receive(nil, r.rewind(), adapter.Inbound{})
		if reply != nil {
			return fmt.Errorf("status %d", reply.Status)
		}
		d.Finish(adapter.Outcome{})
		return nil
	}
	floor := hashOf(judged.body)
	if t.floor != nil {
		floor = subject{name: "floor: the plain operation", run: t.floor(genuine)}
	}
	subjects := []subject{floor}
	if !t.route {
		m := measuring(g)
		subjects = append(subjects, ofVerifier(proof, genuine, bad, judged, want, func(r *request) error {
			if !m.VerifySignature(r.Request, r.body, time.Now()) {
				return errForged
			}
			return nil
		}))
	}
	subjects = append(subjects, ofVerifier(ours, genuine, bad, judged, want, receive))
	if t.hmac {
		subjects = append(subjects, t.leastOf(genuine).subject(genuine, bad, judged, want))
	}
	for _, p := range t.peers {
		subjects = append(subjects,
			ofVerifier(p.name, genuine, bad, judged, want,
				func(r *request) error { return p.verify(r.Request, r.body) }))
	}
	return subjects
}

func ofVerifier(name string, genuine, bad, judged *request, want error, verify func(*request) error) subject {
	return subject{name: name, run: func() {
		if err := verify(judged); (err == nil) != (want == nil) {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
	}, check: func() error {
		if err := verify(genuine); err != nil {
			return fmt.Errorf("refuses what is genuine: %w", err)
		}
		if verify(bad) == nil {
			return errors.New("accepts what is forged")
		}
		return nil
	}}
}

func sizeName(size int) string {
	switch {
	case size >= 1<<20:
		return strconv.Itoa(size>>20) + " MiB"
	case size >= 1<<10:
		return strconv.Itoa(size>>10) + " KiB"
	}
	return strconv.Itoa(size) + " B"
}
