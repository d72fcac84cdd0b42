package core_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// lenient gives acme's secret for its key in any case, as a database does that compares text without case.
func lenient(_ context.Context, tenant string) ([]secrets.Secret, error) {
	if strings.EqualFold(tenant, "Acme") {
		return []secrets.Secret{secrets.New("a", acmeSecret)}, nil
	}
	return nil, secrets.ErrUnknownTenant
}

func TestATenantsKeyInAnotherCaseMakesNoSecondEvent(t *testing.T) {
	t.Parallel()
	for _, registered := range []string{"acme", "Acme"} {
		c, rec := tenantConfig(timestamped())
		c.Secrets = secrets.FromFunc(lenient, time.Minute)
		g := mustNew(t, c)
		run(g, of(registered, acmeSecret, event), func(_ context.Context, e core.Event) error {
			require.Equal(t, registered, e.Tenant, "as it came")
			return nil
		})
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
		for _, encoded := range []string{"acme", "ACME", "aCme", registered} {
			run(g, of(encoded, acmeSecret, event), never(t))
			require.Equal(t, reason.Duplicate, rec.last(t, g).Reason, encoded)
		}
		id, err := g.IdentityOf(t.Context(), registered, "evt_1")
		require.NoError(t, err)
		require.NoError(t, g.Forget(t.Context(), id))
		run(g, of(registered, acmeSecret, event), ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason, "forgotten under its own form")
	}
}

func TestTheAppsIdentitySeesOneFormOfATenant(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	c.Secrets = secrets.FromFunc(lenient, time.Minute)
	c.Identity = func(e core.Event) string { return e.Tenant + ":" + e.ID }
	g := mustNew(t, c)
	run(g, of("Acme", acmeSecret, event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	run(g, of("ACME", acmeSecret, event), never(t))
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
}

func TestTenantsWhoseKeysDifferInCaseAreTwo(t *testing.T) {
	t.Parallel()
	exact := map[string]string{"aB": acmeSecret, "ab": globexSecret, "Cd": acmeSecret + "!"}
	c, rec := tenantConfig(timestamped())
	c.Secrets = secrets.FromFunc(func(_ context.Context, tenant string) ([]secrets.Secret, error) {
		if secret := exact[tenant]; secret != "" {
			return []secrets.Secret{secrets.New("a", secret)}, nil
		}
		return nil, secrets.ErrUnknownTenant
	}, time.Minute)
	g := mustNew(t, c)
	for tenant, secret := range exact {
		run(g, of(tenant, secret, event), ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason, tenant)
		run(g, of(tenant, secret, event), never(t))
		require.Equal(t, reason.Duplicate, rec.last(t, g).Reason, tenant)
	}
}

func TestATenantWhoseFormCannotBeCheckedIsAskedToComeBack(t *testing.T) {
	t.Parallel()
	down := true
	c, rec := tenantConfig(timestamped())
	c.Secrets = spelledSource(func(ctx context.Context, tenant string) (*secrets.List, error) {
		if down && tenant == "acme" {
			return nil, errors.New("the database does not answer")
		}
		accepted, err := lenient(ctx, tenant)
		return secrets.NewList(accepted...), err
	})
	g := mustNew(t, c)
	require.Equal(t, http.StatusServiceUnavailable, run(g, of("ACME", acmeSecret, event), never(t)).Code)
	down = false
	run(g, of("ACME", acmeSecret, event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

type spelledSource func(context.Context, string) (*secrets.List, error)

func (f spelledSource) Lookup(ctx context.Context, tenant string) (*secrets.List, error) {
	return f(ctx, tenant)
}
