package core

import (
	"crypto/sha256"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// laterIdentity is what an identity by the body's digest is made of once somebody asks for it. Without a replay store
// that is the app, or nobody: a second hash of the body, which would double the cost of the proof.
type laterIdentity struct {
	pending bool
	scope   string
	with    [2]string // the headers that belong to it, as they came
	n       int
}

// deferIdentity says whether the identity can wait.
func (d *Delivery) deferIdentity(t *told) bool {
	g := d.guard
	rule := &g.entry.Identity
	l := &d.laterID
	if d.batch || g.identity != nil || rule.Kind != entry.ByDigest || (rule.NoneForForms && t.form) || len(rule.With) > len(l.with) {
		return false
	}
	names := with(rule, t.r.Header)
	l.pending, l.scope, l.n = true, t.scope, len(names)
	for i, name := range names {
		l.with[i] = d.guard.events.header(t.r, name)
	}
	return true
}

// identify makes the identity that had to wait.
func (d *Delivery) identify() {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := &d.laterID
	if !l.pending {
		return
	}
	l.pending = false
	digest := d.facts.bodyDigest()
	var room [identityRoom]byte
	parts := appendPart(beginIdentity(room[:0], d.guard.endpoint, l.scope, identityOfDigest), digest[:])
	for _, text := range l.with[:l.n] {
		parts = appendPart(parts, text)
	}
	d.events[0].Identity = Identity(sha256.Sum256(parts))
}
