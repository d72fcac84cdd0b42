package core

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// maxSecrets is how many secrets one lookup may give: each one costs a hash of the body.
const maxSecrets = 32

// SecretList is an immutable list of accepted secrets. A source that reloads gives a new list, so that what was
// compiled for the old one is told apart by its address.
type SecretList struct {
	secrets []Secret
	fault   *atomic.Pointer[listFault] // why its source could not renew it; holding nil: it is the newest
}

// listFault is why a source could not look its secrets up again.
type listFault struct {
	err   error
	since time.Time // the first of the failures in a row
	told  time.Time
}

// NewSecretList makes a list. The guard validates what is in it, because only its provider knows how long a secret
// has to be.
func NewSecretList(secrets ...Secret) *SecretList {
	list := &SecretList{secrets: append([]Secret(nil), secrets...), fault: &atomic.Pointer[listFault]{}}
	for i := range list.secrets {
		if list.secrets[i].label == "" {
			list.secrets[i].label = fmt.Sprintf("#%d", i+1)
		}
	}
	return list
}

// failing returns why the source of the list could not renew it; nil where the list is the newest. Guards report it.
func (l *SecretList) failing() *listFault {
	if l.fault == nil {
		return nil
	}
	return l.fault.Load()
}

// All returns the secrets of the list, in their order.
func (l *SecretList) All() []Secret {
	if l == nil {
		return nil
	}
	return slices.Clone(l.secrets)
}

// Len returns how many secrets the list holds.
func (l *SecretList) Len() int {
	if l == nil {
		return 0
	}
	return len(l.secrets)
}

// SecretSource gives the secrets accepted now. It is asked on every delivery and must answer from memory; a source
// that reads files or calls a secret manager caches. It must be safe for concurrent use.
type SecretSource interface {
	// Lookup returns the list for the tenant, which is "" for an endpoint without tenants. While nothing changed it
	// returns the same pointer. Another list takes effect at once if the guard's rules accept all of it; if not, the last
	// good one stays in force, and the log, the records and the health say so. An error means that no list is available:
	// the delivery is answered 503.
	Lookup(ctx context.Context, tenant string) (*SecretList, error)
}

type staticSecrets struct {
	list *SecretList
	err  error
}

// Lookup returns the fixed list.
func (s *staticSecrets) Lookup(context.Context, string) (*SecretList, error) { return s.list, s.err }

// StaticSecrets is a fixed list of secrets as the provider's dashboard shows them. Any of them lets a delivery in;
// during a rotation the list holds the new one and the old one. Labels are positions: "#1", "#2".
func StaticSecrets(texts ...string) SecretSource {
	secrets := make([]Secret, len(texts))
	for i, t := range texts {
		secrets[i] = NewSecret("", t)
	}
	return &staticSecrets{list: NewSecretList(secrets...)}
}

// LabeledSecrets is a fixed list of secrets with labels and times of validity.
func LabeledSecrets(secrets ...Secret) SecretSource {
	return &staticSecrets{list: NewSecretList(secrets...)}
}

// SecretsFromEnv reads secrets from environment variables, once, now. The first variable must be set; the optional
// ones, for rotation, may be unset. A variable that is set but empty is a mistake that [New] reports, never an absent
// secret. The variables' names are the labels.
func SecretsFromEnv(required string, optional ...string) SecretSource {
	var secrets []Secret
	text, ok := os.LookupEnv(required)
	if !ok {
		return &staticSecrets{err: fmt.Errorf("the environment variable %s is not set", required)}
	}
	secrets = append(secrets, NewSecret(required, text))
	for _, name := range optional {
		if text, ok := os.LookupEnv(name); ok {
			secrets = append(secrets, NewSecret(name, text))
		}
	}
	return &staticSecrets{list: NewSecretList(secrets...)}
}
