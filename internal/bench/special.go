package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/bwmarrin/discordgo"
	"github.com/mailgun/mailgun-go/v4"
	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"
	"github.com/twilio/twilio-go/client"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

var errForged = errors.New("forged")

// publicTargets are the providers whose floor is another operation than one hash of the body.
func publicTargets() []target {
	discordPublic, discordPrivate := webhooktest.KeyPair(provider.Discord())
	discordKey, err := hex.DecodeString(discordPublic)
	must(err)
	gridPublic, gridPrivate := webhooktest.KeyPair(provider.SendGrid())
	gridDER, err := base64.StdEncoding.DecodeString(gridPublic)
	must(err)
	gridAny, err := x509.ParsePKIXPublicKey(gridDER)
	must(err)
	gridKey := gridAny.(*ecdsa.PublicKey) // SendGrid signs by ECDSA
	twilio := client.NewRequestValidator(plainSecret)
	mg := mailgun.NewMailgun("example.com", "key")
	mg.SetWebhookSigningKey(plainSecret)
	return []target{
		{name: "Discord (Ed25519)", public: true, p: provider.Discord(), secret: discordPublic, private: discordPrivate,
			floor: func(r *request) func() {
				signature, err := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
				must(err)
				message := append([]byte(r.Header.Get("X-Signature-Timestamp")), r.body...)
				return func() {
					if !ed25519.Verify(discordKey, message, signature) {
						panic(errForged)
					}
				}
			},
			peers: []peer{{"discordgo VerifyInteraction", func(r *http.Request, body []byte) error {
				again := request{Request: r, body: body}
				if !discordgo.VerifyInteraction(again.rewind(), discordKey) {
					return errForged
				}
				return nil
			}}}},
		{name: "SendGrid (ECDSA P-256)", public: true, p: provider.SendGrid(), secret: gridPublic, private: gridPrivate,
			floor: func(r *request) func() {
				const name = "X-Twilio-Email-Event-Webhook-Signature"
				signature, err := base64.StdEncoding.DecodeString(r.Header.Get(name))
				must(err)
				message := append([]byte(r.Header.Get("X-Twilio-Email-Event-Webhook-Timestamp")), r.body...)
				return func() {
					sum := sha256.Sum256(message)
					if !ecdsa.VerifyASN1(gridKey, sum[:], signature) {
						panic(errForged)
					}
				}
			},
			peers: []peer{{"sendgrid-go VerifySignature", func(r *http.Request, body []byte) error {
				ok, err := eventwebhook.VerifySignature(gridKey, body,
					r.Header.Get("X-Twilio-Email-Event-Webhook-Signature"),
					r.Header.Get("X-Twilio-Email-Event-Webhook-Timestamp"))
				if err == nil && !ok {
					err = errForged
				}
				return err
			}}}},
		{name: "Twilio (HMAC-SHA-1 over the URL and the sorted form)", p: provider.Twilio(), secret: plainSecret,
			form: true, route: true,
			spoil: func(r *request) { r.body = append(r.body, "&More=1"...) },
			floor: func(r *request) func() {
				h := hmac.New(sha1.New, []byte(plainSecret))
				return func() {
					h.Reset()
					_, _ = h.Write(r.body)
					h.Sum(nil)
				}
			},
			peers: []peer{{"twilio-go Validate, parses the form too", func(r *http.Request, body []byte) error {
				form, err := url.ParseQuery(string(body))
				if err != nil {
					return err
				}
				params := make(map[string]string, len(form))
				for name := range form {
					params[name] = form.Get(name)
				}
				if !twilio.Validate("https://example.com/hooks", params, r.Header.Get("X-Twilio-Signature")) {
					return errForged
				}
				return nil
			}}}},
		{name: "Mailgun (HMAC over timestamp and token, inside the body)", p: provider.Mailgun(), secret: plainSecret,
			spoil: func(r *request) {
				var event map[string]any
				must(json.Unmarshal(r.body, &event))
				// as Mailgun's are
				event["signature"].(map[string]any)["token"] = "another-token-of-as-many-characters-as-it-had-0000"
				body, err := json.Marshal(event)
				must(err)
				r.body = body
			},
			peers: []peer{{"mailgun-go VerifyWebhookSignature, decodes too", func(_ *http.Request, body []byte) error {
				var event mailgunEvent
				if err := json.Unmarshal(body, &event); err != nil {
					return err
				}
				ok, err := mg.VerifyWebhookSignature(event.Signature)
				if err == nil && !ok {
					err = errForged
				}
				return err
			}}}},
	}
}

type mailgunEvent struct {
	Signature mailgun.Signature `json:"signature"`
}
