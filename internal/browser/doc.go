// Package browser holds the tests of the inspector in a real browser: Chromium, as Debian has it.
//
// It is a module of its own, so that the library depends on no browser.
package browser
