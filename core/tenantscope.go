package core

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
)

// tenantCase remembers for tenantCasePause that a source of secrets distinguishes the cases of letters.
type tenantCase struct {
	exactUntil atomic.Int64 // in nanoseconds since 1970
}

// tenantCasePause is short, because a tenant that was new at that moment may have been unknown to the source.
const tenantCasePause = time.Minute

// tenantScope is a tenant's key as it is part of identities. Where a source of secrets takes a key in any case, as
// databases compare text by default, "acme" and "ACME" are one tenant, and whoever captured a delivery could send it
// again in each case. Such a key counts in lower case. Whether it is one is asked of the source, after the
// proof: it is if both forms have a secret in common. It fails closed: while the source does not answer, nothing is
// remembered under a key that may be another tenant's.
func (g *Guard) tenantScope(ctx context.Context, tenant string, now time.Time) (string, error) {
	lower := strings.ToLower(tenant)
	// The common case costs nothing: keys in lower case have one form only.
	if lower == tenant || now.UnixNano() < g.tenants.letters.exactUntil.Load() {
		return tenant, nil
	}
	same := false
	for _, k := range g.tenants.rings {
		if !k.Proves() || !k.ByTenant() {
			continue
		}
		var err error
		// Every list has to agree: one that distinguishes them makes them two tenants.
		if same, err = k.SameTenant(ctx, tenant, lower); err != nil {
			return "", err
		}
		if !same {
			break
		}
	}
	if !same {
		// Remembered for the whole source: a database compares all keys in the same way.
		g.tenants.letters.exactUntil.Store(now.Add(tenantCasePause).UnixNano())
		return tenant, nil
	}
	return lower, nil
}

// enterScope finds the scope of the tenant's identities, for a proved delivery.
func (g *Guard) enterScope(ctx context.Context, i *inspection) fault.Failure {
	if !g.tenants.key.set {
		return fault.Failure{}
	}
	var err error
	if i.scope, err = g.tenantScope(ctx, i.tenant, i.now); err != nil {
		return keyring.Unavailable(err)
	}
	return fault.Failure{}
}
