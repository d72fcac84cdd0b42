package core

import (
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Provider holds the facts of one sender of webhooks: how it signs, how fresh its deliveries are, what names an
// event, how long it retries. It is opaque and immutable; package provider has one function for each sender, and
// provider.HMAC and others for senders of your own.
type Provider struct {
	entry *entry.Entry
	err   error
}

// Name returns the provider's name in configurations, logs and metrics: "stripe".
func (p Provider) Name() string {
	if p.entry == nil {
		return ""
	}
	return p.entry.Name
}

// NewProvider is how package provider makes providers of its data. Its argument cannot be named outside this module.
func NewProvider(e entry.Entry, err error) Provider { return Provider{entry: &e, err: err} }

// EntryOf is how this module's packages read the data of a provider. Its result cannot be named outside this module.
func EntryOf(p Provider) (*entry.Entry, error) { return p.entry, p.err }
