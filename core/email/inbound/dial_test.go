package inbound_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/email/inbound"
)

// TestContentIsFetchedFromPublicAddresses: a pinned name may resolve to anything.
func TestContentIsFetchedFromPublicAddresses(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "")
	t.Setenv("https_proxy", "")
	for _, host := range []string{"localhost", "127.0.0.1", "169.254.169.254", "192.168.0.1"} {
		require.ErrorContains(t, (&inbound.Config{}).Fetch(t.Context(), "https://"+host+"/x", host),
			"not a public address", host)
	}
}
