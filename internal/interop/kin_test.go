package interop_test

import (
	"crypto/hmac"
	"crypto/sha1" // the old signature of X-Hub-Signature
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v74/github"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// TestTheKinOfGitHub lets GitHub's library verify senders that document GitHub's scheme, and whose own libraries for Go
// do not verify or are not to be had. The function takes the signature, wherever it stood.
func TestTheKinOfGitHub(t *testing.T) {
	t.Parallel()
	rows := []struct {
		provider core.Provider
		header   string
		weak     bool // it signs with SHA-1 itself
	}{
		{provider.Bitbucket(), "X-Hub-Signature", false},
		{provider.BitbucketServer(), "X-Hub-Signature", false},
		{provider.Jira(), "X-Hub-Signature", false},
		{provider.Meta(), "X-Hub-Signature-256", false},
		{provider.WebSub(), "X-Hub-Signature", false},
		{provider.WebSubSHA1(), "X-Hub-Signature", true},
		{provider.Intercom(), "X-Hub-Signature", true},
		{provider.Doppler(), "X-Doppler-Signature", false},
		{provider.Snyk(), "X-Hub-Signature", false},
		{provider.Discourse(), "X-Discourse-Event-Signature", false},
		{provider.Ashby(), "Ashby-Signature", false},
		{provider.Cursor(), "X-Webhook-Signature", false},
		{provider.Npm(), "X-Npm-Signature", false},
	}
	for _, row := range rows {
		differences := []difference{repeated(row.header)}
		var changes []change
		if !row.weak {
			const name = "the signature of SHA-1 instead"
			changes = append(changes, change{name, refuse, func(d *delivery) {
				mac := hmac.New(sha1.New, []byte(sampleSecrets()[0].signing)) // the old signature
				_, _ = mac.Write(d.body)
				d.header.Set(row.header, "sha1="+hex.EncodeToString(mac.Sum(nil)))
			}})
			differences = append(differences, difference{[]string{name}, refuse,
				"the library takes the weaker hash that the request asks for; the receiver chooses the algorithm"})
		}
		peer{
			name: "go-github ValidateSignature for " + row.provider.Name(), provider: row.provider,
			verify: func(r *http.Request, body []byte, secret string) error {
				return gogithub.ValidateSignature(r.Header.Get(row.header), body, []byte(secret))
			},
			changes: changes, differences: differences,
		}.run(t)
	}
}

// TestTheKinOfStripe lets Stripe's library verify and sign for senders that document Stripe's scheme under a header of
// their own, and whose libraries for Go are not to be had.
func TestTheKinOfStripe(t *testing.T) {
	t.Parallel()
	rows := []struct {
		provider    core.Provider
		header      string
		differences []difference
	}{
		{provider.Mux(), "Mux-Signature", []difference{{[]string{tooOld, hourOld}, accept, retried}}},
		{provider.Shippo(), "Shippo-Auth-Signature", nil},
		{provider.Persona(), "Persona-Signature", nil},
		{provider.Calendly(), "Calendly-Webhook-Signature", []difference{
			{[]string{tooOld, hourOld}, accept, retried},
			{[]string{"signed 4 minutes ahead"}, refuse,
				"Calendly's documentation allows three minutes, and Stripe's library five"},
		}},
	}
	for _, row := range rows {
		peer{
			name: "stripe-go webhook.ValidatePayload for " + row.provider.Name(), provider: row.provider,
			verify: func(r *http.Request, body []byte, secret string) error {
				return webhook.ValidatePayload(body, r.Header.Get(row.header), secret)
			},
			sign: func(r *http.Request, body []byte, secret string, at time.Time) error {
				signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret,
					Timestamp: at})
				r.Header.Set(row.header, signed.Header)
				return nil
			},
			changes: []change{
				setHeader(row.header, "the old scheme v0", refuse,
					func(v string) string { return strings.Replace(v, "v1=", "v0=", 1) }),
				setHeader(row.header, "a second time", refuse, func(v string) string { return "t=1," + v }),
			},
			differences: append([]difference{
				repeated(row.header),
				ageless(tooEarly, nextYear),
				spaced(row.header),
				{[]string{row.header + ": a comma after"}, accept,
					"what is no pair is nobody's signature, and does not spoil the one next to it"},
				{[]string{row.header + ": a second time"}, refuse,
					"the library takes the last time; two of them are ambiguous"},
			}, row.differences...),
		}.run(t)
	}
}
