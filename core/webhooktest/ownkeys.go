package webhooktest

import "github.com/sallyport-go/sallyport/core"

// Keys makes keys in the form of the provider's, at random: configured is for the receiver (core.Config.Secrets), and
// signing for Sign. They differ for a provider that signs with a key pair only: then they are the public key and the
// private one. Keys panics for a provider that was configured wrongly.
func Keys(p core.Provider) (configured, signing string) {
	configured, signing, err := newKeys(p)
	if err != nil {
		panic(err)
	}
	return configured, signing
}

// NewSenderWithKeys makes a sender that signs with keys of the caller's, as [Keys] makes them: for an endpoint that is
// configured already. For a provider with a secret both are the same.
func NewSenderWithKeys(p core.Provider, configured, signing string) *Sender {
	return &Sender{provider: p, configured: configured, signing: signing}
}
