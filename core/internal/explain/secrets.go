package explain

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// shapes finds secrets that look like something else.
//
// It looks at configured secrets only, and at nothing that was sent.
func (x *Examiner) shapes() (all []reason.Finding) {
	for _, s := range x.Verifier.SecretsOf(x.Request.Context(), x.Tenant, x.Now, false) {
		if f, odd := x.ShapeOf(s); odd {
			all = append(all, f)
		}
	}
	return all
}

// ShapeOf returns why a secret cannot be the one that signs; false: it may be.
//
// The finding quotes a prefix of the entry, and never a part of the secret. It is also used at the
// start, before any delivery.
func (e *Endpoint) ShapeOf(s *secrets.Secret) (reason.Finding, bool) {
	text := s.DangerouslyReveal()
	found := func(what, fix string) (reason.Finding, bool) {
		return reason.Finding{Code: reason.SecretKind, Text: what, Fix: fix, Secret: s.Label()}, true
	}
	if shape, odd := e.Entry.ShapeOf(text); odd {
		return found("the secret begins with "+shape.Prefix+", as "+shape.What+" does, which signs no webhooks",
			e.whereSecret())
	}
	if keyring.Quoted(text) {
		return found("the secret stands in quotation marks", "remove them")
	}
	if want := e.wholePrefix(); want != "" && !strings.HasPrefix(text, want) { //lint:notsecret a key's prefix is public
		return found("the secret does not begin with "+want+", as those of "+e.Entry.Title+" do",
			e.whereSecret()+"; copy it whole, with its beginning")
	}
	return reason.Finding{}, false
}

// wholePrefix returns what the provider's secrets begin with, where that is a part of the key.
//
// Empty means that nothing is known of it, and no finding is made.
func (e *Endpoint) wholePrefix() string {
	if s := e.Entry.Scheme; s != nil {
		return s.Key.Whole
	}
	return ""
}

// whereSecret returns where the operator finds the right secret.
func (e *Endpoint) whereSecret() string {
	if e.Entry.SecretFrom != "" {
		if v := e.Verifier; v != nil && !v.UsesMAC() {
			return "copy the public key from " + e.Entry.Title + ": " + e.Entry.SecretFrom
		}
		return "copy the signing secret from " + e.Entry.Title + ": " + e.Entry.SecretFrom
	}
	return "give this endpoint the very secret that the sender signs with"
}

// secretReading is another reading of the text of a secret.
//
// read returns new bytes, or nil where the reading does not apply. They are key material: nothing keeps
// them after the trial.
type secretReading struct {
	text string
	read func(string) []byte
}

// readings returns the other readings of a secret, from the likely to the rare.
//
// None of these readings is ever used to accept a delivery. That would give each secret several keys,
// and an attacker several guesses.
func (e *Endpoint) readings() []secretReading {
	decoded := func(decode func(string) ([]byte, error)) func(string) []byte {
		return func(s string) []byte {
			if raw, err := decode(s); err == nil {
				return raw
			}
			return nil
		}
	}
	all := []secretReading{
		{"without the quotes around it", func(s string) []byte {
			if trimmed := strings.Trim(s, `"'`); len(trimmed) < len(s) {
				return []byte(trimmed)
			}
			return nil
		}},
		{
			"with a line break at its end: so it was given to the provider",
			func(s string) []byte { return []byte(s + "\n") },
		},
		{"with its text as the key, not decoded", func(s string) []byte { return []byte(s) }},
		{"with its text behind the prefix as the key, not decoded", func(s string) []byte {
			if _, rest, ok := strings.Cut(s, "_"); ok {
				return []byte(rest)
			}
			return nil
		}},
		{"decoded from base64", decoded(func(s string) ([]byte, error) {
			_, rest, ok := strings.Cut(s, "_")
			if !ok {
				rest = s
			}
			return base64.RawStdEncoding.DecodeString(strings.TrimRight(rest, "="))
		})},
		{"decoded from hexadecimal", decoded(hex.DecodeString)},
	}
	if prefix := e.wholePrefix(); prefix != "" {
		all = append(
			[]secretReading{{"with " + prefix + " before it", func(s string) []byte { return []byte(prefix + s) }}},
			all...)
	}
	return all
}

// otherReadings tries each secret in the other readings of its text.
//
// It tries MACs only. A public key in another reading would be another key, or none. The finding names
// the reading and the label. It must not show the text: the log is read by people who may not know the
// secret.
func (x *Examiner) otherReadings(keys *signature.Keys, url string) (reason.Finding, bool) {
	v := x.Verifier
	if !v.UsesMAC() {
		return reason.Finding{}, false
	}
	for _, s := range v.MACSecrets(keys) {
		for _, other := range x.readings() {
			raw := other.read(s.DangerouslyReveal())
			if len(raw) == 0 {
				continue
			}
			if label, ok := x.matches(v.WithBytes(s, raw), url, x.Body); ok {
				return reason.Finding{
					Code:   reason.SecretSpelling,
					Text:   "the signature matches the secret " + other.text,
					Fix:    "configure the secret so that its key is this one; " + x.whereSecret(),
					Secret: label,
				}, true
			}
			if x.Left <= 0 {
				return reason.Finding{}, false
			}
		}
	}
	return reason.Finding{}, false
}
