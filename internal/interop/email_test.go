package interop_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"

	"github.com/sallyport-go/sallyport/core/provider"
)

func TestMailgun(t *testing.T) {
	t.Parallel()
	peer{
		name: "mailgun-go VerifyWebhookSignature", provider: provider.Mailgun(), bodies: objects()[:4],
		unsignedBody: true,
		verify: func(_ *http.Request, body []byte, secret string) error {
			var payload mailgun.WebhookPayload
			if err := json.Unmarshal(body, &payload); err != nil {
				return err
			}
			mg := mailgun.NewMailgun("example.com", "key-of-this-test")
			mg.SetWebhookSigningKey(secret)
			return truth(mg.VerifyWebhookSignature(payload.Signature))
		},
		changes: []change{
			inMailgun("a digit of the token", refuse,
				func(s map[string]any) {
					token, digit := s["token"].(string), "0"
					if token[0] == '0' { // it is made at random
						digit = "1"
					}
					s["token"] = digit + token[1:]
				}),
			inMailgun("no signature", refuse, func(s map[string]any) { delete(s, "signature") }),
			inMailgun("an empty token", refuse, func(s map[string]any) { s["token"] = "" }),
			inMailgun("the timestamp as a number", "",
				func(s map[string]any) { s["timestamp"] = json.Number(s["timestamp"].(string)) }),
			inMailgun("a digit moved from the timestamp to the token", "", func(s map[string]any) {
				at := s["timestamp"].(string)
				s["timestamp"], s["token"] = at[:9], at[9:]+s["token"].(string)
			}),
		},
		differences: []difference{
			ageless(dayOld, yearOld, tooEarly, nextYear),
			{[]string{"signature: a digit moved from the timestamp to the token"}, refuse,
				"nothing separates the two in what is signed: by their lengths alone a token cannot take a digit of " +
					"the time in"},
			{[]string{"signature: the timestamp as a number"}, accept, "the signed bytes are the same digits"},
		},
	}.run(t)
}

// inMailgun changes the object that carries the signature.
func inMailgun(name string, want verdict, edit func(signature map[string]any)) change {
	return change{"signature: " + name, want, func(d *delivery) {
		var doc map[string]any
		if err := json.Unmarshal(d.body, &doc); err != nil {
			panic(err)
		}
		edit(doc["signature"].(map[string]any))
		d.body, _ = json.Marshal(doc)
	}}
}

// truth makes an error of what a library says with a boolean.
func truth(ok bool, err error) error {
	if err == nil && !ok {
		return errRefused
	}
	return err
}

func TestSendGrid(t *testing.T) {
	t.Parallel()
	const signature, timestamp = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
	peer{
		name: "sendgrid-go eventwebhook.VerifySignature", provider: provider.SendGrid(),
		keys: keyPairs(provider.SendGrid()),
		verify: func(r *http.Request, body []byte, public string) error {
			key, err := eventwebhook.ConvertPublicKeyBase64ToECDSA(public)
			if err != nil {
				return err
			}
			return truth(eventwebhook.VerifySignature(key, body, r.Header.Get(signature), r.Header.Get(timestamp)))
		},
		differences: []difference{repeated(signature, timestamp), ageless(dayOld, yearOld, tooEarly, nextYear)},
	}.run(t)
}
