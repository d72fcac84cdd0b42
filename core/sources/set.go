package sources

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Source gives the addresses a provider sends from. It is asked on every request before anything is proved and must
// answer from memory. It must be safe for concurrent use. core.Networks is a fixed list; [Follow] and its kin follow
// a provider's published document.
type Source interface {
	// Sources returns the addresses allowed now. While nothing changed it returns the same pointer. An error means that
	// no list is known: the request is answered 503.
	Sources(ctx context.Context) (*Set, error)
}

// Set is an immutable set of addresses. Looking one up costs little however many prefixes it was made of.
type Set struct {
	ranges []addrRange // sorted, apart from each other
}

type addrRange struct{ from, to netip.Addr }

// NewSet makes a set. It refuses an empty list and one that holds every IPv4 or every IPv6 address, in one prefix
// or in several: either says that something upstream went wrong.
func NewSet(prefixes ...netip.Prefix) (*Set, error) {
	if len(prefixes) == 0 {
		return nil, errors.New("the list of addresses is empty: nobody could send anything")
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
		// Next of the last address there is is invalid, and before every other.
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
			return nil, errors.New("the list holds the whole internet: name the provider's networks, or configure no sources")
		}
	}
	return &Set{ranges: slices.Clone(merged)}, nil
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// Contains says whether the address is in the set. An invalid address never is.
func (s *Set) Contains(addr netip.Addr) bool {
	if s == nil || !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("")
	// The first range that begins after the address: the one before it is the only one that can hold it.
	at, found := slices.BinarySearchFunc(s.ranges, addr,
		func(r addrRange, a netip.Addr) int { return r.from.Compare(a) })
	if found {
		return true
	}
	return at > 0 && s.ranges[at-1].from.Is4() == addr.Is4() && addr.Compare(s.ranges[at-1].to) <= 0
}
