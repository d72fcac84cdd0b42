package core

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/secrets"
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
		if !k.proves() || !k.byTenant() {
			continue
		}
		var err error
		if same, err = k.sameTenant(ctx, tenant, lower); err != nil {
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
		return noSecrets(err)
	}
	return fault.Failure{}
}

// sameTenant reports whether two keys have a secret in common. A source that lists its tenants knows them by their
// exact keys.
func (k *keyring[T]) sameTenant(ctx context.Context, a, b string) (bool, error) {
	if _, exact := secrets.TenantsOf(k.source); exact {
		return false, nil
	}
	one, err := lookupNow(ctx, k.source, a)
	if err != nil {
		return false, unlessUnknown(err)
	}
	other, err := lookupNow(ctx, k.source, b)
	if err != nil {
		return false, unlessUnknown(err)
	}
	same, others := 0, other.All()
	for _, mine := range one.All() {
		for i := range others {
			same |= subtle.ConstantTimeCompare([]byte(mine.DangerouslyReveal()), []byte(others[i].DangerouslyReveal()))
		}
	}
	return same == 1, nil
}

func unlessUnknown(err error) error {
	if errors.Is(err, secrets.ErrUnknownTenant) {
		return nil
	}
	return err
}
