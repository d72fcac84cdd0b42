package core_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// signedAs carries a signature of another body than the one that arrives.
func signedAs(was, arrives string) *http.Request {
	return post(arrives, "Acme-Signature", pairs(testSecret, testTime, was))
}

// lookup gives the finding of a code.
func lookup(findings []reason.Finding, code reason.Code) (reason.Finding, bool) {
	for _, f := range findings {
		if f.Code == code {
			return f, true
		}
	}
	return reason.Finding{}, false
}

func TestARejectionSaysWhatWouldHaveMatched(t *testing.T) {
	t.Parallel()
	const doc = `{"id":"1","url":"https://x.example/a","name":"é","list":[1, 2]}`
	for _, row := range []struct {
		name    string
		request func() *http.Request
		secrets secrets.Source // nil: the usual one
		code    reason.Code
		text    string
		label   string
	}{
		{"an escaped slash was written out", func() *http.Request { return signedAs(`{"u":"a\/b"}`, `{"u":"a/b"}`) },
			nil, reason.BodySlashes, `"\/" in place of "/"`, "#1"},
		{"a slash was escaped", func() *http.Request { return signedAs(`{"u":"a/b"}`, `{"u":"a\/b"}`) }, nil,
			reason.BodySlashes, `"/" in place of "\/"`, "#1"},
		{"a line break was added", func() *http.Request { return signedAs(doc, doc+"\n") }, nil, reason.BodyNewline,
			"without the line break", "#1"},
		{"a line break of two bytes was added", func() *http.Request { return signedAs(doc, doc+"\r\n") }, nil,
			reason.BodyNewline, "without the line break", "#1"},
		{"a line break was lost", func() *http.Request { return signedAs(doc+"\n", doc) }, nil, reason.BodyNewline,
			"which was lost", "#1"},
		{"LF became CRLF", func() *http.Request { return signedAs("a\nb\nc", "a\r\nb\r\nc") }, nil, reason.BodyLineEnds,
			"LF in place of CRLF", "#1"},
		{"CRLF became LF", func() *http.Request { return signedAs("a\r\nb\r\nc", "a\nb\nc") }, nil, reason.BodyLineEnds,
			"CRLF in place of LF", "#1"},
		{"JSON was indented", func() *http.Request {
			return signedAs(`{"id":"1","b":[1,2]}`, "{\n  \"id\": \"1\",\n  \"b\": [\n    1,\n    2\n  ]\n}")
		}, nil, reason.BodyReserialised, "without white space", "#1"},
		{"JSON was compacted", func() *http.Request {
			return signedAs(`{"id": "1, 2: \"3, 4\"", "b": [1, 2]}`, `{"id":"1, 2: \"3, 4\"","b":[1,2]}`)
		}, nil, reason.BodyReserialised, "with a space after", "#1"},
		{"JSON was escaped", func() *http.Request {
			return signedAs(`{"n":"é 😀 <"}`, `{"n":"\u00e9 \ud83d\ude00 \u003c"}`)
		}, nil, reason.BodyReserialised, `\u escapes`, "#1"},
		{"JSON was indented and escaped", func() *http.Request {
			return signedAs(`{"n":"é\u0000\n"}`, `{ "n": "\u00e9\u0000\n" }`)
		}, nil, reason.BodyReserialised, `without white space and with its \u escapes`, "#1"},
		{"the body is gone", func() *http.Request { return signedAs(doc, "") }, nil, reason.BodyEmpty, "empty", ""},
		{"the second secret would match", func() *http.Request { return signedAs(doc, doc+"\n") },
			secrets.Labeled(secrets.New("new", oldSecret), secrets.New("old", testSecret)), reason.BodyNewline, "",
			"old"},
		{"the secret has ended", func() *http.Request { return signedAs(doc, doc) }, secrets.Labeled(
			secrets.New("new", oldSecret), secrets.New("old", testSecret).ValidUntil(testTime.Add(-time.Hour))),
			reason.SecretNotValid, "not valid now", "old"},
		{"the secret is quoted", func() *http.Request { return signedAs(doc, doc) },
			secrets.Static(`"` + testSecret + `"`), reason.SecretSpelling, "quotes", "#1"},
		{"the secret is base64 of the key", func() *http.Request { return signedAs(doc, doc) },
			secrets.Static(base64.StdEncoding.EncodeToString([]byte(testSecret))), reason.SecretSpelling, "base64",
			"#1"},
		{"the secret is hexadecimal of the key", func() *http.Request { return signedAs(doc, doc) },
			secrets.Static(fmt.Sprintf("%x", testSecret)), reason.SecretSpelling, "hexadecimal", "#1"},
		{"the provider was given a line break", func() *http.Request {
			return post(doc, "Acme-Signature", pairs(testSecret+"\n", testTime, doc))
		}, nil, reason.SecretSpelling, "line break", "#1"},
		{"an API key of Stripe", func() *http.Request { return signedAs(doc, doc) },
			secrets.Static("sk_live_" + oldSecret), reason.SecretKind, "sk_live_", "#1"},
		{"a token of GitHub", func() *http.Request { return signedAs(doc, doc) }, secrets.Static("ghp_" + oldSecret),
			reason.SecretKind, "GitHub", "#1"},
		{"a forgery", func() *http.Request {
			return post(doc, "Acme-Signature", pairs("not-a-secret-of-this-endpoint!!", testTime, doc))
		}, nil, reason.SecretUnknown, "no change", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			own := timestamped()
			own.OfOnesOwn = true // of any other, New refuses a secret of another kind
			c, rec := config(own)
			if row.secrets != nil {
				c.Secrets = row.secrets
			}
			g := mustNew(t, c)
			require.Equal(t, 400, run(g, row.request(), never(t)).Code)
			last := rec.last(t, g)
			require.Equal(t, reason.BadSignature, last.Reason)
			explained := g.Explain(row.request(), adapter.Inbound{})
			for where, findings := range map[string][]reason.Finding{"record": last.Findings,
				"Explain": explained.Findings} {
				got, ok := lookup(findings, row.code)
				require.True(t, ok, "%s: %v", where, findings)
				require.Contains(t, got.Text, row.text, where)
				require.Equal(t, row.label, got.Secret, where)
				require.NotEmpty(t, got.Fix, where)
				for _, f := range findings {
					require.Contains(t, reason.Codes(), f.Code)
					require.NotContains(t, f.String(), testSecret)
					require.NotContains(t, f.String(), oldSecret)
				}
			}
			require.Equal(t, reason.BadSignature, explained.Reason)
		})
	}
}

