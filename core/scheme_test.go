package core_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// twoKinds has secrets (v1) and public keys (v1a), as Standard Webhooks does.
func twoKinds() entry.Entry {
	return entry.Entry{
		Name: "two", Title: "Two", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256, Key: entry.Key{Prefix: "whsec_"},
			Second: &entry.KeyKind{Algorithm: entry.Ed25519, Key: entry.Key{Encoding: entry.Base64, Prefix: "whpk_"},
				Name: "v1a"},
			Signature: entry.Signature{Field: entry.Field{Headers: []string{"X-Sig"}}, Layout: entry.Versioned,
				Name: "v1", Encoding: entry.Hex},
			Signed: []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.None, Why: "a test"},
	}
}

// TestNoSignatureIsVerifiedByAKeyOfAnotherKind: the prefix of the configured key chooses, nothing in the request does.
func TestNoSignatureIsVerifiedByAKeyOfAnotherKind(t *testing.T) {
	t.Parallel()
	const body = `{}`
	public := seeded(1).Public().(ed25519.PublicKey)
	whpk := "whpk_" + base64.StdEncoding.EncodeToString(public)
	v1 := mac(testSecret, body)
	v1a := hex.EncodeToString(ed25519.Sign(seeded(1), []byte(body)))
	// The classic confusion: the public key, which everybody knows, taken for an HMAC secret.
	confused := []string{mac(string(public), body), mac(whpk, body), mac(whpk[5:], body)}
	rows := []struct {
		name string
		keys []string
		sig  string
		want reason.Reason
	}{
		{"v1 under a secret", []string{testSecret}, "v1," + v1, reason.Accepted},
		{"v1a under a public key", []string{whpk}, "v1a," + v1a, reason.Accepted},
		{"v1 in a mixed list", []string{whpk, testSecret}, "v1," + v1, reason.Accepted},
		{"v1a in a mixed list", []string{testSecret, whpk}, "v1a," + v1a, reason.Accepted},
		{"both, of which one is right", []string{testSecret, whpk}, "v1," + mac(oldSecret, body) + " v1a," + v1a,
			reason.Accepted},
		{"v1a where only secrets are configured", []string{testSecret}, "v1a," + v1a, reason.MissingSignature},
		{"v1 where only public keys are configured", []string{whpk}, "v1," + v1, reason.MissingSignature},
		{"the right v1 next to a wrong v1a, under a public key", []string{whpk}, "v1," + v1 + " v1a," +
			hex.EncodeToString(make([]byte, 64)), reason.BadSignature},
		{"a MAC under v1a", []string{testSecret, whpk}, "v1a," + v1, reason.MalformedSignature},
		{"a signature under v1", []string{testSecret, whpk}, "v1," + v1a, reason.MalformedSignature},
		{"a MAC keyed with the public key", []string{whpk, testSecret}, "v1," + confused[0], reason.BadSignature},
		{"a MAC keyed with the public key's text", []string{whpk, testSecret}, "v1," + confused[1],
			reason.BadSignature},
		{"a MAC keyed with the public key's base64", []string{whpk}, "v1," + confused[2] + " v1a," +
			hex.EncodeToString(make([]byte, 64)), reason.BadSignature},
	}
	for _, row := range rows {
		c, rec := config(twoKinds())
		c.Secrets = secrets.Static(row.keys...)
		g := mustNew(t, c)
		run(g, post(body, "X-Sig", row.sig), ok)
		require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
	}
}

func TestMistakesInAnEntryAreReportedByNew(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		change func(*entry.Scheme)
		want   string
	}{
		{"an unknown algorithm", func(s *entry.Scheme) { s.Algorithm = 99 }, "unknown algorithm"},
		{"an unknown part", func(s *entry.Scheme) { s.Signed = append(s.Signed, entry.Part{Kind: 99}) },
			"unknown kind"},
		{"a plain hash that ends with an id", func(s *entry.Scheme) {
			s.Algorithm, s.ID = entry.DigestSHA256, entry.Field{Headers: []string{"X-Id"}, Grammar: entry.Token}
			s.Signed = []entry.Part{entry.Body(), entry.Literal("."), entry.Secret(), entry.ID()}
		}, "can be lengthened"},
		{"a plain hash without the secret", func(s *entry.Scheme) { s.Algorithm = entry.DigestSHA256 },
			"sign the secret"},
		{"an HMAC with the secret next to it", func(s *entry.Scheme) { s.Signed = append(s.Signed, entry.Secret()) },
			"sign the secret"},
		{"nothing that differs", func(s *entry.Scheme) { s.Signed = []entry.Part{entry.URL()} }, "the same proof"},
		{"two kinds of secrets", func(s *entry.Scheme) { s.Second = &entry.KeyKind{Algorithm: entry.HMACSHA1} },
			"two entries"},
		{"several readings under public keys", func(s *entry.Scheme) {
			s.Algorithm, s.Also = entry.Ed25519, [][]entry.Part{{entry.Body()}}
		}, "several readings"},
		{"a replaced signature that is nowhere", func(s *entry.Scheme) {
			s.Algorithm, s.Signed = entry.DigestMD5, []entry.Part{{Kind: entry.PartReplacedBody}}
		}, "where it is"},
		{"items, and a parameter of the URL", func(s *entry.Scheme) {
			s.Items, s.Signed = "/list", []entry.Part{entry.JSONText("/a"), {Kind: entry.PartQuery, Text: "q"}}
		}, "not in them"},
		{"a replaced signature in a form's document", func(s *entry.Scheme) {
			s.Algorithm, s.Document, s.Signed = entry.DigestMD5, "json", []entry.Part{{Kind: entry.PartReplacedBody}}
			s.Signature = entry.Signature{Field: entry.Field{JSON: "/sig"}, Encoding: entry.Hex}
		}, "something else"},
		{"no place for the signature", func(s *entry.Scheme) { s.Signature.Headers = nil }, "where the signature is"},
	}
	for _, row := range rows {
		e := plain()
		row.change(e.Scheme)
		c, _ := config(e)
		_, err := core.New(c)
		require.ErrorContains(t, err, row.want, row.name)
	}
}

