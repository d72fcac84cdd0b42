package core

import "github.com/sallyport-go/sallyport/internal/entry"

// Provider holds the facts of one sender of webhooks: how it signs, how fresh its deliveries are, what names an event,
// how long it retries. It is opaque and immutable. Package provider has one function for each sender, and provider.HMAC
// and others for senders of your own. Its method Name returns the name in configurations, logs and metrics.
type Provider = entry.Provider
