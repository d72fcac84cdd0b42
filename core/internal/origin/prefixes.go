package origin

import (
	"fmt"
	"net/netip"
	"strings"
)

// ParsePrefixes reads a list of addresses and prefixes, separated by commas or spaces. IPv4 addresses written in IPv6
// are unmapped; zones are refused.
func ParsePrefixes(list string) ([]netip.Prefix, error) {
	fields := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
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
			// At least 96 bits: a shorter prefix would cut bits of the address off, which is refused above.
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		out = append(out, p)
	}
	return out, nil
}
