package provider_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// sender is one entry of the catalogue with its sample parameters and keys of its own: whatever package it stands in.
type sender struct {
	name     string
	provider core.Provider
	entry    *entry.Entry
	samples  catalogue.Values
}

func everySender(t testing.TB) (all []sender) {
	t.Helper()
	for _, c := range catalogue.All() {
		p := c.Sample()
		e, err := entry.Of(p)
		require.NoError(t, err, c.Name)
		all = append(all, sender{c.Name, p, e, c.Samples()})
	}
	return all
}

// secret is the nth key as a user configures it.
func (s *sender) secret(n int) string {
	if c := s.custom(); c != nil && c.Traits().Pair != 0 {
		der, err := x509.MarshalPKIXPublicKey(privateKey(c.Traits().Pair, n).Public())
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return configured(s.provider, n)
}

// signs is what the provider signs with under that key.
func (s *sender) signs(n int) string {
	if c := s.custom(); c != nil && c.Traits().Pair != 0 {
		der, err := x509.MarshalPKCS8PrivateKey(privateKey(c.Traits().Pair, n))
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return signing(s.provider, n)
}

func (s *sender) custom() entry.Custom {
	if s.entry.Scheme == nil {
		return nil
	}
	return s.entry.Scheme.Custom
}

func (s *sender) guard(t testing.TB, now time.Time) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "golden", Provider: s.provider, Secrets: secrets.Static(s.secret(1)),
		Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		Now: func() time.Time { return now }, PublicURL: publicOf(s.provider),
	})
	require.NoError(t, err, s.name)
	return g
}

// publicOf is the URL that has to be configured, where nothing else ends the one that is signed.
func publicOf(p core.Provider) string {
	if e, err := entry.Of(p); err == nil && e.Scheme != nil && e.Scheme.Boundary().URL {
		return everyURL
	}
	return ""
}

// TestWhatIsKnownOfASenderSaysWhereItStands: an entry whose facts rest on descriptions by third parties alone stands in
// the package that says so, and no other does.
func TestWhatIsKnownOfASenderSaysWhereItStands(t *testing.T) {
	t.Parallel()
	for _, c := range catalogue.All() {
		e, err := entry.Of(c.Sample())
		require.NoError(t, err)
		require.Equal(t, c.Kind == catalogue.Unproved, e.Confidence == "C", c.Name)
		require.Contains(t, []string{"A", "B", "C"}, e.Confidence, c.Name)
		require.True(t, strings.HasPrefix(e.Docs, "https://"), c.Name)
		require.NotEmpty(t, e.Title, c.Name)
	}
}

const everyURL = "https://example.com/hooks"

// body is one whose events have the names that the entry looks for, and for whom it is meant.
func (s *sender) body() string {
	if own := goldenBodies()[s.name]; own != "" {
		return own
	}
	return `{"id":"evt_1","event_id":"Ev1","type":"a"}`
}

// request is a delivery of the body, signed with the nth key.
func (s *sender) request(t testing.TB, body string, n int, now time.Time, headers map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, everyURL, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(body, "payload=") || strings.HasPrefix(body, "notify_id=") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	require.NoError(t, webhooktest.Sign(r, s.provider, s.signs(n), now), s.name)
	return r
}

// copied is the request with the body it was sent with, in which a test changes something.
func copied(t testing.TB, r *http.Request) (*http.Request, []byte) {
	t.Helper()
	body := []byte{}
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	c := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
	c.Header = r.Header.Clone()
	return c, body
}

