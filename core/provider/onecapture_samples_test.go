package provider_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/onecapture"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// captured is one genuine delivery and the guard that accepts it.
type captured struct {
	name   string // of the delivery
	source *onecapture.Source
	guard  *core.Guard
}

// capturedFrom are the genuine deliveries of a sender: made here in several forms, the samples of its own, and those
// that were recorded.
func capturedFrom(t testing.TB, s *sender, recorded []vector) (all []captured) {
	t.Helper()
	now := time.Unix(ownTime, 0)
	add := func(name, target, publicURL, body, contentType string, headers map[string]string) {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		if webhooktest.Sign(r, s.provider, s.signs(1), now) != nil {
			return
		}
		if publicURL != "" {
			publicURL = "https://" + r.Host + r.URL.RequestURI()
		}
		all = appendCapture(t, all, name, s, s.guardOf(t, 1, publicURL, now), r)
	}
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	golden := goldenHeaders()
	body := s.body()
	first := jsonType
	if strings.HasPrefix(body, "payload=") {
		first = formType
	}
	const withQuery = "https://example.com/hooks?src=acme"
	add("golden", everyURL, "", body, first, golden)
	add("full", everyURL, "", fullBody(s.entry), jsonType, golden)
	if s.entry.Event.PayloadForm != "" {
		add("form", everyURL, "", url.Values{s.entry.Event.PayloadForm: {fullBody(s.entry)}}.Encode(), formType, golden)
	}
	if signsForm(s.entry) {
		add(
			"fields",
			everyURL,
			"",
			"AccountSid=AC0&From=%2B15551234&MessageSid=SM1&MessageStatus=sent&To=%2B15559876",
			formType,
			golden,
		)
	}
	if s.entry.SignsURL() {
		nested := `{"a":{"type":"payment.completed","amount":1000000}}`
		add("query", withQuery, "", body, first, golden)
		add("query with a public URL", withQuery, "yes", body, first, golden)
		add("public URL", everyURL, "yes", body, first, golden)
		add("nested", everyURL, "", nested, jsonType, golden)
		add("nested with a public URL", everyURL, "yes", nested, jsonType, golden)
	}
	for i, sample := range webhooktest.Samples(s.provider) {
		headers := map[string]string{}
		for name := range sample.Header {
			headers[name] = sample.Header.Get(name)
		}
		kind := sample.Header.Get("Content-Type")
		if kind == "" {
			kind = jsonType
		}
		add(fmt.Sprintf("sample %d", i), everyURL, "", string(sample.Body), kind, headers)
	}
	for i := range recorded {
		v := &recorded[i]
		if v.Provider == s.name && v.Expect == "valid" && v.Response == nil {
			all = appendCapture(t, all, v.ID, s, guardAt(t, s.provider, v.key(), v.URL, v.now()), v.request())
		}
	}
	return all
}

// appendCapture adds a delivery that the guard accepts.
func appendCapture(t testing.TB, all []captured, name string, s *sender, g *core.Guard, r *http.Request) []captured {
	t.Helper()
	c, err := onecapture.CaptureOf(r)
	require.NoError(t, err)
	if out := onecapture.Receive(g, c); len(out.Events) == 0 {
		return all
	}
	return append(all, captured{name, &onecapture.Source{Capture: c, Entry: s.entry}, g})
}

func signsForm(e *entry.Entry) bool {
	return e.Scheme != nil &&
		slices.ContainsFunc(e.Scheme.Signed, func(p entry.Part) bool { return p.Kind == entry.PartSortedForm })
}

// guardOf is the guard of the sender's nth key, with the URL as it is registered; empty: none is configured.
func (s *sender) guardOf(t testing.TB, n int, publicURL string, now time.Time) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "onecapture", Provider: s.provider, Secrets: secrets.Static(s.secret(n)),
		Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		PublicURL: cmp.Or(publicURL, publicOf(s.provider)), Now: func() time.Time { return now },
	})
	require.NoError(t, err, s.name)
	return g
}

