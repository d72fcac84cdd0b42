// Package provider holds the senders of webhooks that are known: one function for each, over data that was read in the
// provider's own documentation, specification or SDK, or proved by recorded deliveries.
//
// A sender of your own is described by [HMAC], [Basic], [Bearer] or [Token]. The table of all entries, with what each
// signature covers and what it does not, is docs/providers.md.
package provider
