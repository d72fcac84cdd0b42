package origin_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/origin"
)

func TestForwardedIsReadByItsGrammar(t *testing.T) {
	t.Parallel()
	type hops = [][2]string
	good := map[string]hops{
		`for=192.0.2.60;proto=http;by=203.0.113.43`:         {{"192.0.2.60", "http"}},
		`For="[2001:db8:cafe::17]:4711"`:                    {{"[2001:db8:cafe::17]:4711", ""}},
		`for=192.0.2.43, for="[2001:db8:cafe::17]"`:         {{"192.0.2.43", ""}, {"[2001:db8:cafe::17]", ""}},
		`FOR=192.0.2.43;PROTO=HTTPS`:                        {{"192.0.2.43", "HTTPS"}},
		`for=unknown;proto=https`:                           {{"unknown", "https"}},
		`for=_hidden, for=_SEVKISEK`:                        {{"_hidden", ""}, {"_SEVKISEK", ""}},
		`for="_gazonk:_port.1"`:                             {{"_gazonk:_port.1", ""}},
		`for="192.0.2.43:47011"`:                            {{"192.0.2.43:47011", ""}},
		`proto="ht\tps"`:                                    {{"", "https"}},
		`for=192.0.2.1;host="a,b;for=6.6.6.6";ext=1`:        {{"192.0.2.1", ""}},
		`for=192.0.2.1;;proto=https;`:                       {{"192.0.2.1", "https"}},
		"for=192.0.2.1 \t,\tfor=192.0.2.2":                  {{"192.0.2.1", ""}, {"192.0.2.2", ""}},
		`for=192.0.2.1;host="\",for=6.6.6.6"`:               {{"192.0.2.1", ""}},
		strings.Repeat("for=192.0.2.1,", 15) + "proto=http": append(hopsOf(15, "192.0.2.1"), [2]string{"", "http"}),
	}
	for line, want := range good {
		got, ok := origin.ParseForwarded(line)
		require.True(t, ok, line)
		require.Equal(t, want, got, line)
	}
	lines, ok := origin.ParseForwarded("for=192.0.2.1", "for=192.0.2.2;proto=https")
	require.True(t, ok)
	require.Equal(t, hops{{"192.0.2.1", ""}, {"192.0.2.2", "https"}}, lines)
	for _, line := range []string{
		``, ` `, `,`, `for=192.0.2.1,`, `,for=192.0.2.1`, `for=192.0.2.1,,for=192.0.2.2`, `;`, `for`, `for=`,
		`=192.0.2.1`,
		`for = 192.0.2.1`, `for= 192.0.2.1`, `for=192.0.2.1; proto=https`, `for=192.0.2.1 proto=https`,
		`for=192.0.2.1;for=192.0.2.2`, `proto=http;Proto=https`, `by=a;by=b`, `host=a;host=b`,
		`for=192.0.2.43:80`, `for=[2001:db8::1]`, `for=2001:db8::1`, `for="2001:db8::1"`, `for="[192.0.2.1]"`,
		`for="[fe80::1%25eth0]"`, `for="[fe80::1%eth0]"`, `for="[2001:db8::1]x"`, `for="[2001:db8::1"`,
		`for="192.0.2.1:"`, `for="192.0.2.1:123456"`,
		`for="192.0.2.1:80:80"`, `for=192.0.2`, `for=192.0.2.01`, `for=0xc0000201`, `for=hidden`, `for=_`, `for="_a b"`,
		`for=example.com`,
		`for="192.0.2.1`, `for="192.0.2.1\"`, `for="`, `host="` + "\x00" + `"`, `host="` + "\x7f" + `"`,
		"host=\"a\\\n\"", `host="a"b`,
		"for=192.0.2.1\r\n", `for="unknown:port"`,
		strings.Repeat("for=192.0.2.1,", 16) + "for=192.0.2.1",
		"host=" + strings.Repeat("a", 9<<10),
	} {
		_, ok := origin.ParseForwarded(line)
		require.False(t, ok, line)
	}
}

func hopsOf(n int, node string) (out [][2]string) {
	for range n {
		out = append(out, [2]string{node, ""})
	}
	return out
}

