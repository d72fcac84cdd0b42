package replay_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

func TestNamespaces(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "7", "billing", "billing-eu.prod_2", strings.Repeat("a", 64)} {
		require.NoError(t, replay.CheckNamespace(good), good)
	}
	for _, bad := range []string{
		"", " ", "Billing", "a b", "a:b", "a/b", "a'b", "a\"b", "a\x00", "a\n", "ä",
		"{a}", "a*", ".a", "-a", "_a", "a,b",
		strings.Repeat("a", 65),
	} {
		err := replay.CheckNamespace(bad)
		require.ErrorContains(t, err, "the namespace", bad)
		require.Less(t, len(err.Error()), 300)
	}
}
