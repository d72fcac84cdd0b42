// Package secrets holds the secrets that a guard accepts: values that never show, lists of them, and where they come
// from.
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
// verb, JSON, text and slog print a redaction.
type Secret struct {
	// The value is inside a function because fmt prints the unexported fields of a struct that holds a Secret without
	// asking the Secret, and follows pointers where the verb is wrong; of a function it prints the address.
	value     func() string
	label     string
	notBefore time.Time
	notAfter  time.Time
}

const redacted = "[redacted]"

// New makes a secret of the text that the provider's dashboard shows. The label names it in logs and metrics
// ("2026-11", "old"); where it is empty the secret's position in its list does.
func New(label, text string) Secret {
	return Secret{value: func() string { return text }, label: label}
}

// ValidFrom returns a copy that is not accepted before t.
func (s Secret) ValidFrom(t time.Time) Secret { s.notBefore = t; return s }

// ValidUntil returns a copy that is not accepted after t.
func (s Secret) ValidUntil(t time.Time) Secret { s.notAfter = t; return s }

// Label returns the name of the secret in logs and metrics.
func (s Secret) Label() string { return s.label }

// DangerouslyReveal returns the value itself, for a Setup.SecretSink that has to store it. Whatever it is put into
// prints it.
func (s Secret) DangerouslyReveal() string { return s.reveal() }

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

// ActiveAt reports whether the secret is accepted at a time. Both ends are included.
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
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// GeneratePair returns a fresh pair "user:password" for HTTP Basic, both random. It can stand in a URL as it is:
// https://user:password@example.com/hooks.
func GeneratePair() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return "hook-" + base64.RawURLEncoding.EncodeToString(b) + ":" + Generate()
}
