package keys_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func TestAddressesAreCheckedWhenTheyAreDialled(t *testing.T) {
	t.Parallel()
	refused := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1",
		"127.255.255.254",
		"168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
		"192.168.1.1",
		"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
		"255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe",
		"64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1",
		"fd00:ec2::254",
		"fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "4000::1", "5f00::1",
	}
	public := []string{
		"1.1.1.1", "9.9.9.9", "52.94.0.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1",
		"198.17.0.1",
		"::ffff:52.94.0.1", "64:ff9b::345e:1", "2600:1f00::1", "2a00:1450::1", "2001:4860::1",
	}
	control := keys.Dialer().Control
	for _, a := range refused {
		require.Error(t, control("tcp", net.JoinHostPort(a, "443"), nil), a)
	}
	for _, a := range public {
		require.NoError(t, control("tcp", net.JoinHostPort(a, "443"), nil), a)
	}
	require.Error(t, control("tcp", "nonsense", nil))

	allowing := keys.Dialer(prefixes("10.1.0.0/16", "fd00::/64")...).Control
	require.NoError(t, allowing("tcp", "10.1.2.3:443", nil))
	require.NoError(t, allowing("tcp", "[::ffff:10.1.2.3]:443", nil))
	require.NoError(t, allowing("tcp", "[fd00::1]:443", nil))
	require.Error(t, allowing("tcp", "10.2.2.3:443", nil))
	require.Error(t, allowing("tcp", "127.0.0.1:443", nil))
}

// nameServer answers every question for an A record with the next address, and for any other with nothing.
func nameServer(t *testing.T, next func() [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12
			for end < n && buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			end += 5 // the root label, type, class
			if end > n {
				continue
			}
			reply := append([]byte(nil), buf[:end]...)
			binary.BigEndian.PutUint16(reply[2:], 0x8180)
			clear(reply[6:12])
			if binary.BigEndian.Uint16(buf[end-4:]) == 1 {
				a := next()
				reply[7] = 1
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, a[0], a[1], a[2], a[3])
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestANameThatTurnsToAPrivateAddressIsNotConnectedTo(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = inner.Close() }()
	var connections, questions atomic.Int32
	go func() {
		for {
			c, err := inner.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = c.Close()
		}
	}()
	_, port, err := net.SplitHostPort(inner.Addr().String())
	require.NoError(t, err)
	// A checker that resolved the name itself would see the public address, and the dial behind it loopback.
	resolver := nameServer(t, func() [4]byte {
		if questions.Add(1) == 1 {
			return [4]byte{52, 94, 0, 1}
		}
		return [4]byte{127, 0, 0, 1}
	})
	addrs, err := resolver.LookupHost(t.Context(), "sns.eu-west-1.amazonaws.com")
	require.NoError(t, err)
	require.Equal(t, []string{"52.94.0.1"}, addrs)

	d := keys.Dialer()
	d.Resolver = resolver
	_, err = d.DialContext(t.Context(), "tcp", net.JoinHostPort("sns.eu-west-1.amazonaws.com", port))
	require.ErrorContains(t, err, "not a public address")
	require.Zero(t, connections.Load())

	d = keys.Dialer(prefixes("127.0.0.1/32")...)
	d.Resolver = resolver
	conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort("sns.eu-west-1.amazonaws.com", port))
	require.NoError(t, err, "the way is open but for the check")
	_ = conn.Close()
}

func TestTheDefaultTransportChecksAddressesAndUsesNoProxy(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer server.Close()
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs

	get := func(o keys.Options) error {
		transport := keys.DefaultTransport(o)
		require.Nil(t, transport.Proxy)
		require.True(t, transport.DisableCompression)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	require.ErrorContains(t, get(keys.Options{Roots: pool}), "not a public address")
	require.Zero(t, requests.Load())
	require.Error(t, get(keys.Options{AllowNetworks: prefixes("127.0.0.1/32")}),
		"its certificate is of no root of the system")
	require.Zero(t, requests.Load())
	require.NoError(t, get(keys.Options{Roots: pool, AllowNetworks: prefixes("127.0.0.1/32")}))
	require.EqualValues(t, 1, requests.Load())
}
