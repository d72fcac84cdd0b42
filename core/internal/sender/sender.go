// Package sender passes the sender of a request from the guard to the sources of keys and of tenants' secrets, in a
// context. These sources may call out of the process. They count by sender, so that one sender cannot use up the budget
// of others.
package sender

import (
	"context"
	"net/netip"
)

// Sender is the network that a request came from. The zero value is an unknown sender. It fails closed: all unknown
// senders count as one, and never as proved.
type Sender struct {
	// Source is the address by which the sender is counted, see Key. Invalid: the sender is unknown.
	Source netip.Addr
	// Proved means that the endpoint lists the source in Config.Sources, or that it sent a genuine delivery within 24
	// hours. A part of every budget is kept for proved senders.
	Proved bool
}

// Key returns the address by which a sender is counted: the address itself of IPv4, or the /64 of IPv6, which one
// subscriber has to itself.
func Key(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.Addr()
	}
	return addr
}

// Network returns the network in which unproved senders are also counted together: the /48 of IPv6, which one site can
// have to itself, with 65,536 senders in it. For IPv4 it is the address itself.
func Network(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(48)
		return p.Addr()
	}
	return addr
}

// key is the key of the sender in contexts.
type key struct{}

// senderContext is a context with a sender. It takes the place of context.WithValue, which would need a second
// allocation for the value.
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

// With returns a context that carries s. Only the guard calls it.
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
