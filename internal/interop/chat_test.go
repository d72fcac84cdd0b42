package interop_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bwmarrin/discordgo"
	telegram "github.com/go-telegram/bot"
	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"
	"github.com/mymmrac/telego"
	"github.com/slack-go/slack"
	"github.com/twilio/twilio-go/client"

	"github.com/sallyport-go/sallyport/core/provider"
)

func TestSlack(t *testing.T) {
	t.Parallel()
	peer{
		name: "slack-go NewSecretsVerifier", provider: provider.Slack(),
		verify: func(r *http.Request, body []byte, secret string) error {
			verifier, err := slack.NewSecretsVerifier(r.Header, secret)
			if err != nil {
				return err
			}
			_, _ = verifier.Write(body)
			return verifier.Ensure()
		},
		differences: []difference{repeated("X-Slack-Signature", "X-Slack-Request-Timestamp")},
	}.run(t)
}

func TestDiscord(t *testing.T) {
	t.Parallel()
	peer{
		name: "discordgo VerifyInteraction", provider: provider.Discord(), keys: keyPairs(provider.Discord()),
		verify: func(r *http.Request, _ []byte, public string) error {
			key, err := hex.DecodeString(public)
			if err != nil {
				return err
			}
			return truth(discordgo.VerifyInteraction(r, ed25519.PublicKey(key)), nil)
		},
		differences: []difference{
			repeated("X-Signature-Ed25519", "X-Signature-Timestamp"),
			ageless(hourOld, dayOld, yearOld, tooEarly, nextYear),
		},
	}.run(t)
}

func TestLINE(t *testing.T) {
	t.Parallel()
	peer{
		name: "line-bot-sdk-go webhook.ValidateSignature", provider: provider.LINE(),
		verify: func(r *http.Request, body []byte, secret string) error {
			return truth(webhook.ValidateSignature(secret, r.Header.Get("X-Line-Signature"), body), nil)
		},
		differences: []difference{repeated("X-Line-Signature")},
	}.run(t)
}

func TestTwilio(t *testing.T) {
	t.Parallel()
	verify := func(r *http.Request, body []byte, secret string) error {
		validator := client.NewRequestValidator(secret)
		return truth(validator.ValidateBody(r.URL.String(), body, r.Header.Get("X-Twilio-Signature")), nil)
	}
	peer{
		name: "twilio-go ValidateBody of a form", provider: provider.Twilio(), verify: verify,
		bodies: []body{
			{ordinary, formType, "AccountSid=AC1&CallSid=CA1&From=%2B15550100&To=%2B15550101&Digits=1234"},
			{"names that sort by their bytes", formType, "b=1&B=2&a=3&AccountSid=AC4&_=5&%C3%A9=6"},
			{"values that are encoded", formType, "Body=Zo%C3%AB+%F0%9F%98%80%0D%0Ax%26y%3Dz&From=%2B1&AccountSid=AC1"},
			{"an empty value", formType, "AccountSid=AC1&Body=&NumMedia=0"},
			{"no field", formType, ""},
			{"a field twice, with two values", formType, "AccountSid=AC1&a=2&a=1&b=3"},
			{"a field twice, with one value", formType, "AccountSid=AC1&a=1&a=1&b=3"},
		},
		differences: []difference{
			repeated("X-Twilio-Signature"),
			{[]string{"body: a field twice, with two values"}, accept,
				"this library signs the first value; Twilio, and its other libraries, sign each distinct one"},
		},
	}.run(t)
	peer{
		name: "twilio-go ValidateBody of JSON", provider: provider.Twilio(), verify: verify, bodies: objects(),
		url: "https://example.com/hooks/in?tenant=1", differences: []difference{repeated("X-Twilio-Signature")},
	}.run(t)
	peer{
		name: "twilio-go ValidateBody under a port", provider: provider.Twilio(), verify: verify, bodies: objects(),
		url: "https://example.com:8443/hooks/in", differences: []difference{repeated("X-Twilio-Signature")},
	}.run(t)
}

func TestTelegram(t *testing.T) {
	t.Parallel()
	peer{
		name: "go-telegram/bot WebhookHandler", provider: provider.Telegram(), bodies: objects(), unsignedBody: true,
		verify: func(r *http.Request, _ []byte, secret string) error {
			refused := error(nil)
			b, err := telegram.New("1:of-this-test", telegram.WithSkipGetMe(), telegram.WithWebhookSecretToken(secret),
				telegram.WithErrorsHandler(func(err error) { refused = err }))
			if err != nil {
				return err
			}
			b.WebhookHandler()(httptest.NewRecorder(), r)
			return refused
		},
		differences: []difference{repeated("X-Telegram-Bot-Api-Secret-Token")},
	}.run(t)
	peer{
		name: "telego WebhookHTTPServeMux", provider: provider.Telegram(), bodies: objects(), unsignedBody: true,
		verify: func(r *http.Request, _ []byte, secret string) error {
			mux, taken := http.NewServeMux(), false
			err := telego.WebhookHTTPServeMux(mux, "POST /hooks/in", secret)(func(context.Context, []byte) error {
				taken = true
				return nil
			})
			if err != nil {
				return err
			}
			mux.ServeHTTP(httptest.NewRecorder(), r)
			return truth(taken, nil)
		},
		differences: []difference{repeated("X-Telegram-Bot-Api-Secret-Token")},
	}.run(t)
}
