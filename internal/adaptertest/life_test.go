package adaptertest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// lifeTime is when the table plays.
const lifeTime = 1772366400

// lifeSecret is the secret of most rows, as text.
const lifeSecret = "a-secret-of-this-table-of-enough-bytes"

// step is one request of a sender, and what becomes of it.
type step struct {
	method  string // empty: POST
	target  string // empty: /hooks
	headers []string
	body    string
	status  int
	answer  *string  // nil: not compared
	ran     []string // types of the events that reached a signal
}

// life is what a sender really sends, in order.
type life struct {
	name, provider string
	secret         string // empty: lifeSecret; "-": none yet
	fails          bool   // the app's code
	change         func(*core.Config)
	steps          []step
}

func (s *step) request() *http.Request {
	method, target := s.method, s.target
	if method == "" {
		method = http.MethodPost
	}
	if target == "" {
		target = "/hooks"
	}
	r := httptest.NewRequest(method, "https://example.com"+target, strings.NewReader(s.body))
	if s.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for i := 0; i+1 < len(s.headers); i += 2 {
		r.Header.Add(s.headers[i], s.headers[i+1])
	}
	return r
}

func macOf(newHash func() hash.Hash, key, text string) []byte {
	h := hmac.New(newHash, []byte(key))
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}

func lifeHex(text string) string { return hex.EncodeToString(macOf(sha256.New, lifeSecret, text)) }

func life64(text string) string {
	return base64.StdEncoding.EncodeToString(macOf(sha256.New, lifeSecret, text))
}

func life1(text string) string { return hex.EncodeToString(macOf(sha1.New, lifeSecret, text)) }

func said(text string) *string { return &text }

// mounted serves a path behind a guard in net/http or Gin. run is called for each event.
func mounted(router, path string, g *core.Guard, run func(core.Event) error) http.Handler {
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error { return run(e) })
	if router == "gin" {
		r := gin.New()
		ginwebhook.Handle(r, path, g, signals)
		return r
	}
	r := http.NewServeMux()
	httpwebhook.Handle(r, path, g, signals)
	return r
}

// TestSendersAreReceivedAsTheyReallyBehave sends what senders really send around their usual deliveries, with
// signatures made here, through core's own handlers and through Gin.
func TestSendersAreReceivedAsTheyReallyBehave(t *testing.T) {
	t.Parallel()
	for _, row := range lives() {
		for _, router := range []string{"http", "gin"} {
			t.Run(row.provider+"/"+row.name+"/"+router, func(t *testing.T) {
				t.Parallel()
				row.play(t, router)
			})
		}
	}
}

