package keyring

import (
	"context"
	"crypto"
	"crypto/sha1" // for keys that are derived by it
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// MinSecretBytes is the shortest secret accepted, after decoding: 128 bits, so that no secret can be found by search
// from one observed signature.
const MinSecretBytes = 16

// Rules say what a secret of one list has to be.
type Rules struct {
	Field  string
	Kinds  []entry.KeyKind // of a scheme; none: the text is the secret
	Custom entry.Custom    // takes the place of kinds
	Pair   bool            // "user:password"
	Min    int
	WeakOK bool
	Advice string // where to get one
	// ProvesNothing says that a match does not prove a delivery.
	ProvesNothing bool
	// Refuses is the entry whose secrets these are. A secret that looks like another kind of key, stands in quotation
	// marks or is published is refused. nil: how these secrets look is not known, and New only warns.
	Refuses *entry.Entry
}

// Key is what the text of a secret became.
type Key struct {
	Kind   int
	ID     string // as configured beside the key
	Bytes  []byte // of a public key: its one spelling
	Public crypto.PublicKey
	Custom any
}

// checkList validates every secret of a list, decodes it, folds duplicates, and reports all mistakes. It gives the
// decoded keys in the order of the list.
func (rules *Rules) checkList(list *secrets.List, m *fault.Mistakes) (kept []secrets.Secret, keys []Key, notes []string) {
	if list.Len() == 0 {
		m.Add(rules.Field, "", "no secret is configured; %s", rules.Advice)
		return nil, nil, nil
	}
	if list.Len() > secrets.MaxSecrets {
		m.Add(rules.Field, fmt.Sprint(list.Len()), "at most %d secrets may be accepted at once; remove the old ones", secrets.MaxSecrets)
		return nil, nil, nil
	}
	seen := make(map[string]string, list.Len())
	for i, s := range list.All() {
		field := fmt.Sprintf("%s[%d] (%s)", rules.Field, i, s.Label())
		key, problem := rules.Decode(s.DangerouslyReveal())
		if problem != "" {
			m.Add(field, "", "%s; %s", problem, rules.Advice)
			continue
		}
		if !s.NotBefore().IsZero() && !s.NotAfter().IsZero() && s.NotAfter().Before(s.NotBefore()) {
			m.Add(field, "", "its validity ends before it begins; swap ValidFrom and ValidUntil")
			continue
		}
		if first, dup := seen[string(key.Bytes)]; dup && s.NotBefore().IsZero() && s.NotAfter().IsZero() {
			notes = append(notes, fmt.Sprintf("%s repeats the secret labelled %s; it is folded into it", field, first))
			continue
		}
		if s.NotBefore().IsZero() && s.NotAfter().IsZero() {
			seen[string(key.Bytes)] = s.Label() // one whose validity ends must not take the place of one that stays
		}
		kept = append(kept, s)
		keys = append(keys, key)
	}
	return kept, keys, notes
}

// Decode gives the key, or what is wrong with the secret in words that do not hold it.
func (rules *Rules) Decode(text string) (key Key, problem string) {
	switch {
	case text == "":
		return key, "the secret is empty"
	case strings.TrimSpace(text) == "":
		return key, "the secret is blank"
	}
	if problem = rules.kindProblem(text); problem != "" {
		return key, problem
	}
	if strings.HasPrefix(text, "-----BEGIN") {
		text = strings.TrimSpace(text) // a file in PEM ends with a newline
	}
	switch {
	case strings.TrimSpace(text) != text:
		// Almost always a newline that came along from a file; verifying with it fails for ever.
		return key, "the secret begins or ends with white space; remove it"
	case rules.Pair:
		key.Bytes = []byte(text)
		return key, rules.pairProblem(text)
	case rules.Custom != nil:
		if !rules.WeakOK && isPlaceholder(text) {
			return key, "the secret is a placeholder"
		}
		least := rules.Min
		if rules.WeakOK {
			least = 1
		}
		key.Custom, problem = rules.Custom.Key(text, least)
		key.Bytes = []byte(text)
		return key, problem
	}
	kind := entry.KeyKind{}
	if len(rules.Kinds) > 0 {
		kind = rules.Kinds[0]
	}
	// The prefix of the key that is configured chooses its kind: nothing in a request does.
	if len(rules.Kinds) > 1 && rules.Kinds[1].Key.Prefix != "" && strings.HasPrefix(text, rules.Kinds[1].Key.Prefix) {
		key.Kind, kind = 1, rules.Kinds[1]
	}
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
		if key.Public, problem = publickey.Parse(kind.Algorithm, &kind.Key, encoded); problem == "" {
			key.Bytes = publickey.ID(key.Public)
		}
		return key, problem
	}
	if !rules.WeakOK && (isPlaceholder(encoded) || encoded == kind.Key.Whole) { // a prefix alone is what templates show
		return key, "the secret is a placeholder"
	}
	raw, err := entry.DecodeKey(kind.Key.Encoding, encoded)
	switch {
	case err != nil:
		return key, "the secret is malformed: " + err.Error()
	case len(raw) == 0:
		return key, "the secret is empty after decoding"
	case len(raw) < rules.Min && !rules.WeakOK:
		return key, fmt.Sprintf("the secret has %d bytes after decoding and needs at least %d", len(raw), rules.Min)
	}
	if kind.Key.SHA1 {
		sum := sha1.Sum(raw)
		raw = sum[:]
	}
	key.Bytes = raw
	return key, ""
}

// kindProblem says what shows that the text is not a secret of this entry. It fails closed: a wrong key in the list
// would refuse every delivery, or, where it is published, let everybody in.
func (rules *Rules) kindProblem(text string) string {
	e := rules.Refuses
	if e == nil || rules.WeakOK {
		return ""
	}
	if slices.Contains(e.PublishedSecrets, text) { //lint:notsecret everybody knows a published secret
		return e.Title + " publishes this secret for its tests, so that everybody can sign with it"
	}
	if Quoted(text) {
		return "the secret stands in quotation marks; remove them"
	}
	if shape, odd := e.ShapeOf(text); odd {
		return "the secret begins with " + shape.Prefix + ", as " + shape.What + " does, which signs no webhooks"
	}
	return ""
}

// Quoted reports whether quotation marks stand around the text, as a shell or an .env file leaves them.
func Quoted(text string) bool {
	if len(text) < 2 {
		return false
	}
	first := text[0]
	return (first == '"' || first == '\'' || first == '`') && text[len(text)-1] == first
}

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

// isPlaceholder recognises what documentation, templates and failed substitutions leave where a secret belongs.
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

// lookup asks a source for its list and refuses a missing one.
func lookup(ctx context.Context, src secrets.Source, tenant string) (*secrets.List, error) {
	list, err := src.Lookup(ctx, tenant)
	if err == nil && list == nil {
		err = errNoList
	}
	return list, err
}

var errNoList = errors.New("the source gave no list")
