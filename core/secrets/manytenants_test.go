package secrets_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestALookUpTakesAsLongWithManyTenants asks what every delivery asks. If each looked at all tenants, it would take
// minutes, and an unverified sender could make a process with many tenants do nothing else.
func TestALookUpTakesAsLongWithManyTenants(t *testing.T) {
	t.Parallel()
	sources := map[string]secrets.Source{}
	for i := range 100_000 {
		sources["tenant-"+strconv.Itoa(i)] = secrets.Static("a-secret-of-a-tenant-that-is-long-enough")
	}
	src := secrets.ByTenant(sources)
	begin := time.Now()
	for i := range 100_000 {
		require.False(t, secrets.Fetches(src))
		require.True(t, secrets.ListsTenants(src))
		_, err := src.Lookup(context.Background(), "tenant-"+strconv.Itoa(i))
		require.NoError(t, err)
	}
	require.Less(t, time.Since(begin), 20*time.Second)
	sources["another"] = secrets.FromFunc(
		func(context.Context, string) ([]secrets.Secret, error) { return nil, nil }, time.Minute)
	require.False(t, secrets.Fetches(src), "it is a copy")
	require.True(t, secrets.Fetches(secrets.ByTenant(sources)), "one of them may take time")
}