func (l *life) play(t *testing.T, router string) {
	t.Helper()
	entry, ok := catalogue.ByName(l.provider)
	require.True(t, ok)
	c := core.Config{
		Endpoint: "life", Provider: entry.Sample(), Replay: memstore.New(), StoreFailure: core.RefuseDelivery,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(lifeTime, 0) },
	}
	switch l.secret {
	case "":
		c.Secrets = secrets.Static(lifeSecret)
	case "-":
		c.Setup.AwaitingSecret = true
	default:
		c.Secrets = secrets.Static(l.secret)
	}
	if l.change != nil {
		l.change(&c)
	}
	g, err := core.New(c)
	require.NoError(t, err)
	var ran []string
	run := func(e core.Event) error {
		ran = append(ran, e.Type)
		if l.fails {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	path := "/"
	if router == "gin" {
		path = "/*path"
	}
	app := mounted(router, path, g, run)
	for n := range l.steps {
		s := &l.steps[n]
		ran = nil
		w := httptest.NewRecorder()
		app.ServeHTTP(w, s.request())
		require.Equal(t, s.status, w.Code, "step %d: %s", n, w.Body.String())
		require.Equal(t, s.ran, ran, "step %d", n)
		if s.answer != nil {
			require.Equal(t, *s.answer, w.Body.String(), "step %d", n)
		}
	}
}

// lives are the rows, by the kind of what is special.
func lives() (all []life) {
	for _, some := range [][]life{setUpLives(), formLives(), methodLives(), answerLives()} {
		all = append(all, some...)
	}
	return all
}

// setUpLives are rows about what comes when a URL is saved, validated or tested.
func setUpLives() []life {
	key := ed25519.NewKeyFromSeed([]byte("a seed of this table: 32 bytes!!"))
	public := hex.EncodeToString(key.Public().(ed25519.PublicKey))
	at := strconv.Itoa(lifeTime)
	discord := func(body string, status int, answer *string, ran ...string) step {
		return step{body: body, status: status, answer: answer, ran: ran, headers: []string{
			"X-Signature-Timestamp", at, "X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, []byte(at+body))),
		}}
	}
	const (
		ping      = `{"test":true}`
		published = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G"
		saved     = `{"type":"webhook.test","message":"This is a ping test message","created_at":"2026-03-01T12:00:00.000000Z"}`
		event     = `{"type":"activity.sent","created_at":"2026-03-01T12:00:00.000000Z","data":{"id":"1"}}`
		posing    = `{"type":"webhook.test","data":{"id":"1"}}`
	)
	mailersend := func(key, body string, status int, ran ...string) step {
		return step{body: body, status: status, ran: ran,
			headers: []string{"Signature", hex.EncodeToString(macOf(sha256.New, key, body))}}
	}
	bitbucket := func(body string, status int, headers ...string) step {
		return step{body: body, status: status, headers: append([]string{"X-Request-Id", "1"}, headers...)}
	}
	return []life{
		{name: "a webhook event is not a PING", provider: "discord", secret: public, steps: []step{
			discord(`{"id":"1","application_id":"2","type":1,"version":1,"token":"t"}`, 200, said(`{"type":1}`)),
			discord(`{"version":1,"application_id":"2","type":0}`, 204, said("")),
			discord(`{"version":1,"application_id":"2","type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"2026-03-01T12:00:00Z","data":{}}}`, 200, nil, "APPLICATION_AUTHORIZED"),
			discord(`{"version":1,"application_id":"2","type":1,"event":{"type":"ENTITLEMENT_CREATE","timestamp":"2026-03-01T12:00:00Z"}}`, 200, nil, "ENTITLEMENT_CREATE"),
			{body: `{"type":1}`, status: 401,
				headers: []string{"X-Signature-Timestamp", at, "X-Signature-Ed25519", strings.Repeat("0", 128)}},
		}},
		{name: "Test connection is not signed", provider: "bitbucket-server", steps: []step{
			bitbucket(ping, 200, "X-Event-Key", "diagnostics:ping"),
			bitbucket(`{"test": true}`, 200, "X-Event-Key", "diagnostics:ping"),
			bitbucket(ping, 200, "X-Event-Key", "diagnostics:ping", "X-Hub-Signature", "sha256="+lifeHex(ping)),
			bitbucket(ping, 400, "X-Event-Key", "diagnostics:ping", "X-Hub-Signature", "sha256="+lifeHex("x")),
			bitbucket(ping, 400, "X-Event-Key", "repo:refs_changed"),
			bitbucket(ping, 400),
			bitbucket(ping, 400, "X-Event-Key", "diagnostics:ping", "X-Event-Key", "repo:refs_changed"),
			bitbucket(`{"test":true,"date":"2026"}`, 400, "X-Event-Key", "diagnostics:ping"),
			bitbucket(`{"test":"`+strings.Repeat("a", 2000)+`"}`, 400, "X-Event-Key", "diagnostics:ping"),
		}},
		{name: "HEAD when the URL is saved", provider: "intercom", steps: []step{
			{method: http.MethodHead, status: 200},
			{body: `{"topic":"ping"}`, status: 200, ran: []string{"ping"},
				headers: []string{"X-Hub-Signature", "sha1=" + life1(`{"topic":"ping"}`)}},
			{body: `{"topic":"x"}`, status: 400, headers: []string{"X-Body-Signature", lifeHex(`{"topic":"x"}`)}},
		}},
		{name: "uninstall and health checks", provider: "intercom-app", steps: []step{
			{body: `{"topic":"x"}`, status: 200, ran: []string{"x"},
				headers: []string{"X-Body-Signature", lifeHex(`{"topic":"x"}`)}},
			{body: `{"topic":"x"}`, status: 200, ran: []string{"x"},
				headers: []string{"X-Body-Signature", lifeHex(`{"topic":"x"}`)}},
			{body: `{"topic":"x"}`, status: 400,
				headers: []string{"X-Hub-Signature", "sha1=" + life1(`{"topic":"x"}`)}},
		}},
		{name: "webhook.test before there is a secret", provider: "mailersend", secret: "-", steps: []step{
			mailersend(published, saved, 200), mailersend(published, event, 503), mailersend("another", saved, 503),
		}},
		{name: "webhook.test proves itself alone", provider: "mailersend", steps: []step{
			mailersend(published, saved, 200),
			mailersend(published, saved, 200),
			mailersend(published, event, 400),
			mailersend(published, posing, 200),
			mailersend(published, `{"type":"activity.sent","event":{"type":"webhook.test"},"data":{"id":"1"}}`, 400),
			mailersend(lifeSecret, saved, 200),
			mailersend("another", saved, 400),
			{body: saved, status: 400},
			mailersend(lifeSecret, event, 200, "activity.sent"),
		}},
		{name: "the published test secret", provider: "zendesk",
			steps: []step{{body: `{"a":1}`, status: 409, headers: []string{
				"X-Zendesk-Webhook-Signature-Timestamp", "2026-03-01T12:00:00Z", "X-Zendesk-Webhook-Signature",
				base64.StdEncoding.EncodeToString(macOf(sha256.New, "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
					`2026-03-01T12:00:00Z{"a":1}`)),
			}}}},
	}
}

// formLives are rows about other forms of one delivery.
func formLives() []life {
	form := "payload=" + url.QueryEscape(`{"action":"opened"}`)
	hosted := func(name, prefix string) life {
		sig := func(text string) []string {
			return []string{prefix + "Event", "issues", prefix + "Signature", lifeHex(text)}
		}
		return life{name: "a form signs the payload", provider: name, steps: []step{
			{body: form, status: 200, ran: []string{"issues"},
				headers: append(sig(`{"action":"opened"}`), "Content-Type", "application/x-www-form-urlencoded")},
			// the same event, whatever its form
			{body: `{"action":"opened"}`, status: 200, headers: sig(`{"action":"opened"}`)},
			{body: form + "&a=1", status: 400, headers: sig(`{"action":"opened"}`)},
			{body: "a=1&" + form, status: 400, headers: sig(`{"action":"opened"}`)},
			{body: form, status: 400, headers: sig(form)},
			{body: `{"action":"closed"}`, status: 200, ran: []string{"issues"}, headers: sig(`{"action":"closed"}`)},
		}}
	}
	meta := func(body string, ran ...string) step {
		return step{body: body, status: 200, ran: ran,
			headers: []string{"X-Hub-Signature-256", "sha256=" + lifeHex(body)}}
	}
	const head = `"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1,`
	streams := `[{"specversion":"1.0","id":"EZ1","type":"com.twilio.messaging.message.delivered","data":{}},{"specversion":"1.0","id":"EZ2","type":"com.twilio.messaging.message.sent","data":{}}]`
	sum := sha256.Sum256([]byte(streams))
	target := "/hooks?bodySHA256=" + hex.EncodeToString(sum[:])
	twilio := func(ran ...string) step {
		return step{target: target, body: streams, status: 200, ran: ran, headers: []string{
			"Content-Type", "application/json", "X-Twilio-Signature",
			base64.StdEncoding.EncodeToString(macOf(sha1.New, lifeSecret, "https://example.com"+target)),
		}}
	}
	basic := []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("hooks:"+lifeSecret))}
	return []life{
		hosted("gitea", "X-Gitea-"), hosted("gogs", "X-Gogs-"), hosted("forgejo", "X-Forgejo-"),
		{name: "Messenger and Instagram", provider: "meta", steps: []step{
			meta(`{"object":"page","entry":[{"id":"1","time":1,"messaging":[{`+head+
				`"message":{"mid":"m_1","text":"hi"}}]}]}`, "message"),
			meta(`{"object":"page","entry":[{"id":"1","time":1,"messaging":[{` + head +
				`"message":{"mid":"m_1","text":"hi"}}]}]}`),
			meta(`{"object":"page","entry":[{"id":"1","time":2,"messaging":[{`+head+`"postback":{}},{`+head+
				`"read":{}}]},{"id":"1","time":2,"standby":[{`+head+`"delivery":{}}]}]}`,
				"postback", "read", "delivery"),
			meta(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{}}]}]}`, "messages"),
			meta(`{"object":"page","entry":[{"id":"1","messaging":[{`+head+
				`"reaction":{}}],"changes":[{"field":"feed"}]}]}`, "reaction", "feed"),
			meta(`{"object":"user","entry":[{"time":1,"id":"2","uid":"2","changed_fields":["photos"]}]}`,
				"changed_fields"),
		}},
		{name: "Event Streams", provider: "twilio", steps: []step{
			twilio("com.twilio.messaging.message.delivered", "com.twilio.messaging.message.sent"), twilio(),
		}},
		{name: "a batched webhook", provider: "brevo", secret: "hooks:" + lifeSecret, steps: []step{
			{headers: basic, body: `[{"event":"delivered","email":"a@b.c","id":1},{"event":"hardBounce","email":"d@e.f","id":2}]`, status: 200, ran: []string{"delivered", "hardBounce"}},
			{headers: basic, body: `{"event":"opened","email":"a@b.c","id":3}`, status: 200, ran: []string{"opened"}},
		}},
		{name: "JSON is what is signed", provider: "adyen", secret: strings.Repeat("ab", 32), steps: []step{
			{body: "pspReference=1&merchantAccountCode=M&eventCode=AUTHORISATION&success=true&additionalData.hmacSignature=x", status: 400},
		}},
	}
}
