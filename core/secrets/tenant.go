package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// tenantSecrets is the source that ByTenant returns. It is a copy, so the caller's map may change later.
type tenantSecrets struct {
	sources map[string]Source
	fetch   bool // any of the sources may take time; static and file sources do not
}

// ByTenant returns a source that has one source for each tenant. The keys are those that core.Config.Tenant finds in
// requests. core.New validates all of them. A tenant that is not in the map is unknown.
func ByTenant(sources map[string]Source) Source {
	t := &tenantSecrets{sources: maps.Clone(sources)}
	for tenant, src := range t.sources {
		// A nil pointer or function would panic when it is looked up. It is not a source, so core.New refuses the map.
		if r := reflect.ValueOf(src); (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func) && r.IsNil() {
			t.sources[tenant] = nil
		}
	}
	// Once, because every delivery asks for it, and there may be a million tenants.
	for _, src := range t.sources {
		if !SameForAll(src) {
			t.fetch = true
			break
		}
	}
	return t
}

// Lookup returns the list of the tenant's own source. There is no default source, which fails closed: an invented
// tenant must not share the secrets of another.
func (t *tenantSecrets) Lookup(ctx context.Context, tenant string) (*List, error) {
	src := t.sources[tenant]
	if src == nil {
		return nil, fmt.Errorf("%w: it is not among ByTenant", ErrUnknownTenant)
	}
	return src.Lookup(ctx, tenant)
}

func (t *tenantSecrets) tenants() []string { return slices.Sorted(maps.Keys(t.sources)) }

// Format prints only the number of tenants, whatever the verb.
func (t *tenantSecrets) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "secrets.ByTenant(%d)", len(t.sources))
}

// listsTenants is implemented by sources that know all of their tenants. It is unexported: a tenant list from outside
// could not be trusted to be complete.
type listsTenants interface{ tenants() []string }

// TenantsOf returns the tenants of a source that knows all of them; ok is false for any other source.
func TenantsOf(src Source) (tenants []string, ok bool) {
	l, ok := src.(listsTenants)
	if !ok {
		return nil, false
	}
	return l.tenants(), true
}

// ListsTenants reports whether a source knows all of its tenants, without making the list.
func ListsTenants(src Source) bool {
	_, ok := src.(listsTenants)
	return ok
}

// sameForAll is implemented by sources that ignore the tenant.
type sameForAll interface{ sameForAll() }

// SameForAll reports whether a source gives every tenant the same secrets.
func SameForAll(src Source) bool {
	_, same := src.(sameForAll)
	return same
}

func (*staticSecrets) sameForAll() {}

// Fetches reports whether a look-up of a tenant may call out of the process, and so may take time. Only a map of
// tenants is known not to: every other kind of source counts as one that does.
func Fetches(src Source) bool {
	tenants, ok := src.(*tenantSecrets)
	return !ok || tenants.fetch
}

// ErrUnknownTenant is the error that a [Source] returns, or wraps, for a tenant that it does not know. It fails closed:
// the delivery is refused as a forged one is, at the same cost. So an attacker cannot find out which tenants exist.
var ErrUnknownTenant = errors.New("sallyport: the tenant is unknown")
