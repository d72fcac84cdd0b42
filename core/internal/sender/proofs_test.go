package sender_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

func TestAProofHoldsForADay(t *testing.T) {
	t.Parallel()
	var p sender.Proofs
	source, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1772366400, 0)
	require.False(t, p.Has(source, now))
	p.Add(source, now)
	p.Add(source, now.Add(59*time.Minute)) // not noted: not every delivery has to write
	require.True(t, p.Has(source, now.Add(24*time.Hour-1)))
	require.False(t, p.Has(source, now.Add(24*time.Hour)))
	p.Add(source, now.Add(time.Hour))
	require.True(t, p.Has(source, now.Add(24*time.Hour)))
	require.False(t, p.Has(netip.MustParseAddr("192.0.2.2"), now))
}

func TestTheOldestProofMakesWay(t *testing.T) {
	t.Parallel()
	const most = 4096
	var p sender.Proofs
	now := time.Unix(1772366400, 0)
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }
	for n := range most + 1 {
		p.Add(addr(n), now.Add(time.Duration(n)*time.Second))
	}
	require.False(t, p.Has(addr(0), now.Add(most*time.Second)))
	require.True(t, p.Has(addr(1), now.Add(most*time.Second)))
	require.True(t, p.Has(addr(most), now.Add(most*time.Second)))
}

func TestASenderIsANetwork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"192.0.2.1":            {"192.0.2.1", "192.0.2.1"},
		"2001:db8:1:2:3:4:5:6": {"2001:db8:1:2::", "2001:db8:1::"},
		"2001:db8:1:ffff::1":   {"2001:db8:1:ffff::", "2001:db8:1::"},
	} {
		addr := netip.MustParseAddr(text)
		require.Equal(t, netip.MustParseAddr(want[0]), sender.Key(addr), text)
		require.Equal(t, netip.MustParseAddr(want[1]), sender.Network(addr), text)
	}
	require.False(t, sender.Key(netip.Addr{}).IsValid())
	require.Equal(t, sender.Sender{}, sender.From(t.Context()))
	s := sender.Sender{Source: netip.MustParseAddr("192.0.2.1"), Proved: true}
	require.Equal(t, s, sender.From(sender.With(t.Context(), s)))
}