func TestSignaturesInSeveralHeaders(t *testing.T) {
	t.Parallel()
	const body = `{}`
	good, bad := mac(testSecret, body), mac(oldSecret, body)
	e := plain()
	e.Scheme.Signature = entry.Signature{Field: entry.Field{Headers: []string{"X-Sig-1"}}, Encoding: entry.Hex,
		Further: []string{"X-Sig-2", "X-Sig-3"}}
	e.Identity = entry.Identity{Kind: entry.None, Why: "a test"}
	repeating := e
	scheme := *e.Scheme
	scheme.Signature.Further, scheme.Signature.Repeats = nil, true
	repeating.Scheme = &scheme
	rows := []struct {
		name    string
		entry   entry.Entry
		headers []string
		want    reason.Reason
	}{
		{"the first", e, []string{"X-Sig-1", good, "X-Sig-2", bad}, reason.Accepted},
		{"the second", e, []string{"X-Sig-1", bad, "X-Sig-2", good}, reason.Accepted},
		{"only the last", e, []string{"X-Sig-3", good}, reason.Accepted},
		{"one that is empty", e, []string{"X-Sig-1", "", "X-Sig-2", good}, reason.Accepted},
		{"none that is right", e, []string{"X-Sig-1", bad, "X-Sig-2", bad}, reason.BadSignature},
		{"one of them twice", e, []string{"X-Sig-2", good, "X-Sig-2", good}, reason.RepeatedHeader},
		{"all empty", e, []string{"X-Sig-1", "", "X-Sig-2", ""}, reason.MissingSignature},
		{"none", e, nil, reason.MissingSignature},
		{"several lines of one header", repeating, []string{"X-Sig-1", bad, "X-Sig-1", good}, reason.Accepted},
		{"several lines, none right", repeating, []string{"X-Sig-1", bad, "X-Sig-1", bad}, reason.BadSignature},
	}
	for _, row := range rows {
		c, rec := config(row.entry)
		g := mustNew(t, c)
		run(g, post(body, row.headers...), ok)
		require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
	}
}

// TestAnIdentityOfWhatIsSigned: another form of the same fields is the same event.
func TestAnIdentityOfWhatIsSigned(t *testing.T) {
	t.Parallel()
	e := entry.Entry{
		Name: "form", Title: "Form", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{Form: "sig"}, Encoding: entry.Hex},
			Signed:    []entry.Part{entry.FormText("a"), entry.Literal("."), entry.FormText("b")},
		},
		Identity: entry.Identity{Kind: entry.BySigned},
	}
	c, _ := config(e)
	g := mustNew(t, c)
	identity := func(a, b, body string) core.Identity {
		r := post("sig="+mac(testSecret, a+"."+b)+"&"+body, "Content-Type", "application/x-www-form-urlencoded")
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		defer d.Abandon()
		return d.Events()[0].Identity
	}
	first := identity("1", "2", "a=1&b=2")
	require.Equal(t, first, identity("1", "2", "b=%32&a=%31&more=3"))
	require.NotEqual(t, first, identity("1", "3", "a=1&b=3"))
	require.NotEqual(t, identity("1.2", "3", "a=1.2&b=3"), identity("1", "2.3", "a=1&b=2.3"),
		"fields are divided by their lengths")
}

