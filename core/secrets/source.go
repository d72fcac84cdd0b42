package secrets

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// MaxSecrets is how many secrets one lookup may return. Each one costs a hash of the body for every delivery.
const MaxSecrets = 32

// List is an immutable list of accepted secrets. A source that reloads returns a new list. Guards distinguish the two
// by
// their addresses.
type List struct {
	secrets []Secret
	fault   *atomic.Pointer[Fault] // why its source could not renew it; holding nil: it is the newest
}

// Fault says why a source could not look its secrets up again. Its fields must not be changed: guards share it.
type Fault struct {
	Err      error
	Since    time.Time // the first of the failures in a row
	reported time.Time // when this Fault was made, for the pace of the next one
}

// NewList makes a list. It does not validate the secrets: only the guard's provider knows how long they have to be.
func NewList(secrets ...Secret) *List {
	list := &List{secrets: append([]Secret(nil), secrets...), fault: &atomic.Pointer[Fault]{}}
	for i := range list.secrets {
		if list.secrets[i].label == "" {
			list.secrets[i].label = fmt.Sprintf("#%d", i+1)
		}
	}
	return list
}

// Fault returns why the source of the list could not renew it. It returns nil where the list is the newest. Guards
// report it.
func (l *List) Fault() *Fault {
	if l == nil || l.fault == nil {
		return nil
	}
	return l.fault.Load()
}

// All returns a copy of the secrets of the list, in their order. A nil list has none.
func (l *List) All() []Secret {
	if l == nil {
		return nil
	}
	return slices.Clone(l.secrets)
}

// Len returns how many secrets the list holds. A nil list has none.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.secrets)
}

// Source returns the secrets accepted now. Guards call it for every delivery, so it must answer from memory: a source
// that reads files or calls a secret manager caches. It must be safe for concurrent use.
type Source interface {
	// Lookup returns the list for the tenant, which is "" for an endpoint without tenants. While nothing changed it
	// must return the same pointer. A new list takes effect at once if the guard's rules accept all of it. If they do
	// not, the last good list stays in force, and the log, the records and the health report it.
	//
	// An error means that no list is available. The delivery is then answered 503, which fails closed. An error that
	// matches ErrUnknownTenant is refused like a forged delivery instead.
	Lookup(ctx context.Context, tenant string) (*List, error)
}

// staticSecrets is a source that never changes. Where err is set, every Lookup returns it, and core.New refuses.
type staticSecrets struct {
	list *List
	err  error
}

// Lookup returns the same list each time.
func (s *staticSecrets) Lookup(context.Context, string) (*List, error) { return s.list, s.err }

// Static returns a fixed list of secrets as the provider's dashboard shows them. A delivery signed with any of them is
// accepted; during a rotation the list holds the new one and the old one. Labels are positions: "#1", "#2".
func Static(texts ...string) Source {
	secrets := make([]Secret, len(texts))
	for i, t := range texts {
		secrets[i] = New("", t)
	}
	return &staticSecrets{list: NewList(secrets...)}
}

// Labeled returns a fixed list of secrets with labels and times of validity.
func Labeled(secrets ...Secret) Source {
	return &staticSecrets{list: NewList(secrets...)}
}

// FromEnv reads secrets from environment variables, once, now. The first variable must be set. The optional ones, for
// rotation, may be unset. A variable that is set but empty fails closed: core.New reports it as a mistake and does not
// treat it as unset. The variables' names are the labels.
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
