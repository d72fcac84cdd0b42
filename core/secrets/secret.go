// Package secrets holds the secrets that a guard accepts, and the sources that supply them.
//
// # Use
//
// Most programs read the secret from the environment:
//
//	guard, err := core.New(core.Config{
//		Provider: provider.GitHub(),
//		Secrets:  secrets.FromEnv("GITHUB_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET_OLD"),
//	})
//
// During a rotation the list holds the new secret and the old one, and a delivery signed with either is accepted.
//
//	FromEnv    environment variables, read once
//	FromFiles  files, such as mounted secrets, followed while the program runs
//	FromFunc   a function, such as a client of a secret manager, with its results cached
//	Static     values that the program already has
//	Labeled    the same, with labels and times of validity
//	ByTenant   a source for each tenant
//
// # Promises
//
// A [Secret] never shows its value: not with any formatting verb, not in JSON, not with slog. Only
// [Secret.DangerouslyReveal] returns it.
//
// A source that cannot be read keeps the last good list in force, so that deliveries go on, and the guard reports the
// fault. To fail closed instead, use [FuncSource.RefuseAfter]. An empty or malformed list never replaces a good one.
//
// # Limits
//
// A list holds at most [MaxSecrets] secrets. Values stay in memory in plain form: a memory dump shows them.
package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Secret is key material shared with a provider, or a credential it presents. Its value never shows: every formatting
// verb, JSON, text and slog print a redaction. The zero value is an empty secret, which guards refuse.
type Secret struct {
	// value is a function, because fmt prints only the address of one. Of a struct that holds a Secret, fmt prints the
	// unexported fields without calling the Secret's methods, and with a wrong verb it follows pointers.
	value     func() string
	label     string
	notBefore time.Time // zero: no limit
	notAfter  time.Time // zero: no limit
}

const redacted = "[redacted]"

// New makes a secret of the text that the provider's dashboard shows. The label names it in logs and metrics
// ("2026-11", "old"). With an empty label the secret is named by its position in its list.
func New(label, text string) Secret {
	return Secret{value: func() string { return text }, label: label}
}

// ValidFrom returns a copy that is not accepted before t.
func (s Secret) ValidFrom(t time.Time) Secret { s.notBefore = t; return s }

// ValidUntil returns a copy that is not accepted after t.
func (s Secret) ValidUntil(t time.Time) Secret { s.notAfter = t; return s }

// Label returns the name of the secret in logs and metrics.
func (s Secret) Label() string { return s.label }

// DangerouslyReveal returns the value itself, for a Setup.SecretSink that has to store it. The returned string has no
// redaction: anything that prints it shows the secret.
func (s Secret) DangerouslyReveal() string { return s.reveal() }

// reveal returns the value. The zero Secret has none.
func (s Secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return s.value()
}

// NotBefore returns the time before which the secret is not accepted. Zero: there is none.
func (s Secret) NotBefore() time.Time { return s.notBefore }

// NotAfter returns the time after which the secret is not accepted. Zero: there is none.
func (s Secret) NotAfter() time.Time { return s.notAfter }

// ActiveAt reports whether the secret is accepted at a time. Both limits are inclusive.
func (s *Secret) ActiveAt(now time.Time) bool {
	return (s.notBefore.IsZero() || !now.Before(s.notBefore)) && (s.notAfter.IsZero() || !now.After(s.notAfter))
}

// Format prints the redaction whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns the redaction.
func (Secret) String() string { return redacted }

// GoString returns the redaction.
func (Secret) GoString() string { return redacted }

// MarshalJSON encodes the redaction.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText encodes the redaction.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue logs the redaction.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Generate returns a fresh secret: 32 random bytes in URL-safe base64, 43 characters.
func Generate() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never returns an error: without randomness, crypto/rand stops the program
	return base64.RawURLEncoding.EncodeToString(b)
}

// GeneratePair returns a fresh pair "user:password" for HTTP Basic, both random. It needs no escaping in a URL:
// https://user:password@example.com/hooks. The password alone is as strong as [Generate].
func GeneratePair() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return "hook-" + base64.RawURLEncoding.EncodeToString(b) + ":" + Generate()
}
