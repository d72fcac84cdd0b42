package core

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/lease"
)

// newDelivery makes a handle, and its holding if there is a replay store, in one allocation. The app may keep the
// handle after the request: it never serves another one.
func (g *Guard) newDelivery() *Delivery {
	if g.memory.Store == nil {
		return &Delivery{guard: g}
	}
	both := &struct {
		Delivery
		holding lease.Holding
	}{}
	d := &both.Delivery
	d.guard, d.holding = g, &both.holding
	return d
}

// contextIn returns the context that the app gets, in that of the request: it carries the delivery, and ends where the
// lease of what it holds is lost.
func (d *Delivery) contextIn(parent context.Context) context.Context {
	d.deliveryContext = deliveryContext{parent, d}
	if d.guard.memory.Store == nil {
		return &d.deliveryContext
	}
	d.holding.Request.Start(&d.deliveryContext, time.Time{})
	return &d.holding.Request
}

// deliver makes the handle of a delivery that is proved, or that a check lets through because it only reports. From
// here on nothing refuses it but the replay store.
func (g *Guard) deliver(r *http.Request, i *inspection, prior *Delivery) *Delivery {
	d := g.newDelivery()
	d.parent = prior
	i.ownBody() // the buffer belongs to the next request, and the app would read that one's body
	d.facts = i.facts
	// A credential proves the whole request. A signature proves only what it covers.
	t := i.events
	t.Headers, t.Body, t.request = r.Header, i.body, r
	if r.URL != nil {
		t.RawQuery = r.URL.RawQuery
	}
	if i.proved { // else the zero values stay: nothing of an unproved delivery counts as authenticated
		t.inspection, t.claims, t.Timestamp = i, i.claims, i.claims.Timestamp
		t.BodyProved = g.signature.Covers(i.body, g.entry.Event.PayloadJSON)
		t.HeadersProved, t.SignedID = g.signature == nil, i.claims.ID
	}
	d.readEvents(t)
	if g.memory.Store != nil && g.entry.Identity.SignedOnce && i.proved {
		// The signature covers less than the body. Whoever captured it could send any other body under it: the signed
		// content is remembered with the digest of the first body, and a second one is refused.
		in := g.proofOf(t)
		digest := g.signature.SignedDigest(&in)
		signed := Identity(identity.OfSigned(identity.Scope{Endpoint: g.endpoint, Tenant: i.scope}, digest))
		d.signed = &signed
	}
	d.r = r.WithContext(d.contextIn(r.Context()))
	restoreBody(d.r, d)
	// A handler that logs its URL, or sends it to a third party, must not give the token away.
	if len(i.stripQuery) > 0 || len(i.stripPath) > 0 {
		d.r.Form, d.r.PostForm = nil, nil // parsed before us from a query that held the token
		whole, err := url.ParseRequestURI(requestURI(d.r))
		d.r.URL = stripTokens(d.r.URL, i.stripQuery, i.stripPath)
		if err != nil {
			whole = d.r.URL
		}
		d.r.RequestURI = stripTokens(whole, i.stripQuery, i.stripPath).RequestURI()
	}
	return d
}
