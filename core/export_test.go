package core

import (
	"context"
	"crypto"
	"net/http"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// DeliveryBytes is what a handle takes without a replay store.
const DeliveryBytes = unsafe.Sizeof(Delivery{})

// VerifySignature is the path from the headers to the verdict, for measurements.
func (g *Guard) VerifySignature(r *http.Request, body []byte, now time.Time) bool {
	s := g.prepare(nil, adapter.Inbound{}, now)
	defer g.giveBack(s)
	in := signature.Input{Request: r, Body: body, Claims: &s.claims, Now: now}
	if g.signature.CheckHead(&in).Failed() {
		return false
	}
	_, f := g.signature.CheckBody(&in)
	return !f.Failed()
}

// ForgetMatch makes the next verification begin with the first secret, as if that had matched last.
func (g *Guard) ForgetMatch() {
	if c, err := g.signature.Ring.Current(context.Background(), "", g.now()); err == nil {
		c.Keys.LastMatch.Store(0)
	}
}

// CountPublicKeyOperations counts how often the guard tries a public key. Call it before the guard verifies anything.
func (g *Guard) CountPublicKeyOperations() *atomic.Int64 {
	var n atomic.Int64
	if v := g.signature; v != nil {
		try := v.TryKey
		v.TryKey = func(alg entry.Algorithm, key crypto.PublicKey, signed, signature []byte) bool {
			n.Add(1)
			return try(alg, key, signed, signature)
		}
	}
	return &n
}

// ExhaustDiagnosis leaves nothing for explanations of the guard's refusals for an hour. It needs a budget of its own.
func (g *Guard) ExhaustDiagnosis() {
	g.bodies.share.diagnosis.Exhaust(time.Hour)
}

// UnreadBytes returns how many bytes of bodies wait in the queues of observers.
func (g *Guard) UnreadBytes() int64 { return g.watch.records.unread.Load() }

// HasLargeBuffer reports whether a buffer for large bodies waits for the next one.
func (g *Guard) HasLargeBuffer() bool {
	b := g.bodies.large.Get()
	if b != nil {
		g.bodies.large.Put(b)
	}
	return b != nil
}
