// Package interop holds tests only: the libraries that vendors give to receivers, and those that receivers wrote for
// themselves, judge what webhooktest signs, and sign what the guard judges. It is a module of its own, so that nobody
// who uses Sallyport downloads them.
//
// Each library is a row ([peer] in the tests) that is run over the same bodies and the same changes of a delivery. Where
// it is stricter or laxer than the guard, the row says where and why; a difference that no row explains fails the test,
// and so does an explanation of a difference that is not there.
//
// Looked for and left out: gitlab-org/api/client-go, which reads the token and leaves the comparison to its user; and,
// because the Go module proxy did not have them when these were written, square-go-sdk, adyen-go-api-library, plivo-go,
// messagebird's go-rest-api, gocardless-pro-go, modern-treasury-go, workos-go, telnyx-go, replicate-go, go-shopify,
// braintree-go, lemonsqueezy-go, polar-go, increase-go, plaid-go, viber and helix (Twitch).
package interop
