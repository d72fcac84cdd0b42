package origin_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/origin"
)

func TestPrefixesAreReadStrictly(t *testing.T) {
	got, err := origin.ParsePrefixes("10.0.0.0/8, 203.0.113.7\n::ffff:192.0.2.1\t::ffff:198.51.100.0/120,, 2001:db8::/32")
	require.NoError(t, err)
	want := []string{"10.0.0.0/8", "203.0.113.7/32", "192.0.2.1/32", "198.51.100.0/24", "2001:db8::/32"}
	require.Len(t, got, len(want))
	for i, w := range want {
		require.Equal(t, netip.MustParsePrefix(w), got[i])
	}
	for text, problem := range map[string]string{
		"10.0.0":        "neither an address nor a prefix",
		"10.0.0.0/33":   "neither an address nor a prefix",
		"fe80::1%eth0":  "neither an address nor a prefix",
		"10.1.2.3/8":    "write 10.0.0.0/8",
		"::ffff:0:0/95": "has bits set beyond the prefix", // it would hold all of IPv4 and more
	} {
		_, err := origin.ParsePrefixes(text)
		require.ErrorContains(t, err, problem, text)
	}
}
