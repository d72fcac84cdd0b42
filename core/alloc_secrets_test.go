//go:build !race

package core_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

func TestASourceThatIsFollowedAllocatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hook")
	write(t, path, oldSecret+"\n"+testSecret)
	fetch := func(context.Context, string) ([]secrets.Secret, error) {
		return []secrets.Secret{secrets.New("", testSecret)}, nil
	}
	soon := secrets.Labeled(secrets.New("ends", testSecret).ValidUntil(testTime.Add(time.Hour)))
	byTenant := secrets.ByTenant(map[string]secrets.Source{"acme": secrets.Static(testSecret)})
	for _, row := range []struct {
		name, tenant string
		src          secrets.Source
	}{
		{"files", "", secrets.FromFiles(path)},
		{"a function", "", secrets.FromFunc(fetch, time.Hour)},
		{"a secret whose end is near", "", soon},
		{"a tenant", "acme", byTenant},
		{"a tenant of a function", "acme", secrets.FromFunc(fetch, time.Hour)},
	} {
		c, _ := config(timestamped())
		c.Secrets = row.src
		if row.tenant != "" {
			c.Tenant = core.TenantFromHeader("X-Tenant")
		}
		g := mustNew(t, c)
		r, raw := signed(event), []byte(event)
		require.True(t, g.VerifyAndCount(r, row.tenant, raw, testTime), row.name)
		require.Zero(t, testing.AllocsPerRun(100, func() { g.VerifyAndCount(r, row.tenant, raw, testTime) }), row.name)
	}
}
