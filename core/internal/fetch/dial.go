package fetch

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Dialer returns a dialer that connects only to public addresses, and to those that are allowed. It fails closed on
// every other one: a name under an attacker's control could otherwise lead to the cloud's metadata service, or to a
// host of the internal network.
//
// The check runs for every address right before the connection, after the name was resolved. So it does not help an
// attacker if the name resolves to another address the second time.
func Dialer(timeout time.Duration, allowed []netip.Prefix) *net.Dialer {
	special := specialNetworks()
	return &net.Dialer{
		Timeout: timeout,
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("the address %q cannot be checked", address)
			}
			if addr := unmapped(to.Addr()); !inside(allowed, addr) && (addr.Zone() != "" || inside(special, addr)) {
				return fmt.Errorf("the name resolves to %v, which is not a public address; if that is right, add it "+
					"to AllowNetworks", addr)
			}
			return nil
		},
	}
}

// unmapped returns the IPv4 address inside an IPv4-mapped or a NAT64 address (RFC 6052), because that is where the
// connection goes. A NAT64 prefix that a network has chosen itself cannot be recognised.
func unmapped(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if netip.MustParsePrefix("64:ff9b::/96").Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

// inside reports whether one of the networks has the address. An address with a zone is in none.
func inside(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// specialNetworks returns the networks of the registries of special-purpose addresses (RFC 6890) that no provider
// serves from, and everything in IPv6 outside of global unicast.
//
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
func specialNetworks() []netip.Prefix {
	texts := []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4",
		"168.63.129.16/32", // the host agent of Azure: a public address that leads to the machine's own host

		"::/3", "4000::/2", "8000::/1", // all but 2000::/3
		"2001::/23",     // protocol assignments; Teredo embeds IPv4
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4 embeds IPv4
		"3fff::/20",     // documentation
	}
	networks := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		networks[i] = netip.MustParsePrefix(t)
	}
	return networks
}
