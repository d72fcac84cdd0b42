package core_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// wording is what a refusal must say, and must not.
type wording struct {
	name   string
	entry  func() entry.Entry
	change func(*core.Config)
	send   func() *http.Request
	reason reason.Reason
	says   []string
	not    []string
}

func withBasic(c *core.Config) {
	c.Credentials = []core.Credential{core.BasicAuth(secrets.Static("hooks:a-password-of-enough-bytes"))}
}

func byMethod(method string) func() *http.Request {
	return func() *http.Request { return httptest.NewRequest(method, "/hooks", strings.NewReader(event)) }
}

func acme(header string) func() *http.Request {
	return func() *http.Request { return post(event, "Acme-Signature", header) }
}

func hub(header string) func() *http.Request {
	return func() *http.Request { return post(event, "X-Hub-Signature-256", header) }
}

// inBody signs a member of the body next to a timestamp in it, as Mailgun does.
func inBody() entry.Entry {
	return entry.Entry{
		Name: "gun", Title: "Gun", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{JSON: "/s/signature"}, Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{JSON: "/s/timestamp"}},
			Signed:    []entry.Part{entry.TimestampText(), entry.JSONText("/s/token")},
		},
	}
}

func handshaking() entry.Entry {
	e := plain()
	e.Handshakes = []entry.Handshake{{Method: "GET", WhenQuery: "hub.mode", QueryEquals: "subscribe",
		EchoQuery: "hub.challenge"}}
	return e
}