func TestAHopIsAnAddressOrGarbage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "2001:db8::1": "2001:db8::1",
		"[2001:db8::1]":     "2001:db8::1",
		"[2001:db8::1]:443": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "[::ffff:192.0.2.1]:9": "192.0.2.1",
		"fe80::1%eth0": "fe80::1", "[fe80::1%eth0]:1": "fe80::1",
	} {
		got, ok := origin.HopAddr(text)
		require.True(t, ok, text)
		require.Equal(t, netip.MustParseAddr(want), got, text)
	}
	for _, text := range []string{
		"", "unknown", "_hidden", "192.0.2.01", "192.0.2", "192.0.2.1.", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1/32",
		"0x7f.1", "127.1", "3221225985",
		"[192.0.2.1]", "[2001:db8::1", "2001:db8::1]", "192.0.2.1 192.0.2.2", "example.com", "192.0.2.1%eth0", "[]",
		"[]:80", "\"192.0.2.1\"", "1.2.3.4\x00",
	} {
		_, ok := origin.HopAddr(text)
		require.False(t, ok, text)
	}
}

// FuzzForwarded: the parser never panics; what it accepts has no more hops than a chain may have; and what it accepted
// means the same with another hop after it, whatever the sender wrote.
func FuzzForwarded(f *testing.F) {
	for _, line := range []string{`for=192.0.2.60;proto=http;by=203.0.113.43`, `for="[2001:db8::1]:_p", proto="ht\"tp"`,
		`for="`, `,;=\"`, `for=_x;host="a,b"`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		hops, ok := origin.ParseForwarded(line)
		if len(hops) > 16 {
			t.Fatalf("%d hops", len(hops))
		}
		// What a proxy appends is either read as it wrote it, or the whole header is refused: an open quote of the
		// sender's must not swallow it.
		for _, appended := range [][]string{{line + ", for=198.51.100.9;proto=http"},
			{line, "for=198.51.100.9;proto=http"}} {
			more, moreOK := origin.ParseForwarded(appended...)
			if moreOK && (more[len(more)-1] != [2]string{"198.51.100.9", "http"}) {
				t.Fatalf("the last hop of %q reads %q", appended, more)
			}
			if ok && len(hops) < 16 && len(line) < 8000 && (!moreOK || len(more) != len(hops)+1) {
				t.Fatalf("%q is read alone and not with a hop after it", line)
			}
		}
	})
}

// FuzzHopAddr: what is read as an address is one, unmapped and without a zone.
func FuzzHopAddr(f *testing.F) {
	for _, text := range []string{"192.0.2.1", "[2001:db8::1]:443", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.4:5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, ok := origin.HopAddr(text)
		if ok && (!addr.IsValid() || addr.Is4In6() || addr.Zone() != "") {
			t.Fatalf("%q is %v", text, addr)
		}
		requirePeerOfNetIP(t, text)
	})
}

// requirePeerOfNetIP requires that a peer is read as package netip reads it. What the port is, which nobody asks for,
// is all that may differ.
func requirePeerOfNetIP(t *testing.T, remote string) {
	t.Helper()
	want, err := netip.ParseAddrPort(remote)
	got := origin.PeerOf(remote)
	if err != nil && got.IsValid() {
		want, err = netip.ParseAddrPort(remote[:strings.LastIndexByte(remote, ':')] + ":1")
		require.NoError(t, err, "%q", remote)
	}
	if err == nil {
		require.Equal(t, want.Addr().Unmap().WithZone(""), got, "%q", remote)
	}
}

func TestAPeerIsReadAsPackageNetIPDoes(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"192.0.2.1", "[192.0.2.1]", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1", "2001:db8::1]", "[[2001:db8::1]]",
		"::ffff:192.0.2.1", "[::ffff:192.0.2.1]",
		"[fe80::1%eth0]", "fe80::1%eth0", "[]", "", "[", "]", "192.0.2.01", "192.0.2.1.", "192.0.2.1:1",
		"[2001:db8::1]:1", "hooks.example.com", "@", "1", "::",
	} {
		for _, port := range []string{"", ":", ":0", ":1", ":65535", ":65536", ":99999", ":100000", ":-1", ":+1", ":a",
			": 1", ":1 ", ":1]", ":00001"} {
			requirePeerOfNetIP(t, host+port)
		}
	}
	require.True(t, origin.PeerOf("192.0.2.1:4711").IsValid())
	require.True(t, origin.PeerOf("[2001:db8::1]:4711").IsValid())
	require.False(t, origin.PeerOf("2001:db8::1:4711").IsValid())
	require.False(t, origin.PeerOf("192.0.2.1").IsValid())
}
