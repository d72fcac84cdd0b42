package handshake_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/handshake"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// byQuery echoes a challenge of the query.
func byQuery(h entry.Handshake) *handshake.Set {
	h.Method, h.WhenQuery, h.EchoQuery = "GET", "challenge", "challenge"
	return handshake.New(&entry.Entry{Title: "Acme", Handshakes: []entry.Handshake{h}})
}

func ask(s *handshake.Set, method, challenge string) (*handshake.Answer, fault.Failure) {
	r := httptest.NewRequest(method, "/?challenge="+url.QueryEscape(challenge), nil)
	return s.Unproved(&handshake.Input{Request: r, Claims: &signature.Claims{}})
}

// What is reflected is nothing that a browser could run.
func TestAChallengeIsPlain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, challenge string
		grammar         entry.Grammar
		want            reason.Reason
	}{
		{"letters, digits and the signs of base64", "aZ09-_.~=+/", entry.AnyText, ""},
		{"markup", "<script>", entry.AnyText, reason.MalformedSignature},
		{"a quotation mark", `a"b`, entry.AnyText, reason.MalformedSignature},
		{"a sentence where one is expected", "Testing, one: two", entry.Sentence, ""},
		{"a sentence where none is", "Testing, one: two", entry.AnyText, reason.MalformedSignature},
		{"the longest", strings.Repeat("a", 512), entry.AnyText, ""},
		{"a longer one", strings.Repeat("a", 513), entry.AnyText, reason.MalformedSignature},
		{"not of the provider's grammar", "not-hexadecimal!", entry.Challenge, reason.MalformedSignature},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			answer, f := ask(byQuery(entry.Handshake{Grammar: row.grammar}), "GET", row.challenge)
			require.Equal(t, row.want, f.Reason, f.Detail)
			if row.want == "" {
				require.Equal(t, row.challenge, answer.Text)
				require.Empty(t, answer.ContentType, "plain text")
			}
		})
	}
}

func TestAHeaderAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	s := byQuery(entry.Handshake{Headers: [][2]string{{"x-echo", "got {challenge}"}}})
	answer, f := ask(s, "GET", "abc")
	require.False(t, f.Failed(), f.Detail)
	require.True(t, answer.Bodiless)
	require.Equal(t, [][2]string{{"X-Echo", "got abc"}}, answer.Header)
}

func TestAnotherMethodIsNoHandshake(t *testing.T) {
	t.Parallel()
	s := byQuery(entry.Handshake{})
	answer, f := ask(s, "POST", "abc")
	require.Nil(t, answer)
	require.False(t, f.Failed(), "it is a delivery")
	require.True(t, s.Method("POST"))
	require.False(t, s.Method("GET"))
	require.Contains(t, s.NotOne("GET").Detail, "its deliveries come with POST")
}

// A signed answer needs a secret: without one it fails closed.
func TestAChallengeIsSignedWithASecretOnly(t *testing.T) {
	t.Parallel()
	_, f := ask(byQuery(entry.Handshake{Answer: `{"mac":"{hmac}"}`}), "GET", "abc")
	require.Equal(t, reason.NoActiveSecret, f.Reason)
}
