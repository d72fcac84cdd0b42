// Package unproved holds senders whose facts rest on descriptions by third parties alone: no official document,
// specification or SDK was read that says all of it, and no recorded delivery verifies. Check an entry against a
// delivery of your own before you rely on it, and tell us what you found.
package unproved
