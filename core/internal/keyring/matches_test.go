package keyring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
)

// A delivery is one of each list, however many of its secrets proved parts of it.
func TestADeliveryCountsOnceForEachList(t *testing.T) {
	t.Parallel()
	now := time.Now()
	require.Equal(t, []int64{1}, keyring.CountMatches(now, 0, 0))
	require.Equal(t, []int64{1, 1, 1}, keyring.CountMatches(now, 0, 1, 2, 2),
		"with more of them than a delivery usually has")
	require.Equal(t, []int64{1, 1}, keyring.CountMatches(now, 0, 1, 0, 1, 0))
}
