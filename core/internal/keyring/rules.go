package keyring

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// MinSecretBytes is the shortest accepted secret, after decoding. With 128 bits no secret can be found by search from
// one observed signature.
const MinSecretBytes = 16

// Rules say what the secrets of one list must be.
//
// The zero value is strict in everything but the length: Min 0 accepts a single byte. The guard
// therefore always sets Min.
type Rules struct {
	Field  string          // of the config
	Kinds  []entry.KeyKind // of a scheme; none: the text is the key
	Custom KeyCompiler     // decodes the texts in place of Kinds; nil: Kinds decide
	Pair   bool            // each secret is "user:password"
	Min    int             // bytes after decoding, at least
	WeakOK bool            // Min, placeholders and other kinds of keys are not refused
	Advice string          // where the operator gets a secret
	// ProvesNothing says that a match does not prove a delivery.
	ProvesNothing bool
	// Refuses is the entry whose secrets these are: a secret that looks like another kind of key, stands in quotation
	// marks or is published is refused. nil: it is not known how these secrets look, and New only warns.
	Refuses *entry.Entry
}

// KeyCompiler compiles one configured key, or says what is wrong with it in words that do not hold it: a mechanism that
// is code ([entry.Custom]), or a cipher. A secret must have at least least bytes after decoding.
type KeyCompiler interface {
	Key(text string, least int) (key any, problem string)
}

// Key is a secret after decoding.
//
// Bytes identify a key when duplicates are looked for, so they must not be empty. Of a custom mechanism
// they are the text itself.
type Key struct {
	Kind   int              // its index in Rules.Kinds
	ID     string           // configured in front of the key; empty: none is
	Bytes  []byte           // of a public key: its one encoding
	Public crypto.PublicKey // nil: it is not a public key
	Custom any              // of Rules.Custom
}

// checkList checks and decodes every secret of a list, folds duplicates, and adds all mistakes to m. The keys are those
// of the secrets that are kept, in the order of the list.
func (rules *Rules) checkList(
	list *secrets.List, m *fault.Mistakes,
) (kept []secrets.Secret, keys []Key, notes []string) {
	// Fails closed. An empty list would refuse everything, which looks like an attack and is a mistake.
	if list.Len() == 0 {
		m.Add(rules.Field, "", "no secret is configured; %s", rules.Advice)
		return nil, nil, nil
	}
	// Every secret costs one check with each forged delivery, so the number is bounded.
	if list.Len() > secrets.MaxSecrets {
		const tooMany = "at most %d secrets may be accepted at once; remove the old ones"
		m.Add(rules.Field, fmt.Sprint(list.Len()), tooMany, secrets.MaxSecrets)
		return nil, nil, nil
	}
	// The map holds key material, and lives only while the list is checked. Nothing remote can time its
	// lookups.
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
			seen[string(key.Bytes)] = s.Label() // one that expires must not replace one that stays
		}
		kept = append(kept, s)
		keys = append(keys, key)
	}
	return kept, keys, notes
}

// lookup returns the list that a source gives. A source that gives none has failed.
//
// A nil list would otherwise count as one without secrets, or crash at the first use. It fails closed.
func lookup(ctx context.Context, src secrets.Source, tenant string) (*secrets.List, error) {
	list, err := src.Lookup(ctx, tenant)
	if err == nil && list == nil {
		err = errNoList
	}
	return list, err
}

var errNoList = errors.New("the source gave no list")
