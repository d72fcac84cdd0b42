//go:build !race

package core_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

func TestASourceThatIsFollowedAllocatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hook")
	write(t, path, oldSecret+"\n"+testSecret)
	fetch := func(context.Context, string) ([]core.Secret, error) {
		return []core.Secret{core.NewSecret("", testSecret)}, nil
	}
	soon := core.LabeledSecrets(core.NewSecret("ends", testSecret).ValidUntil(testTime.Add(time.Hour)))
	byTenant := core.SecretsByTenant(map[string]core.SecretSource{"acme": core.StaticSecrets(testSecret)})
	for _, row := range []struct {
		name, tenant string
		src          core.SecretSource
	}{
		{"files", "", core.SecretsFromFiles(path)},
		{"a function", "", core.SecretsFunc(fetch, time.Hour)},
		{"a secret whose end is near", "", soon},
		{"a tenant", "acme", byTenant},
		{"a tenant of a function", "acme", core.SecretsFunc(fetch, time.Hour)},
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