func TestAMissingSignatureSaysWhoMayHaveTakenIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		headers []string
		want    []reason.Code
		text    string
	}{
		{"the provider's other headers are there", []string{"X-Event", "push"}, []reason.Code{reason.Unsigned},
			"X-Event came"},
		{"and a proxy stands between", []string{"X-Event", "push", "Via", "1.1 proxy"},
			[]reason.Code{reason.Unsigned, reason.Stripped}, "Via"},
		{"a gateway renamed it", []string{"X_hub_signature_256", "sha256=00"}, []reason.Code{reason.Renamed},
			"X_hub_signature_256"},
		{"nothing of the provider's is there", nil, []reason.Code{reason.OtherSender}, "Hub"},
		{"nor behind a proxy", []string{"X-Forwarded-For", "192.0.2.1"}, []reason.Code{reason.OtherSender}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(plain())
			g := mustNew(t, c)
			request := func() *http.Request {
				r := post("{}")
				for i := 0; i < len(row.headers); i += 2 {
					r.Header[row.headers[i]] = []string{row.headers[i+1]}
				}
				return r
			}
			run(g, request(), never(t))
			last := rec.last(t, g)
			require.Equal(t, reason.MissingSignature, last.Reason)
			var codes []reason.Code
			for _, f := range last.Findings {
				codes = append(codes, f.Code)
			}
			require.Equal(t, row.want, codes)
			require.Contains(t, fmt.Sprint(last.Findings), row.text)
			require.Equal(t, last.Findings, g.Explain(request(), adapter.Inbound{}).Findings)
		})
	}
	c, rec := config(basicOnly())
	c.Secrets = secrets.Static("hooks:a-password-of-enough-bytes")
	g := mustNew(t, c)
	run(g, post("{}", "Forwarded", "for=192.0.2.1"), never(t))
	_, ok := lookup(rec.last(t, g).Findings, reason.Stripped)
	require.True(t, ok, "%v", rec.last(t, g).Findings)
}

func TestAWrongTimeSaysByHowMuchTheClockIsOff(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		secret string
		at     time.Time
		text   string
		signed string
	}{
		{"behind", testSecret, testTime.Add(-3601 * time.Second), "3601 seconds behind", "its signature is right"},
		{"ahead", testSecret, testTime.Add(301 * time.Second), "301 seconds ahead", "its signature is right"},
		{"behind and forged", oldSecret, testTime.Add(-time.Hour), "3600 seconds behind", "wrong as well"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			request := func() *http.Request { return post(event, "Acme-Signature", pairs(row.secret, row.at, event)) }
			run(g, request(), never(t))
			got, ok := lookup(rec.last(t, g).Findings, reason.Clock)
			require.True(t, ok)
			require.Contains(t, got.Text, row.text)
			require.NotContains(t, got.Text, "signature", "the body was not read")
			e := g.Explain(request(), adapter.Inbound{})
			got, ok = lookup(e.Findings, reason.Clock)
			require.True(t, ok)
			require.Contains(t, got.Text, row.text)
			require.Contains(t, got.Text, row.signed)
			require.Equal(t, row.at.Unix(), e.Time.Unix())
		})
	}
	c, rec := config(timestamped())
	g := mustNew(t, c)
	at := fmt.Sprint(testTime.UnixMilli())
	run(g, post(event, "Acme-Signature", "t="+at+",v1="+mac(testSecret, at, ".", event)), never(t))
	require.Equal(t, reason.MalformedTimestamp, rec.last(t, g).Reason)
	_, ok := lookup(rec.last(t, g).Findings, reason.TimeUnit)
	require.True(t, ok)
}

