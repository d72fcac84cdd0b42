package interop_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/sallyport-go/sallyport/core/provider"
)

func TestStripe(t *testing.T) {
	t.Parallel()
	const header = "Stripe-Signature"
	peer{
		name: "stripe-go webhook.ValidatePayload", provider: provider.Stripe(),
		verify: func(r *http.Request, body []byte, secret string) error {
			return webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), secret)
		},
		sign: func(r *http.Request, body []byte, secret string, at time.Time) error {
			signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret,
				Timestamp: at})
			r.Header.Set("Stripe-Signature", signed.Header)
			return nil
		},
		changes: []change{
			setHeader(header, "another signature first, as in a rotation", accept, func(v string) string {
				return strings.Replace(v, ",v1=", ",v1="+strings.Repeat("0", 64)+",v1=", 1)
			}),
			setHeader(header, "sixteen others first", "", func(v string) string {
				return strings.Replace(v, ",v1=", strings.Repeat(",v1="+strings.Repeat("0", 64), 16)+",v1=", 1)
			}),
			setHeader(header, "an unknown scheme next to it", accept, func(v string) string { return v + ",v9=abc" }),
			setHeader(header, "the old scheme v0", refuse,
				func(v string) string { return strings.Replace(v, "v1=", "v0=", 1) }),
			setHeader(header, "no time", refuse, func(v string) string { return v[strings.Index(v, ",")+1:] }),
			setHeader(header, "the time after the signature", accept, func(v string) string {
				at, signature, _ := strings.Cut(v, ",")
				return signature + "," + at
			}),
			setHeader(header, "a second time", refuse, func(v string) string { return "t=1," + v }),
			setHeader(header, "a zero before the time", refuse, func(v string) string { return "t=0" + v[2:] }),
			setHeader(header, "a pair without a value", "", func(v string) string { return v + ",v2" }),
		},
		differences: []difference{
			repeated(header),
			ageless(tooEarly, nextYear),
			spaced(header),
			{[]string{header + ": a comma after", header + ": a pair without a value"}, accept,
				"what is no pair is nobody's signature, and does not spoil the one next to it"},
			{[]string{header + ": sixteen others first"}, refuse,
				"Stripe sends one for each active secret; what is read before the proof is bounded"},
			{[]string{header + ": a second time"}, refuse,
				"the library takes the last time; two of them are ambiguous"},
			{[]string{header + ": a zero before the time"}, refuse,
				"the library signs the number again, and we the text as it came: one form only"},
		},
	}.run(t)
}
