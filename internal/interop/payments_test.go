package interop_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PaddleHQ/paddle-go-sdk/v4"
	"github.com/PagerDuty/go-pagerduty/webhookv3"
	"github.com/buildkite/go-buildkite/v4"
	"github.com/razorpay/razorpay-go/utils"

	"github.com/sallyport-go/sallyport/core/provider"
)

func TestPaddle(t *testing.T) {
	t.Parallel()
	peer{
		name: "paddle-go-sdk WebhookVerifier.Verify", provider: provider.Paddle(),
		verify: func(r *http.Request, _ []byte, secret string) error {
			return truth(paddle.NewWebhookVerifier(secret,
				paddle.VerifierWithTimestampTolerance(5*time.Minute)).Verify(r))
		},
		changes: []change{
			setHeader("Paddle-Signature", "another signature first, as in a rotation", accept, func(v string) string {
				return strings.Replace(v, ";h1=", ";h1="+strings.Repeat("0", 64)+";h1=", 1)
			}),
		},
		differences: []difference{
			repeated("Paddle-Signature"),
			{[]string{tooOld, hourOld, "signed 25 hours ago"}, accept, retried},
			{[]string{"Paddle-Signature: another signature first, as in a rotation"}, accept,
				"the library knows one signature; Paddle's documentation mentions several while a secret is turned"},
		},
	}.run(t)
}

func TestRazorpay(t *testing.T) {
	t.Parallel()
	peer{
		name: "razorpay-go VerifyWebhookSignature", provider: provider.Razorpay(),
		verify: func(r *http.Request, body []byte, secret string) error {
			return truth(utils.VerifyWebhookSignature(string(body), r.Header.Get("X-Razorpay-Signature"), secret), nil)
		},
		differences: []difference{repeated("X-Razorpay-Signature"), upper("X-Razorpay-Signature")},
	}.run(t)
}

func TestPagerDuty(t *testing.T) {
	t.Parallel()
	peer{
		name: "go-pagerduty webhookv3.VerifySignature", provider: provider.PagerDuty(),
		verify: func(r *http.Request, _ []byte, secret string) error { return webhookv3.VerifySignature(r, secret) },
		changes: []change{
			setHeader("X-Pagerduty-Signature", "another signature first, as in a rotation", accept,
				func(v string) string {
					return "v1=" + strings.Repeat("0", 64) + "," + v
				}),
			setHeader("X-Pagerduty-Signature", "another version", refuse,
				func(v string) string { return "v2" + v[2:] }),
		},
		differences: []difference{
			repeated("X-Pagerduty-Signature"),
			spaced("X-Pagerduty-Signature"),
			{[]string{"body: empty"}, accept,
				"the library takes an empty body for a broken one; it is signed like any other"},
		},
	}.run(t)
}

func TestBuildkite(t *testing.T) {
	t.Parallel()
	const header = "X-Buildkite-Signature"
	peer{
		name: "go-buildkite ValidatePayload", provider: provider.Buildkite(),
		verify: func(r *http.Request, _ []byte, secret string) (err error) {
			defer func() {
				if recover() != nil { // of a pair without "="
					err = errRefused
				}
			}()
			_, err = buildkite.ValidatePayload(r, []byte(secret))
			return err
		},
		changes: []change{{"the token instead of a signature", refuse, func(d *delivery) {
			d.header.Del(header)
			d.header.Set("X-Buildkite-Token", sampleSecrets()[0].configured)
		}}},
		differences: []difference{
			repeated(header),
			ageless(tooOld, hourOld, dayOld, yearOld, tooEarly, nextYear),
			{[]string{header + ": a space after", header + ": a comma after"}, accept,
				"what is no pair is nobody's signature, and does not spoil the one next to it"},
			{[]string{header + ": in upper case", header + ": a bit of byte 0", header + ": a bit of byte 23"}, refuse,
				"the library does not read the names of the two pairs"},
			{[]string{"the token instead of a signature"}, refuse,
				"the library takes the secret itself for a proof: the request chooses how it is verified"},
		},
	}.run(t)
}