// TestARequiredFieldIsNotEmptyInTheOtherKindOfBody: a scheme whose body may be JSON or a form.
func TestARequiredFieldIsNotEmptyInTheOtherKindOfBody(t *testing.T) {
	t.Parallel()
	e := entry.Entry{
		Name: "both", Title: "Both", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{JSON: "/sig", Form: "sig"}, Encoding: entry.Hex},
			Signed:    []entry.Part{entry.JSONText("/a"), {Kind: entry.PartForm, Text: "a", Optional: true}},
		},
		Identity: entry.Identity{Kind: entry.None, Why: "a test"},
	}
	other := e
	other.Scheme = &entry.Scheme{
		Algorithm: entry.HMACSHA256, Signature: e.Scheme.Signature,
		Signed: []entry.Part{{Kind: entry.PartJSON, Text: "/a", Optional: true}, entry.FormText("a")},
	}
	const form = "application/x-www-form-urlencoded"
	rows := []struct {
		name, contentType, body string
		entry                   entry.Entry
		want                    reason.Reason
	}{
		{"JSON", "", `{"a":"1","sig":"` + mac(testSecret, "1") + `"}`, e, reason.Accepted},
		{"a form without the member", form, "sig=" + mac(testSecret, ""), e, reason.MissingSignature},
		{"a form", form, "a=1&sig=" + mac(testSecret, "1"), other, reason.Accepted},
		{"JSON without the field", "", `{"sig":"` + mac(testSecret, "") + `"}`, other, reason.MissingSignature},
	}
	for _, row := range rows {
		c, rec := config(row.entry)
		g := mustNew(t, c)
		run(g, post(row.body, "Content-Type", row.contentType), ok)
		require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
	}
}

func TestChallengesAreNoSigningOracle(t *testing.T) {
	t.Parallel()
	e := entry.Entry{
		Name: "bt", Title: "BT", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1, Key: entry.Key{Named: "|", SHA1: true},
			Signature: entry.Signature{Field: entry.Field{Form: "sig"}, Layout: entry.Pairs, Separator: '&',
				Equals: '|', Encoding: entry.Hex},
			Signed: []entry.Part{{Kind: entry.PartForm, Text: "payload", Grammar: entry.NoChallenge}},
		},
		Identity: entry.Identity{Kind: entry.BySigned},
		Handshakes: []entry.Handshake{
			{Method: "GET", WhenQuery: "c", EchoQuery: "c", Answer: "{key}|{hmac}", Grammar: entry.Challenge},
		},
	}
	c, rec := config(e)
	c.Secrets = secrets.Static("id|" + testSecret)
	g := mustNew(t, c)
	ask := func(challenge string) *httptest.ResponseRecorder {
		return run(g, httptest.NewRequest(http.MethodGet, "/hooks?c="+challenge, http.NoBody), never(t))
	}
	const challenge = "0123456789abcdef0123456789abcdef"
	key := sha1.Sum([]byte(testSecret))
	h := hmac.New(sha1.New, key[:])
	_, _ = h.Write([]byte(challenge))
	want := "id|" + hex.EncodeToString(h.Sum(nil))
	w := ask(challenge)
	require.Equal(t, want, w.Body.String())
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	for _, other := range []string{"", "abc", challenge + "0", "0123456789ABCDEF0123456789ABCDEF",
		"PG5vdGlmaWNhdGlvbj48L25vdA==", "%3Cx%3E0123456789012345"} {
		require.NotContains(t, ask(other).Body.String(), "id|", other)
	}
	// What was signed for whoever asked proves no delivery.
	run(g, post("payload="+challenge+"&sig="+want, "Content-Type", "application/x-www-form-urlencoded"), never(t))
	require.Equal(t, reason.MalformedSignature, rec.last(t, g).Reason)

	c.Secrets = secrets.Static(testSecret)
	w = run(mustNew(t, c), httptest.NewRequest(http.MethodGet, "/hooks?c="+challenge, http.NoBody), never(t))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}

func TestATimestampInsideASignedBody(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Timestamp = entry.Timestamp{Field: entry.Field{JSON: "/at"}, Unit: entry.SecondsOrMilliseconds}
	c, rec := config(e)
	g := mustNew(t, c)
	rows := []struct {
		name, body string
		want       reason.Reason
	}{
		{"fresh", `{"at":1772366400}`, reason.Accepted},
		{"fresh in milliseconds", `{"at":1772366400999}`, reason.Accepted},
		{"old", `{"at":1772366000}`, reason.Stale},
		{"new", `{"at":1772366900000}`, reason.Early},
		{"none", `{}`, reason.MissingTimestamp},
		{"twice", `{"at":1772366400,"AT":1}`, reason.MalformedSignature},
		{"not JSON", `at`, reason.MalformedSignature},
	}
	for _, row := range rows {
		run(g, post(row.body, "X-Hub-Signature-256", "sha256="+mac(testSecret, row.body)), ok)
		require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
	}
	forged := sha256.Sum256([]byte("x"))
	run(g, post(`{"at":1772366400}`, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(forged[:])), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
}
