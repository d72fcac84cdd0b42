package secrets_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestADeliveryMakesNoListOfAllTenants asks what every delivery asks. If each made a list of all tenants, an unverified
// sender could make a process with many tenants do nothing else. "make bench" draws the time over their number.
func TestADeliveryMakesNoListOfAllTenants(t *testing.T) {
	sources := map[string]secrets.Source{}
	for i := range 1_000 {
		sources["tenant-"+strconv.Itoa(i)] = secrets.Static("a-secret-of-a-tenant-that-is-long-enough")
	}
	src := secrets.ByTenant(sources)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, err := src.Lookup(context.Background(), "tenant-7")
		if secrets.Fetches(src) || !secrets.ListsTenants(src) || err != nil {
			t.Error("another source")
		}
	}))
	sources["another"] = secrets.FromFunc(
		func(context.Context, string) ([]secrets.Secret, error) { return nil, nil }, time.Minute)
	require.False(t, secrets.Fetches(src), "it is a copy")
	require.True(t, secrets.Fetches(secrets.ByTenant(sources)), "one of them may take time")
}
