package origin_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/origin"
)

func TestAPeerIsReadAsNetHTTPWritesIt(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:1234":          "192.0.2.1",
		"0.0.0.0:0":               "0.0.0.0",
		"255.255.255.255:65535":   "255.255.255.255",
		"[2001:db8::1]:1234":      "2001:db8::1",
		"[::ffff:192.0.2.1]:1234": "192.0.2.1",
		"[fe80::1%eth0]:1234":     "fe80::1",
		"":                        "",
		"192.0.2.1":               "",
		"192.0.2.1:":              "",
		"192.0.2.1:123456":        "",
		"192.0.2.1:12a":           "",
		"192.0.2.01:1234":         "",
		"192.0.2.256:1234":        "",
		"192.0.2.1000:1234":       "",
		"192.0.2.1.1:1234":        "",
		"192.0.2:1234":            "",
		"192.0..1:1234":           "",
		" 192.0.2.1:1234":         "",
		"192.0.2.1:1234:5":        "",
		"[192.0.2.1]:1234":        "",
		"2001:db8::1:1234":        "",
		"localhost:1234":          "",
	} {
		addr, _ := netip.ParseAddr(want)
		require.Equal(t, addr, origin.PeerOf(remote), remote)
	}
}

// FuzzIPv4Peer: what the short way accepts is exactly what the general parser makes of it.
func FuzzIPv4Peer(f *testing.F) {
	for _, text := range []string{"192.0.2.1:80", "0.0.0.0:1", "01.2.3.4:5", "256.1.1.1:1", "1.2.3.4:", "1.2.3.4:99999",
		"[::1]:80", "1.2.3.4.5:6", "1.2.3:4"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := origin.IPv4Peer(text)
		if !ok {
			return
		}
		want, err := netip.ParseAddr(text[:strings.LastIndexByte(text, ':')])
		if err != nil || want != got {
			t.Fatalf("%q became %v, and is %v (%v)", text, got, want, err)
		}
	})
}