// fullBody is a payload that holds every member that the entry reads.
func fullBody(e *entry.Entry) string {
	doc := map[string]any{"other": "left alone", "nested": map[string]any{"a": 1, "B": []any{true, nil}}}
	item := doc
	if e.Batch != nil {
		item = map[string]any{}
	}
	fill := func(pointer, text string) {
		if pointer != "" &&
			!slices.ContainsFunc(e.Handshakes, func(h entry.Handshake) bool { return h.EchoJSON == pointer }) {
			putOnce(item, pointer, text)
		}
	}
	for n, list := range [][]entry.Value{e.Event.ID, e.Event.Type, e.Event.Action, e.Event.Tenant} {
		for _, v := range list {
			fill(v.JSON, "aB-"+string(rune('1'+n)))
		}
	}
	for _, v := range e.Event.Time {
		if e.Event.TimeUnit == entry.RFC3339 || e.Event.TimeUnit == entry.RFC3339InUTC {
			fill(v.JSON, "2026-03-01T12:00:00Z")
		} else if e.Event.TimeUnit == entry.DateTimeInUTC {
			fill(v.JSON, "2026-03-01 12:00:00")
		} else {
			fill(v.JSON, fmt.Sprint(ownTime))
		}
	}
	fill(e.Identity.Pointer, "aB-9")
	for _, pointer := range e.Identity.And {
		fill(pointer, "aB-8")
	}
	if s := e.Scheme; s != nil && s.Items == "" {
		for _, p := range s.Signed {
			if p.Kind == entry.PartJSON && p.Grammar == entry.AnyText {
				fill(p.Text, "Signed")
			}
		}
	}
	if e.Batch == nil {
		return encode(doc)
	}
	second := map[string]any{}
	_ = json.Unmarshal(bytes.ReplaceAll([]byte(encode(item)), []byte("aB-"), []byte("cD-")), &second)
	list := []any{item, second}
	if len(e.Batch.Inner) > 0 {
		outer := map[string]any{}
		putOnce(outer, e.Batch.Inner[0], list)
		list = []any{outer}
	}
	if e.Batch.Pointer == "" {
		return encode(list)
	}
	putOnce(doc, e.Batch.Pointer, list)
	return encode(doc)
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// putOnce is put, but for what is there.
func putOnce(doc map[string]any, pointer string, value any) {
	names := strings.Split(pointer, "/")[1:]
	for _, name := range names[:len(names)-1] {
		next, ok := doc[name].(map[string]any)
		if !ok {
			if doc[name] != nil {
				return
			}
			next = map[string]any{}
			doc[name] = next
		}
		doc = next
	}
	if last := names[len(names)-1]; doc[last] == nil {
		doc[last] = value
	}
}

// ownSenders are senders of one's own, in the forms that a user may describe.
func ownSenders(t testing.TB) (all []sender) {
	t.Helper()
	add := func(p core.Provider) {
		e, err := entry.Of(p)
		require.NoError(t, err)
		all = append(all, sender{name: p.Name(), provider: p, entry: e})
	}
	for name, c := range map[string]provider.HMACConfig{
		"body":     {},
		"base64":   {Encoding: provider.Base64, Prefix: "sha256="},
		"base64u":  {Encoding: provider.Base64URLRaw},
		"id":       {Signed: "{id}.{timestamp}.{body}", IDHeader: "X-Id", TimestampHeader: "X-Time"},
		"pairs":    {Signed: "{timestamp}.{body}", Pairs: ',', SignatureKey: "v1", TimestampKey: "t"},
		"urlbody":  {Signed: "{url}{body}"},
		"urlfeed":  {Signed: "{url}\n{body}"},
		"bodyurl":  {Signed: "{body}{url}"},
		"method":   {Signed: "{method}{url}{body}"},
		"path":     {Signed: "{method}\n{path}\n{body}"},
		"header":   {Signed: "{header:X-Type}\n{body}", EventType: "header:X-Type"},
		"type":     {EventType: "header:X-Type", EventID: "header:X-Id"},
		"pointer":  {EventType: "/type", EventID: "/id", IdentityPointer: "/id"},
		"batch":    {Batch: true, EventType: "/type", EventID: "/id", IdentityPointer: "/id"},
		"batchid":  {Batch: true, EventType: "/type", Signed: "{id}.{body}", IDHeader: "X-Id"},
		"timebody": {Signed: "{timestamp}{body}", TimestampHeader: "X-Time"},
		"milli":    {Signed: "{body}{timestamp}", TimestampHeader: "X-Time", TimestampUnit: provider.Milliseconds},
		"moment":   {Signed: "{timestamp}:{body}", TimestampHeader: "X-Time", TimestampUnit: provider.RFC3339},
	} {
		c.Name, c.Header = "own-hmac-"+name, "X-Signature"
		add(provider.HMAC(c))
	}
	for name, algorithm := range map[string]provider.PublicKeyAlgorithm{
		"ed25519": provider.Ed25519, "ecdsa": provider.ECDSAP256SHA256, "rsa": provider.RSASHA256,
	} {
		add(provider.PublicKey(provider.PublicKeyConfig{
			Name: "own-key-" + name, Header: "X-Signature", Algorithm: algorithm, Signed: "{id}.{body}",
			IDHeader: "X-Id", EventType: "/type",
		}))
	}
	for name, components := range map[string][]string{
		"type":  {"@method", "@authority", "content-digest", "x-type"},
		"query": {"@target-uri", "@query", "content-digest"},
		"id":    {"@authority", "@path", `@query-param;name="src"`, "content-digest", "x-id", "x-type"},
	} {
		add(httpsig.RFC9421(httpsig.Config{
			Name: "own-httpsig-" + name, Algorithm: httpsig.HMACSHA256, Components: components,
			EventType: "header:X-Type", EventID: "header:X-Id",
		}))
	}
	slices.SortFunc(all, func(a, b sender) int { return strings.Compare(a.name, b.name) })
	return all
}
