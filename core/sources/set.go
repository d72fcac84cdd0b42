package sources

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Source returns the addresses that a provider sends from. Guards call it for every request before anything is proved,
// so it must answer from memory. It must be safe for concurrent use. core.Networks is a fixed list. A [List] follows a
// document that the provider publishes.
type Source interface {
	// Sources returns the addresses allowed now. While nothing changed it returns the same pointer. An error means that
	// no list is available. That fails closed: the request is answered 503.
	Sources(ctx context.Context) (*Set, error)
}

// Set is an immutable set of addresses. A nil set and the zero value are empty. A look-up is a binary search, so a long
// list is not expensive.
type Set struct {
	ranges []addrRange // sorted; they neither overlap nor touch
}

// addrRange is a range of addresses of one family. Both ends belong to it.
type addrRange struct{ from, to netip.Addr }

// NewSet makes a set. It fails closed on an empty list, and on one that holds every IPv4 or every IPv6 address, in one
// prefix or in several. Both are the result of a mistake further up.
func NewSet(prefixes ...netip.Prefix) (*Set, error) {
	if len(prefixes) == 0 {
		return nil, errors.New("the list of addresses is empty: every delivery would be refused")
	}
	all := make([]addrRange, 0, len(prefixes))
	for _, p := range prefixes {
		if !p.IsValid() {
			return nil, errors.New("the list holds an invalid prefix")
		}
		if p.Addr().Is4In6() {
			if p.Bits() < 96 {
				return nil, fmt.Errorf("%s mixes IPv4 and IPv6; write the IPv4 prefix", p)
			}
			// ::ffff:0:0/96 is where IPv6 maps IPv4 (RFC 4291, section 2.5.5.2). Contains unmaps addresses as well.
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		p = p.Masked()
		all = append(all, addrRange{p.Addr(), lastOf(p)})
	}
	slices.SortFunc(all, func(a, b addrRange) int { return a.from.Compare(b.from) })
	merged := all[:1]
	for _, r := range all[1:] {
		last := &merged[len(merged)-1]
		switch {
		// Next of the very last address is the invalid Addr, which equals no from.
		case r.from.Is4() == last.to.Is4() && (r.from.Compare(last.to) <= 0 || r.from == last.to.Next()):
			if last.to.Less(r.to) {
				last.to = r.to
			}
		default:
			merged = append(merged, r)
		}
	}
	for _, r := range merged {
		if !r.from.Prev().IsValid() && !r.to.Next().IsValid() {
			return nil, errors.New("the list holds the whole internet: name the provider's networks, or configure no " +
				"sources")
		}
	}
	return &Set{ranges: slices.Clone(merged)}, nil
}

// lastOf returns the last address of a prefix: every bit behind the prefix is set.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// Contains reports whether the address is in the set. It fails closed: an invalid address never is, and a nil set holds
// no address. A zone ("fe80::1%eth0") is ignored, because it is local to this machine.
func (s *Set) Contains(addr netip.Addr) bool {
	if s == nil || !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("")
	// at is the first range that begins after the address. Only the range before it can hold the address.
	at, found := slices.BinarySearchFunc(s.ranges, addr,
		func(r addrRange, a netip.Addr) int { return r.from.Compare(a) })
	if found {
		return true
	}
	return at > 0 && s.ranges[at-1].from.Is4() == addr.Is4() && addr.Compare(s.ranges[at-1].to) <= 0
}