// TestTheLawsHoldForEverySender is one table over everything there is: what its signer makes is accepted; under another
// key, without a header of the proof, with an empty, a doubled or a changed one, and with any other byte of what is
// signed, nothing is.
func TestTheLawsHoldForEverySender(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, s := range everySender(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			g := s.guard(t, now)
			genuine := s.request(t, s.body(), 1, now, nil)
			right, body := copied(t, genuine)
			d, reply := g.Receive(httptest.NewRecorder(), right, adapter.Inbound{})
			if d == nil {
				require.Nil(t, reply.Rejection, "what the signer makes")
				t.Fatal("answered as a handshake")
			}
			require.False(t, accepts(g, s.request(t, s.body(), 2, now, nil)), "another key")
			unsigned := httptest.NewRequest(http.MethodPost, everyURL, strings.NewReader(s.body()))
			unsigned.Header.Set("Content-Type", "application/json")
			require.False(t, accepts(g, unsigned), "no proof at all")
			refuses := func(why string, change func(http.Header)) {
				t.Helper()
				r, _ := copied(t, genuine)
				change(r.Header)
				require.False(t, accepts(g, r), why)
			}
			proofs := 0
			for _, name := range signedHeaders(s.entry) {
				value := genuine.Header.Get(name)
				if value == "" {
					continue // another family's, or signed where it is there
				}
				proofs++
				refuses("without "+name, func(h http.Header) { h.Del(name) })
				refuses("an empty "+name, func(h http.Header) { h.Set(name, "") })
				refuses("a shortened "+name, func(h http.Header) { h.Set(name, value[:len(value)-1]) })
				refuses("a lengthened "+name, func(h http.Header) { h.Set(name, value+"0") })
				if s.entry.Scheme == nil || !s.entry.Scheme.Signature.Repeats {
					refuses(name+" twice", func(h http.Header) { h.Add(name, value) })
					refuses(name+" empty and then right",
						func(h http.Header) { h[http.CanonicalHeaderKey(name)] = []string{"", value} })
				}
				for i := range len(value) {
					if decidesNothing(name, value, i) {
						continue
					}
					changed := []byte(value)
					changed[i] ^= 1 // which leaves no digit and no letter what it was
					refuses(fmt.Sprintf("byte %d of %s", i, name), func(h http.Header) { h.Set(name, string(changed)) })
				}
			}
			if s.entry.Credential.Kind == entry.QueryToken || s.entry.Credential.Kind == entry.BodyToken {
				return // TestATokenInTheQueryIsComparedWhole, TestATokenInTheBodyIsComparedWhole
			}
			inBody := s.entry.Scheme != nil && len(s.entry.Scheme.Signature.Headers) == 0 &&
				(s.custom() == nil || len(s.custom().Traits().Headers) == 0)
			for _, name := range signedParameters(s.entry) {
				proofs++
				refusesChangedParameter(t, g, genuine, name)
			}
			require.True(t, proofs > 0 || inBody, "no header carries the proof")
			if !signsWholeBody(s.entry) {
				return // a few fields are signed: TestNoChangedBitVerifies, over recorded deliveries
			}
			for i := range body {
				r, changed := copied(t, genuine)
				changed = bytes.Clone(changed)
				changed[i] ^= 1
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
				require.False(t, accepts(g, r), "byte %d of the body", i)
			}
			longer, _ := copied(t, genuine)
			longer.Body, longer.ContentLength = io.NopCloser(bytes.NewReader(append(bytes.Clone(body), ' '))),
				int64(len(body)+1)
			require.False(t, accepts(g, longer), "a longer body")
		})
	}
}

// signedParameters are the parameters of the URL that carry the proof.
func signedParameters(e *entry.Entry) []string {
	if e.Scheme == nil || e.Scheme.Custom == nil {
		return nil
	}
	return e.Scheme.Custom.Traits().Parameters
}

// refusesChangedParameter is what the laws say of a header of the proof, for a parameter of the URL.
func refusesChangedParameter(t *testing.T, g *core.Guard, genuine *http.Request, name string) {
	t.Helper()
	refuses := func(why string, change func(url.Values)) {
		t.Helper()
		r, _ := copied(t, genuine)
		query := r.URL.Query()
		change(query)
		r.URL.RawQuery = query.Encode()
		require.False(t, accepts(g, r), why)
	}
	value := genuine.URL.Query().Get(name)
	require.NotEmpty(t, value, name)
	refuses("without "+name, func(q url.Values) { q.Del(name) })
	refuses("an empty "+name, func(q url.Values) { q.Set(name, "") })
	refuses("a shortened "+name, func(q url.Values) { q.Set(name, value[:len(value)-1]) })
	refuses("a lengthened "+name, func(q url.Values) { q.Set(name, value+"0") })
	refuses(name+" twice", func(q url.Values) { q.Add(name, value) })
	refuses(name+" empty and then right", func(q url.Values) { q[name] = []string{"", value} })
	for i := range len(value) {
		changed := []byte(value)
		changed[i] ^= 1
		refuses(fmt.Sprintf("byte %d of %s", i, name), func(q url.Values) { q.Set(name, string(changed)) })
	}
}

