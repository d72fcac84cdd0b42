package catalogue

import "github.com/sallyport-go/sallyport/core"

// Before returns the lines of Go that stand before core.New in a program for this entry: they declare what Fact.Call
// and core.Config.Keys name. Empty: nothing needs a declaration.
func (e Entry) Before() string { return befores()[e.Name] }

// AsksForKeys reports whether the program of the entry's page has core.Config.Keys in place of Secrets.
func (e Entry) AsksForKeys() bool { return e.FetchesKeys() || e.Name == "plaid" }

// Paths returns what stands behind the registered URL in the sender's requests, for senders that add to it. Each is
// mounted. It is never empty.
func (e Entry) Paths() []string {
	if e.Name == "airship" {
		return []string{"/push", "/validate"}
	}
	return []string{""}
}

// Shown returns the provider as the program of the entry's page makes it: one that confirms subscriptions, where it
// can.
func (e Entry) Shown() core.Provider {
	values := e.Samples()
	if _, ok := values["confirm"]; ok {
		values["confirm"] = []string{"yes"}
	}
	return e.make(values)
}

const (
	// FailOnError is what a page's program does with the error of the line before it.
	FailOnError = "if err != nil {\n\tlog.Fatal(err)\n}\n"

	snsBefore = `topics := []string{"arn:aws:sns:eu-west-1:123456789012:orders"}
source, err := keys.SNSCertificates(topics, keys.Options{})
` + FailOnError + `confirm, err := keys.SNSConfirm(topics, keys.Options{})
` + FailOnError

	googleBefore = "source, err := keys.Google(keys.Options{})\n" + FailOnError

	// The key's answer is small. What is not JSON or has no key is an error, so that the delivery is answered 503.
	plaidBefore = `fetch := func(ctx context.Context, kid string) ([]byte, error) {
	ask, _ := json.Marshal(map[string]string{"key_id": kid,
		"client_id": os.Getenv("PLAID_CLIENT_ID"), "secret": os.Getenv("PLAID_SECRET")})
	r, err := http.NewRequestWithContext(ctx, "POST",
		"https://production.plaid.com/webhook_verification_key/get", bytes.NewReader(ask))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct{ Key json.RawMessage }
	err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer)
	return answer.Key, err
}
source, err := keys.Plaid(fetch, keys.Options{})
` + FailOnError
)

func befores() map[string]string {
	return map[string]string{
		"amazon-ses": snsBefore,
		"apple-app-store": "root, err := os.ReadFile(\"AppleRootCA-G3.cer\") // from apple.com/certificateauthority\n" +
			FailOnError,
		"constant-contact": "source, err := keys.ConstantContact(keys.Options{})\n" + FailOnError,
		"fireblocks": "source, err := keys.Fireblocks(\"us\", keys.Options{}) // or eu, eu2, sandbox\n" +
			FailOnError,
		"kinde": "source, err := keys.Kinde(\"acme.kinde.com\", keys.Options{}) // your own domain\n" +
			FailOnError,
		"truelayer":       "source, err := keys.TrueLayer(false, keys.Options{}) // true: the sandbox\n" + FailOnError,
		"aws-sns":         snsBefore,
		"google-eventarc": googleBefore,
		"google-play":     googleBefore,
		"google-pubsub":   googleBefore,
		"paypal": "source, err := keys.Certificates(keys.PayPal(false), keys.Options{}) // true: the sandbox\n" +
			FailOnError,
		"kick":      "source, err := keys.Kick(keys.Options{})\n" + FailOnError,
		"plaid":     plaidBefore,
		"travis-ci": "source, err := keys.TravisCI(keys.Options{})\n" + FailOnError,
	}
}