func TestAnotherURLIsFound(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Signed = []entry.Part{entry.URL(), entry.Body()}
	const public = "https://hooks.example.com/a/b"
	for _, row := range []struct {
		name   string
		signed string
		text   string
	}{
		{"the scheme", "http://hooks.example.com/a/b", "in its scheme:"},
		{"the host", "https://example.com/a/b", "in its host:"}, // the request's own
		{"a host that a proxy names", "https://inner.example/a/b", "in its host:"},
		{"the port", "https://hooks.example.com:443/a/b", "in its port:"},
		{"the trailing slash", "https://hooks.example.com/a/b/", "in its trailing slash:"},
		{"the path", "https://hooks.example.com/hooks", "in its path:"},
		{"scheme and slash", "http://hooks.example.com/a/b/", "in its scheme and trailing slash:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(e)
			c.PublicURL = public
			g := mustNew(t, c)
			r := post("body", "X-Hub-Signature-256", "sha256="+mac(testSecret, row.signed, "body"), "X-Forwarded-Host",
				"inner.example")
			run(g, r, never(t))
			got, ok := lookup(rec.last(t, g).Findings, reason.URL)
			require.True(t, ok, "%v", rec.last(t, g).Findings)
			require.Contains(t, got.Text, row.text)
			require.Contains(t, got.Text, row.signed)
			require.Equal(t, "#1", got.Secret)
		})
	}
	c, rec := config(e)
	g := mustNew(t, c)
	r := post("body", "X-Hub-Signature-256", "sha256="+
		mac(testSecret, "https://example.com/hooks?token=hidden", "body"))
	r.URL.RawQuery = "token=hidden"
	run(g, r, never(t))
	got, ok := lookup(rec.last(t, g).Findings, reason.URL)
	require.True(t, ok)
	require.NotContains(t, got.String(), "hidden")
}

func TestExplainReportsEveryCheckAndTouchesNothing(t *testing.T) {
	t.Parallel()
	c, rec, store := reporting(timestamped())
	g := mustNew(t, c)
	r := with(post(event), "X-Token", "wrong")
	r.RemoteAddr = "203.0.113.9:1"
	e := g.Explain(r, adapter.Inbound{})
	var reasons []reason.Reason
	for _, refusal := range e.Refusals {
		reasons = append(reasons, refusal.Reason)
	}
	require.Equal(t, []reason.Reason{reason.PlainHTTP, reason.SourceNotAllowed, reason.BadCredential,
		reason.MissingSignature}, reasons)
	require.Equal(t, reason.PlainHTTP, e.Reason)
	require.Equal(t, 400, e.Status)
	require.False(t, e.Accepted())
	require.Equal(t, 4, strings.Count(e.String(), "refused: "))
	again, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, event, string(again), "the body is put back")

	for range 2 {
		e = g.Explain(whole(event), adapter.Inbound{})
		require.True(t, e.Accepted())
		require.Equal(t, reason.Accepted, e.Reason)
		require.Equal(t, "#1", e.Secret)
		require.Equal(t, []string{"#1"}, e.Credentials)
		require.Contains(t, e.String(), "every check is passed")
	}
	require.Zero(t, store.claims.Load())
	require.NoError(t, g.Flush(t.Context()))
	require.Empty(t, rec.all)
	h := g.Health()
	require.Zero(t, h.RejectedInARow)
	require.True(t, h.LastProved.IsZero())

	r = whole(event)
	r.Method = http.MethodPut
	e = g.Explain(r, adapter.Inbound{})
	require.Equal(t, reason.Method, e.Reason)
	require.Equal(t, 405, e.Status)
	require.Empty(t, e.Refusals[0].Check)
}

func TestWhatAnExplanationHoldsIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	c, _, _ := reporting(timestamped())
	g := mustNew(t, c)
	for range 2 {
		e := g.Explain(whole(event), adapter.Inbound{})
		require.Equal(t, []string{"#1"}, e.Credentials)
		e.Credentials[0] = "changed"
	}
	d, reply := g.Receive(httptest.NewRecorder(), whole(event), adapter.Inbound{})
	require.Nil(t, reply)
	defer d.Abandon()
	require.Equal(t, []string{"#1"}, d.Credentials())
}