// signsWholeBody says that every byte of the body is proved, and not only fields or a weak sum of it.
func signsWholeBody(e *entry.Entry) bool {
	if e.Scheme == nil {
		return false
	}
	if e.Scheme.Custom != nil {
		return e.Scheme.Custom.Traits().Body
	}
	for _, p := range e.Scheme.Signed {
		switch p.Kind {
		case entry.PartBody, entry.PartBodyMD5, entry.PartBodySHA256, entry.PartBodyText, entry.PartBodyOrQuery,
			entry.PartBodySHA256Base64:
			return true
		}
	}
	return false
}

// addIdentities writes the identities of new entries, as "make docs" does. No identity of an entry that the file knows
// is ever written.
var addIdentities = flag.Bool("add-identities", false, "write the identities of new entries")

const goldenIdentities = "testdata/golden_identities.json"

// TestIdentitiesNeverChange: what stores remember today must be found by every later release.
func TestIdentitiesNeverChange(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	got := map[string]string{}
	for _, s := range everySender(t) {
		r := s.request(t, s.body(), 1, now, goldenHeaders())
		if s.name == "mailgun" { // whose signed id is in the body
			r = httptest.NewRequest(http.MethodPost, "/hooks",
				strings.NewReader(`{"signature":{"timestamp":"1772366400","token":"0123456789abcdef","signature":"139c9f8f789016d6a5ed31c3354d6063dc0938ec899ddeeb66aa1b40ad1f4656"}}`))
		}
		d, reply := s.guard(t, now).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply, s.name)
		got[s.name] = d.Events()[0].Identity.String()
	}
	data, err := os.ReadFile(goldenIdentities)
	require.NoError(t, err)
	want := map[string]string{}
	require.NoError(t, json.Unmarshal(data, &want))
	var added, changed []string
	for name, identity := range got {
		switch want[name] {
		case identity:
		case "":
			want[name] = identity
			added = append(added, name)
		default:
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	require.Empty(t, changed, "stores would know no event of these entries any more, and each that is sent again would "+
		"run again: undo the change; CONTRIBUTING.md says under \"Change what is remembered\" what may be added")
	for name := range want {
		require.Contains(t, got, name, "a released entry is gone")
	}
	if len(added) > 0 && *addIdentities {
		data, err := json.MarshalIndent(want, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(goldenIdentities, append(data, '\n'), 0o600))
	} else {
		require.Emptyf(t, added, "new entries: \"make docs\" writes their identities into core/provider/%s",
			goldenIdentities)
	}
}

// oddBodies are payloads that no provider documents, whose proof is right.
func oddBodies(e *entry.Entry) map[string]string {
	odd := map[string]string{
		"deep":        strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		"a deep list": strings.Repeat("[", 100_000),
		"a huge number": `{"id":1` + strings.Repeat("0", 5000) +
			`,"type":1e999999,"time":-1e400,"timestamp":1e-400}`,
		"invalid UTF-8":    "{\"id\":\"\xff\xfe\",\"type\":\"\xc0\x80\"}",
		"a lone surrogate": `{"id":"\ud800","type":"\udfff\ud800"}`,
		"control bytes":    "{\"id\":\"a\x00b\"}",
		"null":             `null`,
		"a number":         `1`,
		"a text":           `"text"`,
		"cut":              `{"id":"evt_1","type":`,
		"nothing":          ``,
		"binary":           "\x00\x01\x02\xff",
		"doubled members":  `{"id":"1","id":"2","type":"a","type":"b"}`,
		"a list of lists":  `[[],[[]],[{}],null,1,"a"]`,
		"many":             "[" + strings.Repeat("1,", 30_000) + "1]",
	}
	// The members that the entry reads, of every type that they are not.
	for i, value := range []string{`null`, `[]`, `{}`, `true`, `-0`, `""`, `[[{}]]`, `{"a":{"b":[1]}}`} {
		doc := map[string]any{}
		for _, list := range [][]entry.Value{e.Event.ID, e.Event.Type, e.Event.Action, e.Event.Time, e.Event.Attempt,
			e.Event.Tenant} {
			for _, v := range list {
				put(doc, v.JSON, json.RawMessage(value))
			}
		}
		put(doc, e.Event.Data, json.RawMessage(value))
		if e.Batch != nil {
			put(doc, e.Batch.Pointer, json.RawMessage(value))
		}
		text, err := json.Marshal(doc)
		if err != nil {
			panic(err)
		}
		odd[fmt.Sprintf("wrong types %d", i)] = string(text)
	}
	return odd
}

func put(doc map[string]any, pointer string, value json.RawMessage) {
	if pointer == "" {
		return
	}
	names := strings.Split(pointer, "/")[1:]
	for _, name := range names[:len(names)-1] {
		next, ok := doc[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			doc[name] = next
		}
		doc = next
	}
	doc[names[len(names)-1]] = value
}

// TestOddPayloadsLoseNothing: what is proved is an event, or several, whose payloads hold it as it came; whatever it
// says, it is never answered as a failure of ours, which would have it sent for ever.
func TestOddPayloadsLoseNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, s := range everySender(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			g := s.guard(t, now)
			if s.entry.Scheme != nil && s.entry.Scheme.Boundary().JSON {
				g = guardAt(t, s.provider, s.secret(1), everyURL, now) // otherwise JSON alone ends the URL
			}
			checked := 0
			for why, body := range oddBodies(s.entry) {
				r := httptest.NewRequest(http.MethodPost, everyURL, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				for name, value := range goldenHeaders() {
					r.Header.Set(name, value)
				}
				if webhooktest.Sign(r, s.provider, s.signs(1), now) != nil {
					continue // the proof needs a place in a document that there is not
				}
				r, sent := copied(t, r)
				d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				if d == nil {
					// SNS takes any status below 500 for an arrival, so that a refusal is 503 there.
					require.True(t, reply.Status < 500 || reply.Status == s.entry.AuthStatus, why)
					if reply.Rejection != nil {
						// Only where the proof itself is read from the body may its shape refuse it, and a zero byte
						// where it could be what a plain hash was lengthened by.
						lengthened := s.entry.Scheme != nil && s.entry.Scheme.Algorithm.Digest() && bytes.IndexByte(sent, 0) >= 0
						require.True(t, lengthened || readsProofFromBody(s.entry), "%s: %s", why,
							reply.Rejection.Detail())
					}
					continue
				}
				checked++
				require.Equal(t, string(sent), string(d.Body()), why)
				switch events := d.Events(); len(events) {
				case 0:
					require.NotNil(t, s.entry.Batch, why)
				case 1:
					require.True(t, bytes.Contains(sent, events[0].Payload) || s.entry.Event.PayloadForm != "" ||
						s.entry.Event.PayloadJSON != "" || s.entry.Event.Sealed != nil ||
						s.custom() != nil && s.custom().Traits().Payload, why)
				default:
					require.NotNil(t, s.entry.Batch, why)
				}
			}
			require.True(t, checked > 3 || readsProofFromBody(s.entry), "%d were checked", checked)
		})
	}
}

// readsProofFromBody says that the signature, what it covers, or whom the delivery is for is read from the body.
func readsProofFromBody(e *entry.Entry) bool {
	// What is encrypted has to be what the sender encrypts: for some, nothing else shows that the key is right.
	if e.Recipient != nil || e.Credential.Kind == entry.BodyToken || e.Event.Sealed != nil {
		return true
	}
	if e.Scheme == nil {
		return false
	}
	s := e.Scheme
	if len(s.Signature.Headers) == 0 && (s.Custom == nil || len(s.Custom.Traits().Headers) == 0) || s.Timestamp.JSON != "" || s.ID.JSON != "" {
		return true
	}
	for _, p := range s.Signed {
		switch p.Kind {
		case entry.PartJSON, entry.PartForm, entry.PartSortedForm, entry.PartReplacedBody, entry.PartBodyText,
			entry.PartBodyOrQuery:
			return true
		case entry.PartBody:
			if p.Grammar != entry.AnyText {
				return true
			}
		}
	}
	return s.BodySHA256 != ""
}
