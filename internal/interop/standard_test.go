package interop_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go/v2"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/v2/option"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/webhooks"
	"github.com/resend/resend-go/v3"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	svix "github.com/svix/svix-webhooks/go"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// TestStandardWebhooks runs the reference library over every entry that sends in this form.
func TestStandardWebhooks(t *testing.T) {
	t.Parallel()
	decoded := standardwebhooks.NewWebhook
	raw := func(secret string) (*standardwebhooks.Webhook, error) {
		return standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	rows := []struct {
		provider core.Provider
		keys     []key
		open     func(secret string) (*standardwebhooks.Webhook, error)
	}{
		{provider.StandardWebhooks(), whsecs(), decoded},
		{provider.OpenAI(), whsecs(), decoded},
		{provider.Anthropic(), whsecs(), decoded},
		{provider.Replicate(), whsecs(), decoded},
		{provider.GitLab(), whsecs(), decoded},
		{provider.Increase(), whsecs(), decoded},
		{provider.Loops(), whsecs(), decoded},
		// Their documentation hands their users this library, or Svix's, which is the same.
		{provider.Render(), whsecs(), decoded},
		{provider.Gemini(), whsecs(), decoded},
		{provider.Brex(), whsecs(), decoded},
		{provider.Lithic(), whsecs(), decoded},
		{provider.DodoPayments(), whsecs(), decoded},
		{provider.Etsy(), whsecs(), decoded},
		// Supabase shows "v1,whsec_...", and tells its users to cut "v1,whsec_" off for the library.
		{provider.Supabase(), versioned(whsecs()), func(secret string) (*standardwebhooks.Webhook, error) {
			return standardwebhooks.NewWebhook(strings.TrimPrefix(secret, "v1,whsec_"))
		}},
		// Polar's own SDKs encode the secret before they hand it to the library: its bytes are the key.
		{provider.Polar(), sampleSecrets(), raw},
		// The bytes of the secret are the key of these as well.
		{provider.BigCommerce(), sampleSecrets(), raw},
		{provider.AhaSend(), sampleSecrets(), raw},
	}
	for _, row := range rows {
		peer{
			name: "standard-webhooks Webhook.Verify for " + row.provider.Name(), provider: row.provider, keys: row.keys,
			verify: func(r *http.Request, body []byte, secret string) error {
				wh, err := row.open(secret)
				if err != nil {
					return err
				}
				return wh.Verify(body, r.Header)
			},
			sign: func(r *http.Request, body []byte, secret string, at time.Time) error {
				wh, err := row.open(secret)
				if err != nil {
					return err
				}
				signature, err := wh.Sign("msg_1", at, body)
				setStandard(r, "Webhook-", "msg_1", at, signature)
				return err
			},
			changes: standardChanges("Webhook-"), differences: lax("Webhook-"),
		}.run(t)
	}
}

func versioned(keys []key) []key {
	var all []key
	for _, k := range keys {
		all = append(all, key{"v1," + k.configured, "v1," + k.signing})
	}
	return all
}

// lax are the differences of the libraries of Svix and of Standard Webhooks.
func lax(family string) []difference {
	return []difference{
		repeated(family+"Id", family+"Timestamp", family+"Signature"),
		{[]string{family + "Timestamp: a zero before", family + "Timestamp: a plus before"}, refuse,
			"the library signs the number again, and we the text as it came: one form only"},
		{[]string{family + "Signature: a comma after"}, refuse, "the library stops reading at the second comma"},
	}
}

// standardChanges are those that only headers of this form have.
func standardChanges(family string) []change {
	header := family + "Signature"
	const other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	return []change{
		setHeader(header, "another signature first, as in a rotation", accept,
			func(v string) string { return other + " " + v }),
		setHeader(header, "another signature after", accept, func(v string) string { return v + " " + other }),
		setHeader(header, "eight others first", accept,
			func(v string) string { return strings.Repeat(other+" ", 8) + v }),
		setHeader(header, "an asymmetric one next to it", accept, func(v string) string { return "v1a,AAAA " + v }),
		setHeader(header, "another version", refuse,
			func(v string) string { return strings.Replace(v, "v1,", "v2,", 1) }),
		setHeader(header, "no version", refuse, func(v string) string { return strings.TrimPrefix(v, "v1,") }),
		setHeader(header, "separated by a comma", "", func(v string) string { return other + "," + v }),
	}
}

// setStandard writes the three headers.
func setStandard(r *http.Request, family, id string, at time.Time, signature string) {
	r.Header.Set(family+"Id", id)
	r.Header.Set(family+"Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(family+"Signature", signature)
}

// TestSvix runs Svix's library over every entry that sends through Svix.
func TestSvix(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{
		provider.Svix(), provider.Clerk(), provider.Resend(), provider.IncidentIO(), provider.Stytch(), provider.Vanta(),
	} {
		peer{
			name: "svix Webhook.Verify for " + p.Name(), provider: p, keys: whsecs(),
			verify: func(r *http.Request, body []byte, secret string) error {
				wh, err := svix.NewWebhook(secret)
				if err != nil {
					return err
				}
				return wh.Verify(body, r.Header)
			},
			sign: func(r *http.Request, body []byte, secret string, at time.Time) error {
				wh, err := svix.NewWebhook(secret)
				if err != nil {
					return err
				}
				signature, err := wh.Sign("msg_1", at, body)
				setStandard(r, "Svix-", "msg_1", at, signature)
				return err
			},
			changes: standardChanges("Svix-"), differences: lax("Svix-"),
		}.run(t)
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	service := resend.NewClient("re_of_this_test").Webhooks
	peer{
		name: "resend-go Webhooks.Verify", provider: provider.Resend(), keys: whsecs(),
		verify: func(r *http.Request, body []byte, secret string) error {
			return service.Verify(&resend.VerifyWebhookOptions{Payload: string(body), WebhookSecret: secret,
				Headers: resend.WebhookHeaders{
					Id: r.Header.Get("Svix-Id"), Timestamp: r.Header.Get("Svix-Timestamp"),
					Signature: r.Header.Get("Svix-Signature"),
				}})
		},
		changes: standardChanges("Svix-"),
		differences: []difference{
			repeated("Svix-Id", "Svix-Timestamp", "Svix-Signature"),
			{[]string{"body: empty"}, accept,
				"the library takes an empty body for a forgotten one; it is signed like any other"},
			{[]string{"Svix-Signature: a bit of byte 0", "Svix-Signature: another version"}, refuse,
				"the library does not read the version: a signature that is called v2 is not checked as v1 by us"},
		},
	}.run(t)
}

func TestOpenAI(t *testing.T) {
	t.Parallel()
	peer{
		name: "openai-go Webhooks.VerifySignature", provider: provider.OpenAI(), keys: whsecs(),
		verify: func(r *http.Request, body []byte, secret string) error {
			service := webhooks.NewWebhookService(option.WithWebhookSecret(secret))
			return service.VerifySignature(body, r.Header)
		},
		changes: standardChanges("Webhook-"),
		differences: []difference{
			repeated("Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"),
			{[]string{"Webhook-Signature: no version"}, refuse,
				"the library takes a signature without a version for one of v1"},
		},
	}.run(t)
}

func TestAnthropic(t *testing.T) {
	t.Parallel()
	peer{
		name: "anthropic-sdk-go Beta.Webhooks.Unwrap", provider: provider.Anthropic(), keys: whsecs(),
		bodies: objects(),
		verify: func(r *http.Request, body []byte, secret string) error {
			service := anthropic.NewBetaWebhookService(anthropicoption.WithWebhookKey(secret))
			_, err := service.Unwrap(body, r.Header)
			return err
		},
		changes: standardChanges("Webhook-"), differences: lax("Webhook-"),
	}.run(t)
}
