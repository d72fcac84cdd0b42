// Package sender carries who sent a request from the guard to what spends work for it: sources of keys, and sources of
// a tenant's secrets. They count by it, so that one sender cannot use up what others need.
package sender

import (
	"context"
	"net/netip"
)

// Sender is the network that a request came from. The zero value is an unknown sender. All unknown senders count as
// one, and none of them as proved: counting fails closed.
type Sender struct {
	// Source is what the sender counts as: see Key. Invalid: unknown.
	Source netip.Addr
	// Proved says that the endpoint lists the source in Config.Sources, or that it sent a genuine delivery within 24
	// hours. A part of every budget is kept for proved senders.
	Proved bool
}

// Key returns what an address counts as: one host of IPv4, or the /64 of IPv6 that one subscriber has to itself.
func Key(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.Addr()
	}
	return addr
}

// Network returns what the unproved senders next to an address count as together: the /48 of IPv6 that one site can
// have to itself, with 65,536 senders in it. An address of IPv4 is by itself.
func Network(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(48)
		return p.Addr()
	}
	return addr
}

type key struct{}

type senderContext struct {
	context.Context
	sender Sender
}

// Value returns the sender for this package's key.
func (c *senderContext) Value(k any) any {
	if _, ok := k.(key); ok {
		return &c.sender
	}
	return c.Context.Value(k)
}

// With returns a context that carries s.
func With(ctx context.Context, s Sender) context.Context {
	return &senderContext{ctx, s}
}

// From returns the sender that ctx carries, or an unknown one.
func From(ctx context.Context) Sender {
	if s, ok := ctx.Value(key{}).(*Sender); ok {
		return *s
	}
	return Sender{}
}
