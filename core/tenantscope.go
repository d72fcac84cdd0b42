package core

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
)

// tenantCase remembers that a source of secrets tells the cases of letters apart, for as long as tenantCasePause.
type tenantCase struct {
	exactUntil atomic.Int64 // in nanoseconds since 1970
}

// tenantCasePause is short, because a tenant that was new just then may have looked like a stranger.
const tenantCasePause = time.Minute

// tenantScope is a tenant's key as it is part of identities. Where a source of secrets takes a key in any case, as
// databases compare text by default, "acme" and "ACME" are one tenant, and whoever captured a delivery could send it
// again under each spelling. Such a key counts in lower case. Whether it is one is asked of the source, after the
// proof: it is if both spellings have a secret in common. It fails closed: while the source does not answer, nothing is
// remembered under a spelling that may be somebody's own.
func (g *Guard) tenantScope(ctx context.Context, tenant string, now time.Time) (string, error) {
	lower := strings.ToLower(tenant)
	if lower == tenant || now.UnixNano() < g.tenantCase.exactUntil.Load() {
		return tenant, nil
	}
	same := false
	for _, k := range g.rings {
		if !k.Proves() || !k.ByTenant() {
			continue
		}
		var err error
		if same, err = k.SameTenant(ctx, tenant, lower); err != nil {
			return "", err
		}
		if !same {
			break
		}
	}
	if !same {
		g.tenantCase.exactUntil.Store(now.Add(tenantCasePause).UnixNano())
		return tenant, nil
	}
	return lower, nil
}

// enterScope finds what the tenant's identities are remembered under, for a delivery that was proved.
func (g *Guard) enterScope(ctx context.Context, i *inspection) fault.Failure {
	if !g.tenant.set {
		return fault.Failure{}
	}
	var err error
	if i.scope, err = g.tenantScope(ctx, i.tenant, i.now); err != nil {
		return keyring.Unavailable(err)
	}
	return fault.Failure{}
}
