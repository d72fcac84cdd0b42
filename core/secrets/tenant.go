package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

type tenantSecrets map[string]Source

// ByTenant gives each tenant a source of its own: the keys are those that core.Config.Tenant finds in requests.
// core.New validates all of them. A tenant that is not in the map is unknown.
func ByTenant(sources map[string]Source) Source {
	return tenantSecrets(maps.Clone(sources))
}

// Lookup asks the tenant's own source.
func (t tenantSecrets) Lookup(ctx context.Context, tenant string) (*List, error) {
	src := t[tenant]
	if src == nil {
		return nil, fmt.Errorf("%w: it is not among ByTenant", ErrUnknownTenant)
	}
	return src.Lookup(ctx, tenant)
}

func (t tenantSecrets) tenants() []string { return slices.Sorted(maps.Keys(t)) }

// fetch reports whether any of the sources may ask others for what it gives.
func (t tenantSecrets) fetch() bool {
	for _, src := range t {
		if !SameForAll(src) {
			return true
		}
	}
	return false
}

// Format shows how many there are, whatever the verb.
func (t tenantSecrets) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "secrets.ByTenant(%d)", len(t))
}

// listsTenants is a source that knows all of its tenants.
type listsTenants interface{ tenants() []string }

// TenantsOf returns the tenants of a source that knows all of them; ok is false for any other source.
func TenantsOf(src Source) (tenants []string, ok bool) {
	l, ok := src.(listsTenants)
	if !ok {
		return nil, false
	}
	return l.tenants(), true
}

// sameForAll is a source that does not look at the tenant.
type sameForAll interface{ sameForAll() }

// SameForAll reports whether a source gives every tenant the same secrets.
func SameForAll(src Source) bool {
	_, same := src.(sameForAll)
	return same
}

func (*staticSecrets) sameForAll() {}

// Fetches reports whether a look-up of a tenant may ask somebody else, and so may take time.
func Fetches(src Source) bool {
	tenants, ok := src.(tenantSecrets)
	return !ok || tenants.fetch()
}

// ErrUnknownTenant is what a [Source] returns, or wraps, for a tenant that it does not know. The delivery is
// refused as a forged one is, at the same cost, so that nobody learns who is a tenant.
var ErrUnknownTenant = errors.New("sallyport: the tenant is unknown")
