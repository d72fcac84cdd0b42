package secrets

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// MaxSecrets is how many secrets one lookup may give: each one costs a hash of the body.
const MaxSecrets = 32

// List is an immutable list of accepted secrets. A source that reloads gives a new list, so that what was
// compiled for the old one is told apart by its address.
type List struct {
	secrets []Secret
	fault   *atomic.Pointer[Fault] // why its source could not renew it; holding nil: it is the newest
}

// Fault is why a source could not look its secrets up again.
type Fault struct {
	Err   error
	Since time.Time // the first of the failures in a row
	told  time.Time
}

// NewList makes a list. The guard validates what is in it, because only its provider knows how long a secret
// has to be.
func NewList(secrets ...Secret) *List {
	list := &List{secrets: append([]Secret(nil), secrets...), fault: &atomic.Pointer[Fault]{}}
	for i := range list.secrets {
		if list.secrets[i].label == "" {
			list.secrets[i].label = fmt.Sprintf("#%d", i+1)
		}
	}
	return list
}

// Fault returns why the source of the list could not renew it; nil where the list is the newest. Guards report it.
func (l *List) Fault() *Fault {
	if l.fault == nil {
		return nil
	}
	return l.fault.Load()
}

// All returns the secrets of the list, in their order.
func (l *List) All() []Secret {
	if l == nil {
		return nil
	}
	return slices.Clone(l.secrets)
}

// Len returns how many secrets the list holds.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.secrets)
}

// Source gives the secrets accepted now. It is asked on every delivery and must answer from memory; a source
// that reads files or calls a secret manager caches. It must be safe for concurrent use.
type Source interface {
	// Lookup returns the list for the tenant, which is "" for an endpoint without tenants. While nothing changed it
	// returns the same pointer. Another list takes effect at once if the guard's rules accept all of it; if not, the
	// last good one stays in force, and the log, the records and the health say so. An error means that no list is
	// available: the delivery is answered 503.
	Lookup(ctx context.Context, tenant string) (*List, error)
}

type staticSecrets struct {
	list *List
	err  error
}

// Lookup returns the fixed list.
func (s *staticSecrets) Lookup(context.Context, string) (*List, error) { return s.list, s.err }

// Static is a fixed list of secrets as the provider's dashboard shows them. Any of them lets a delivery in;
// during a rotation the list holds the new one and the old one. Labels are positions: "#1", "#2".
func Static(texts ...string) Source {
	secrets := make([]Secret, len(texts))
	for i, t := range texts {
		secrets[i] = New("", t)
	}
	return &staticSecrets{list: NewList(secrets...)}
}

// Labeled is a fixed list of secrets with labels and times of validity.
func Labeled(secrets ...Secret) Source {
	return &staticSecrets{list: NewList(secrets...)}
}

// FromEnv reads secrets from environment variables, once, now. The first variable must be set; the optional ones, for
// rotation, may be unset. A variable that is set but empty is a mistake that core.New reports, never an absent secret.
// The variables' names are the labels.
func FromEnv(required string, optional ...string) Source {
	var secrets []Secret
	text, ok := os.LookupEnv(required)
	if !ok {
		return &staticSecrets{err: fmt.Errorf("the environment variable %s is not set", required)}
	}
	secrets = append(secrets, New(required, text))
	for _, name := range optional {
		if text, ok := os.LookupEnv(name); ok {
			secrets = append(secrets, New(name, text))
		}
	}
	return &staticSecrets{list: NewList(secrets...)}
}