func wordings() []wording {
	signature := mac(testSecret, event)
	secretTalk := []string{"compare Secrets", "compare the secret", "set the secret", "has no secret"}
	token := func(c *core.Config) {
		c.Credentials = []core.Credential{core.QueryToken("key", secrets.Static("a-token-of-enough-bytes"))}
	}
	return []wording{
		// Methods: what came, and what is expected.
		{"a GET names GET and POST", plain, nil, byMethod("GET"), reason.Method,
			[]string{"came with GET", "Hub sends POST", "redirect"}, []string{"not one that"}},
		{"an unknown method is named, cut short", plain, nil, byMethod("FOO" + strings.Repeat("X", 90)), reason.Method,
			[]string{"came with FOO", "Hub sends POST"}, []string{strings.Repeat("X", 30)}},
		{"a PUT where handshakes come by GET", handshaking, nil, byMethod("PUT"), reason.Method,
			[]string{"came with PUT", "POST or GET"}, nil},
		{"a GET that is not a handshake", handshaking, nil, byMethod("GET"), reason.Method,
			[]string{"came with GET", "not a handshake", "deliveries come with POST"}, []string{"POST or GET"}},

		// A missing credential in addition to a good signature is about the credential.
		{"a missing password in addition to a good signature", plain, withBasic, hub("sha256=" + signature),
			reason.MissingCredential,
			[]string{"Authorization", "credential", "X-Hub-Signature-256 came", "https://user:password@",
				"Credentials"}, secretTalk},
		{"a missing password, and nothing of the provider's", plain, withBasic,
			func() *http.Request { return post(event) }, reason.MissingCredential,
			[]string{"Authorization", "no header that Hub sends"}, secretTalk},
		{"a missing password behind a proxy", plain, withBasic, func() *http.Request {
			return post(event, "X-Hub-Signature-256", "sha256="+signature, "Via", "1.1 x")
		}, reason.MissingCredential, []string{"pass Authorization on"}, secretTalk},
		{"a wrong password", plain, withBasic, func() *http.Request {
			return post(event, "Authorization", "Basic aG9va3M6d3Jvbmc=")
		}, reason.BadCredential, []string{"Credentials", "provider"}, append(secretTalk, "d3Jvbmc", "wrong")},
		{"another scheme that is known is named", plain, withBasic, func() *http.Request {
			return post(event, "Authorization", "Bearer canary-of-a-token")
		}, reason.BadCredential, []string{"Bearer", "expects Basic"}, []string{"canary"}},
		{"a credential without a scheme is not quoted", plain, withBasic, func() *http.Request {
			return post(event, "Authorization", "canary-of-a-token")
		}, reason.BadCredential, []string{"expects Basic"}, []string{"canary"}},
		{"a missing token in the query names its parameter", plain, token, hub("sha256=" + signature),
			reason.MissingCredential,
			[]string{"parameter key", "registered at the provider"}, secretTalk},

		// A missing signature.
		{"a missing signature", plain, nil, func() *http.Request { return post(event, "X-Event", "push") },
			reason.MissingSignature,
			[]string{"X-Hub-Signature-256", "set the secret at the provider", "proxy"}, []string{"compare"}},
		{"an empty signature", plain, nil, hub(""), reason.MissingSignature,
			[]string{"is empty", "set the secret at the provider"}, []string{"compare"}},

		// A malformed signature is about its form, and no secret can be wrong.
		{"a signature that is cut off", plain, nil, hub("sha256=abcd"), reason.MalformedSignature,
			[]string{"shorter", "64 hexadecimal digits behind sha256=", "Hub"},
			append(secretTalk, "abcd", "secret_unknown", "forgery")},
		{"a signature that is too long", plain, nil, hub("sha256=" + signature + "00"), reason.MalformedSignature,
			[]string{"longer", "64 hexadecimal digits"}, append(secretTalk, signature, "forgery")},
		{"a signature of other characters", plain, nil, hub("sha256=" + strings.Repeat("zz", 32)),
			reason.MalformedSignature,
			[]string{"other characters", "64 hexadecimal digits"}, append(secretTalk, "zzzz", "forgery")},
		{"a signature of another algorithm", plain, nil, hub("sha1=" + signature[:40]), reason.MalformedSignature,
			[]string{"does not begin with sha256="}, append(secretTalk, "forgery")},
		{"a list without a signature", timestamped, nil, acme("nonsense"), reason.MalformedSignature,
			[]string{"holds nothing else", "64 hexadecimal digits"}, append(secretTalk, "forgery")},

		// A wrong signature is about secrets.
		{"a wrong signature", plain, nil, hub("sha256=" + mac(oldSecret, event)), reason.BadSignature,
			[]string{"compare Secrets"}, []string{signature}},

		// Times: where they should be, what they should be, how far they are off.
		{"no timestamp in the list", timestamped, nil, acme("v1=" + signature), reason.MissingTimestamp,
			[]string{"Acme-Signature", "item t"}, []string{"strip its header"}},
		{"no timestamp in the body", inBody, nil, func() *http.Request {
			return post(`{"s":{"signature":"` + signature + `","token":"x"}}`)
		}, reason.MissingTimestamp, []string{"body has no /s/timestamp"}, []string{"header"}},
		{"a timestamp that is none", timestamped, nil, acme("t=noon,v1=" + signature), reason.MalformedTimestamp,
			[]string{"4 characters", "Unix time in seconds", "Acme"}, []string{"spelled", "noon"}},
		{"an old timestamp", timestamped, nil, acme(pairs(testSecret, testTime.Add(-time.Hour), event)), reason.Stale,
			[]string{"1h old", "5m is allowed", "Tolerance"}, []string{"0m0s", "m0s"}},
		{"a timestamp of last week", timestamped, nil, acme(pairs(testSecret, testTime.Add(-7*24*time.Hour), event)),
			reason.Stale,
			[]string{"7 days old"}, []string{"168h"}},
		{"a timestamp of tomorrow", timestamped, nil, acme(pairs(testSecret, testTime.Add(time.Hour), event)),
			reason.Early,
			[]string{"1h ahead", "Tolerance", "slow"}, nil},

		// What was sent cannot be checked.
		{"a compressed body", plain, nil, func() *http.Request { return post(event, "Content-Encoding", "gzip") },
			reason.Encoding, []string{"gzip", "uncompressed"}, nil},
		{"an encoding of the sender's own is not quoted", plain, nil,
			func() *http.Request { return post(event, "Content-Encoding", "canary") }, reason.Encoding,
			[]string{"uncompressed"}, []string{"canary"}},
		{"another charset", plain, nil,
			func() *http.Request { return post(event, "Content-Type", "application/json; charset=utf-16") },
			reason.ContentType, []string{"charset"}, []string{"more than once"}},
		{"two content types", plain, nil, func() *http.Request {
			return post(event, "Content-Type", "text/plain", "Content-Type", "application/json")
		}, reason.ContentType, []string{"more than once"}, []string{"charset"}},
		{"a body beyond the limit", plain, func(c *core.Config) { c.Limits.MaxBody = 16 }, hub("sha256=" + signature),
			reason.BodyTooLarge,
			[]string{fmt.Sprint(len(event)), "MaxBody of 16 bytes"}, nil},
		{"a repeated header", plain, nil, func() *http.Request {
			return post(event, "X-Hub-Signature-256", "a", "X-Hub-Signature-256", "b")
		}, reason.RepeatedHeader, []string{"X-Hub-Signature-256", "more than once", "proxy"}, secretTalk},
		{"a long header", plain, nil, hub(strings.Repeat("a", 9<<10)), reason.HeaderTooLarge,
			[]string{"X-Hub-Signature-256", "8192 bytes"}, secretTalk},
	}
}

// TestRefusalsSayWhatCameAndWhatIsExpected: the detail and the findings of each refusal speak of what is wrong, and of
// nothing else that the reader would go and change in vain.
func TestRefusalsSayWhatCameAndWhatIsExpected(t *testing.T) {
	t.Parallel()
	for _, row := range wordings() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(row.entry())
			if row.change != nil {
				row.change(&c)
			}
			g := mustNew(t, c)
			run(g, row.send(), never(t))
			got := rec.last(t, g)
			require.Equal(t, row.reason, got.Reason, got.Detail)
			text := got.Detail
			for _, f := range got.Findings {
				text += "\n" + f.String()
			}
			for _, want := range row.says {
				require.Contains(t, text, want)
			}
			for _, other := range append(row.not, "mend", "spelled", "stranger", "cannot be had", testSecret) {
				require.NotContains(t, text, other)
			}
		})
	}
}
