package keyring

import (
	"crypto/sha1" // for keys that are derived by it
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Decode decodes the text of a secret. A problem says what is wrong with it, and never quotes it.
//
// It fails closed at the start of the process, or when a list is renewed. A wrong secret that got
// through would refuse every delivery, and a guessable one would accept forgeries.
func (rules *Rules) Decode(text string) (key Key, problem string) {
	switch {
	// An HMAC under an empty key can be computed by anybody. An unset environment variable gives
	// exactly this text.
	case text == "":
		return key, "the secret is empty"
	case strings.TrimSpace(text) == "":
		return key, "the secret is blank"
	}
	if problem = rules.kindProblem(text); problem != "" {
		return key, problem
	}
	if strings.Contains(text, "-----BEGIN ") { // also behind the id of a key
		text = strings.TrimSpace(text) // a file in PEM ends with a newline
	}
	switch {
	case strings.TrimSpace(text) != text:
		// Almost always a newline that came along from a file; verifying with it fails for ever.
		return key, "the secret begins or ends with white space; remove it"
	case rules.Pair:
		// The pair is compared whole, so the user's name is as much a part of the credential as the
		// password.
		key.Bytes = []byte(text)
		return key, rules.pairProblem(text)
	case rules.Custom != nil:
		if !rules.WeakOK && isPlaceholder(text) {
			return key, "the secret is a placeholder"
		}
		// The mechanism counts its own bytes: only it knows what its text decodes to.
		least := rules.Min
		if rules.WeakOK {
			least = 1
		}
		key.Custom, problem = rules.Custom.Key(text, least)
		key.Bytes = []byte(text)
		return key, problem
	}
	return rules.decodeKind(text)
}

// decodeKind decodes the text of a key of one of the kinds.
func (rules *Rules) decodeKind(text string) (key Key, problem string) {
	kind := entry.KeyKind{}
	if len(rules.Kinds) > 0 {
		kind = rules.Kinds[0]
	}
	// The prefix of the configured key chooses its kind: nothing in a request does.
	if len(rules.Kinds) > 1 && rules.Kinds[1].Key.Prefix != "" && strings.HasPrefix(text, rules.Kinds[1].Key.Prefix) {
		key.Kind, kind = 1, rules.Kinds[1]
	}
	// The id is not secret. A delivery may name it, and then only this key is tried.
	if kind.Key.Named != "" {
		if id, rest, ok := strings.Cut(text, kind.Key.Named); ok {
			key.ID, text = id, rest
		}
	}
	encoded := text
	if kind.Key.Prefix != "" {
		encoded = strings.TrimPrefix(text, kind.Key.Prefix)
	}
	if encoded == "" {
		return key, fmt.Sprintf("the secret is empty after its prefix %q", kind.Key.Prefix)
	}
	if kind.Algorithm.PublicKey() {
		// The encoding of a public key takes the place of the bytes: equal keys in two file formats are
		// then found as duplicates.
		if key.Public, problem = publickey.Parse(kind.Algorithm, &kind.Key, encoded); problem == "" {
			key.Bytes = publickey.ID(key.Public)
		}
		return key, problem
	}
	key.Bytes, problem = rules.decodeSecret(&kind, encoded)
	return key, problem
}

// decodeSecret decodes the encoded part of a secret.
func (rules *Rules) decodeSecret(kind *entry.KeyKind, encoded string) (raw []byte, problem string) {
	typed := len(encoded)
	if kind.Key.Normal != nil {
		encoded = kind.Key.Normal(encoded)
	}
	if !rules.WeakOK && (isPlaceholder(encoded) || encoded == kind.Key.Whole) { // templates show a prefix alone
		return nil, "the secret is a placeholder"
	}
	raw, err := entry.DecodeKey(kind.Key.Encoding, encoded)
	switch {
	case err != nil:
		return nil, "the secret is malformed: " + err.Error()
	case len(raw) == 0:
		return nil, "the secret is empty after decoding"
	// Counted after decoding: 16 characters of hexadecimal are only 8 bytes of key.
	case len(raw) < rules.Min && !rules.WeakOK:
		return nil, fmt.Sprintf("the secret has %d bytes after decoding and needs at least %d", len(raw), rules.Min)
	// One letter may become dozens of bytes, which are as easy to guess as the letter. It fails closed.
	case typed < rules.Min && !rules.WeakOK:
		return nil, fmt.Sprintf("the secret has %d bytes and needs at least %d", typed, rules.Min)
	}
	// The sender derives its key so. SHA-1 serves as a derivation here: its collisions do not help to
	// find a key.
	if kind.Key.SHA1 {
		sum := sha1.Sum(raw)
		raw = sum[:]
	}
	return raw, ""
}

// kindProblem returns why the text cannot be a secret of this entry; empty: it can. It fails closed: a wrong key in the
// list would refuse every delivery, or, where it is published, let everybody in.
func (rules *Rules) kindProblem(text string) string {
	e := rules.Refuses
	if e == nil || rules.WeakOK {
		return ""
	}
	if slices.Contains(e.PublishedSecrets, text) { //lint:notsecret everybody knows a published secret
		return e.Title + " publishes this secret for its tests, so that everybody can sign with it"
	}
	// The provider signs without the quotation marks. Every delivery would be refused as forged,
	// without a hint why.
	if Quoted(text) {
		return "the secret stands in quotation marks; remove them"
	}
	if shape, odd := e.ShapeOf(text); odd {
		return "the secret begins with " + shape.Prefix + ", as " + shape.What + " does, which signs no webhooks"
	}
	return ""
}

// Quoted reports whether quotation marks stand around the text, as a shell or an .env file leaves them.
//
// It is for warnings and refusals of a config. A genuine secret in quotation marks is possible where no
// entry says otherwise.
func Quoted(text string) bool {
	if len(text) < 2 {
		return false
	}
	first := text[0]
	return (first == '"' || first == '\'' || first == '`') && text[len(text)-1] == first
}

// pairProblem returns what is wrong with a pair. The user's name cannot hold a colon (RFC 7617, section
// 2), but the password can. Only the password's length counts, because names are known to many.
func (rules *Rules) pairProblem(text string) string {
	user, password, ok := strings.Cut(text, ":")
	switch {
	case !ok || user == "":
		return `the credential is not a pair "user:password"`
	case !rules.WeakOK && isPlaceholder(password):
		return "the password is a placeholder"
	case password == "":
		return "the password is empty"
	case len(password) < rules.Min && !rules.WeakOK:
		return fmt.Sprintf("the password has %d bytes and needs at least %d", len(password), rules.Min)
	}
	return ""
}

// isPlaceholder reports whether a text is what documentation, templates and failed substitutions leave in the place of
// a secret.
//
// It fails closed at a cost: nobody may have one of these words as a secret. An attacker tries them
// first.
func isPlaceholder(text string) bool {
	t := strings.ToLower(strings.Trim(text, " \"'<>{}$[]()"))
	switch t {
	case "", "none", "null", "nil", "undefined", "nan", "false", "true", "todo", "fixme", "xxx", "test", "secret",
		"password", "passwd", "token", "key", "default", "example", "placeholder", "changeme", "change_me", "change-me",
		"change me", "changeit", "replaceme", "replace_me", "replace-me", "your_secret", "your-secret", "yoursecret",
		"your_secret_here", "your-secret-here", "your_webhook_secret", "your-webhook-secret", "your_signing_secret",
		"webhook_secret", "webhook-secret", "mysecret", "my_secret", "my-secret", "supersecret", "redacted":
		return true
	}
	// One character over and over: "xxxxxxxxxxxxxxxx", "****************".
	return strings.Count(t, t[:1]) == len(t)
}
