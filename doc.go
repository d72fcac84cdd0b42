// Package sallyport makes receiving webhooks safe in Gin, Echo, Chi and net/http apps.
//
// The module has no code at its root. Start at package core for what a guard checks, at core/provider for the senders
// it knows, and at the adapter of your router: ginwebhook, echowebhook (Echo v4), echo5webhook, chiwebhook.
package sallyport