func TestExplainDoesNotTakeASecretOrAnswerAHandshake(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Handshakes = []entry.Handshake{{Method: "HEAD"}}
	c, _ := config(e)
	g := mustNew(t, c)
	r := post("")
	r.Method = http.MethodHead
	got := g.Explain(r, adapter.Inbound{})
	require.Equal(t, reason.Handshake, got.Reason)
	require.Contains(t, got.String(), "handshake")
	c.Secrets, c.Setup.AwaitingSecret = nil, true
	g = mustNew(t, c)
	require.Equal(t, reason.NoActiveSecret, g.Explain(signed(event), adapter.Inbound{}).Reason)
}

func TestExplainingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		g := mustNew(t, c)
		forged := func(body string) *http.Request { return signedAs("x", body) }
		count := func() (explained int) {
			require.NoError(t, g.Flush(t.Context()))
			rec.mu.Lock()
			defer rec.mu.Unlock()
			for _, r := range rec.all {
				if len(r.Findings) > 0 {
					explained++
				}
			}
			return explained
		}
		for range 500 {
			run(g, forged(event), never(t))
			require.NoError(t, g.Flush(t.Context()))
		}
		first := count()
		require.Greater(t, first, 4)
		require.LessOrEqual(t, first, 16, "50 ms a second, of which each counts 3 at least")
		time.Sleep(time.Second)
		for range 500 {
			run(g, forged(event), never(t))
			require.NoError(t, g.Flush(t.Context()))
		}
		require.LessOrEqual(t, count(), 2*first)
		time.Sleep(time.Minute)

		before := count()
		run(g, forged(strings.Repeat("x", 129<<10)), never(t))
		run(g, with(forged(event), "X-Long", strings.Repeat("x", 17<<10)), never(t))
		require.Equal(t, before, count(), "neither long bodies nor long headers")
	})
}

func TestThePublicTextOfARefusalIsTheSameWhetherItIsExplained(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	var first string
	for range 100 { // the first are explained, the last are not
		w := run(g, signedAs(event, event+"\n"), never(t))
		got := fmt.Sprint(w.Code, w.Header(), w.Body)
		if first == "" {
			first = got
		}
		require.Equal(t, first, got)
	}
	require.NoError(t, g.Flush(t.Context()))
}

func TestALogShowsWhatWasFound(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c, _ := config(timestamped())
	c.Observers, c.Logger = nil, slog.New(slog.NewJSONHandler(&log, nil))
	g := mustNew(t, c)
	run(g, signedAs(event, event+"\n"), never(t))
	require.NoError(t, g.Flush(t.Context()))
	require.Contains(t, log.String(), `"found":"body_newline: `)
	require.NotContains(t, log.String(), testSecret)
}

func TestADeliveryThatIsLetThroughIsExplained(t *testing.T) {
	t.Parallel()
	c, rec, _ := reporting(timestamped(), core.CheckSignature)
	c.Replay = memstore.New()
	g := mustNew(t, c)
	run(g, with(whole(event+"\n"), "Acme-Signature", pairs(testSecret, testTime, event)), ok)
	last := rec.last(t, g)
	require.Equal(t, reason.Accepted, last.Reason)
	got, found := lookup(last.Findings, reason.BodyNewline)
	require.True(t, found)
	require.Equal(t, "#1", got.Secret)
}

func TestASecretOfTheWrongKindIsNotedAtStart(t *testing.T) {
	t.Parallel()
	own := timestamped()
	own.OfOnesOwn = true // of any other, New refuses it
	var log testlog.Log
	c, _ := config(own)
	c.Secrets = secrets.Labeled(secrets.New("mine", "sk_live_"+testSecret))
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	mustNew(t, c)
	require.Contains(t, log.String(), "mine")
	require.Contains(t, log.String(), "sk_live_")
	require.NotContains(t, log.String(), testSecret)
}

// A signature of a key pair is not tried with changes undone in a log line. The finding says so, and where the key is.
func TestASignatureThatFitsNoPublicKeySaysWhereTheKeyIs(t *testing.T) {
	t.Parallel()
	sender := webhooktest.NewSender(provider.SendGrid())
	c, rec := config(plain())
	c.Provider, c.Now = provider.SendGrid(), time.Now
	c.Secrets = secrets.Static(webhooktest.NewSender(provider.SendGrid()).Secret())
	g := mustNew(t, c)
	run(g, sender.Request("/hooks", sender.Samples()[0]), never(t))
	got, ok := lookup(rec.last(t, g).Findings, reason.SecretUnknown)
	require.True(t, ok, "%v", rec.last(t, g).Findings)
	require.Contains(t, got.Fix, "copy the public key from SendGrid: Settings")
}
