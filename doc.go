// Package sallyport makes receiving webhooks safe in Go apps: on Gin, Echo, Chi, net/http or another router.
//
// The module has no code at its root. Start at package core for what a guard checks, at core/provider for the senders
// it knows, and at the adapter of your router, a package whose name ends with webhook.
package sallyport
