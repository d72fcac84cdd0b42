// Package core receives webhooks safely, whatever the router: it proves that a delivery is genuine, as fresh as its
// scheme can prove, and not known to be done, and only then lets the app's code see it.
//
// # A guard
//
// A [Guard] holds the checks of one endpoint. [New] makes it of a [Config] and reports every mistake at once:
//
//	guard, err := core.New(core.Config{
//		Endpoint: "stripe",
//		Provider: provider.Stripe(),
//		Secrets:  secrets.FromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"),
//		Replay:   memstore.New(),
//	})
//
// The adapter of your router puts it in front of a route: a package at the top of the module whose name ends with
// webhook. What an adapter of another router needs is in package adapter; what is marked "for adapters" here belongs to
// it.
//
// # The path of a delivery
//
// Method, transport, source address, rate, credentials, signature header and timestamp are checked before the body is
// read; then the body, bounded in size, time and room; then the signature; then the replay store is asked. A delivery
// that fails gets 400 by default and the app's code is never called. From outside, all failed authentications look the
// same; the log and each [Observer] get what was seen and which setting to check.
//
// # Signals
//
// A signal is the app's callback for one verified [Event]. What it returns decides: nil commits the event, [Ignore]
// and [Permanent] commit it too, [Undecodable] leaves it to a resend, and any other error, or a panic, is a 500 and
// leaves the event to the provider's retry.
// The promise is at least once with deduplication; exactly once only inside one transaction of a database.
//
// # Where things are
//
// Accepted secrets are in package secrets, providers in provider, addresses of senders in sources, limiters in limit,
// stores of what was processed in replay, and stores of events that failed in journal. Package reason names every
// outcome. What checks a delivery is internal, a package a step.
//
// # Concurrency
//
// Guards, signals after the freeze, deliveries and observers are safe for concurrent use.
package core
