package core

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/sallyport-go/sallyport/core/sources"
)

// Networks is a list of address prefixes, separated by commas or spaces: "10.0.0.0/8, 203.0.113.7". A single address is
// that one host. It is a string so that [PrivateNetworks] can be a constant.
type Networks string

// PrivateNetworks are the addresses that reverse proxies in front of an app usually have: loopback, the private
// ranges of RFC 1918 and RFC 4193, and link-local addresses. Trusting them is right where only your own proxies can
// reach the app's port from such an address.
const PrivateNetworks Networks = "127.0.0.0/8, ::1/128, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, " +
	"169.254.0.0/16, fc00::/7, fe80::/10"

// prefixes parses the list. IPv4 addresses written in IPv6 are unmapped; zones are refused.
func (n Networks) prefixes() ([]netip.Prefix, error) {
	fields := strings.FieldsFunc(string(n), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
	out := make([]netip.Prefix, 0, len(fields))
	for _, f := range fields {
		if !strings.Contains(f, "/") {
			addr, err := netip.ParseAddr(f)
			// Zones are refused: they name interfaces of one machine.
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%q is neither an address nor a prefix such as 10.0.0.0/8", f)
			}
			addr = addr.Unmap()
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(f)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a prefix such as 10.0.0.0/8", f)
		}
		if p != p.Masked() {
			// 10.1.2.3/8 is either a host with a wrong mask or a network with a stray host part: not ours to guess.
			return nil, fmt.Errorf("%q has bits set beyond the prefix; write %s, or a bare address for one host",
				f, p.Masked())
		}
		if p.Addr().Is4In6() {
			// Fails closed: such a prefix holds all of IPv4 and more.
			if p.Bits() < 96 {
				return nil, fmt.Errorf("%q mixes IPv4 and IPv6; write the IPv4 prefix", f)
			}
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		out = append(out, p)
	}
	return out, nil
}

// Sources makes a fixed list of the networks. [New] parses it once.
func (n Networks) Sources(context.Context) (*sources.Set, error) {
	prefixes, err := n.prefixes()
	if err != nil {
		return nil, err
	}
	return sources.NewSet(prefixes...)
}
