package core

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

type tenantSecrets map[string]SecretSource

// SecretsByTenant gives each tenant a source of its own: the keys are those that [Config.Tenant] finds in requests. [New]
// validates all of them. A tenant that is not in the map is unknown.
func SecretsByTenant(sources map[string]SecretSource) SecretSource {
	return tenantSecrets(maps.Clone(sources))
}

// Lookup asks the tenant's own source.
func (t tenantSecrets) Lookup(ctx context.Context, tenant string) (*SecretList, error) {
	src := t[tenant]
	if src == nil {
		return nil, fmt.Errorf("%w: it is not among SecretsByTenant", ErrUnknownTenant)
	}
	return src.Lookup(ctx, tenant)
}

func (t tenantSecrets) tenants() []string { return slices.Sorted(maps.Keys(t)) }

// fetch reports whether any of the sources may ask others for what it gives.
func (t tenantSecrets) fetch() bool {
	for _, src := range t {
		if _, same := src.(sameForAll); !same {
			return true
		}
	}
	return false
}

// Format shows how many there are, whatever the verb.
func (t tenantSecrets) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "sallyport.SecretsByTenant(%d)", len(t))
}

// listsTenants is a source that knows all of its tenants.
type listsTenants interface{ tenants() []string }

// tenantsOf returns the tenants of a source that knows all of them; ok is false for any other source.
func tenantsOf(src SecretSource) (tenants []string, ok bool) {
	l, ok := src.(listsTenants)
	if !ok {
		return nil, false
	}
	return l.tenants(), true
}

// sameForAll is a source that does not look at the tenant.
type sameForAll interface{ sameForAll() }

// isSameForAll reports whether a source gives every tenant the same secrets.
func isSameForAll(src SecretSource) bool {
	_, same := src.(sameForAll)
	return same
}

func (*staticSecrets) sameForAll() {}

// fetchesTenants reports whether a look-up of a tenant may ask somebody else, and so may take time.
func fetchesTenants(src SecretSource) bool {
	tenants, ok := src.(tenantSecrets)
	return !ok || tenants.fetch()
}
