package core

import (
	"context"
	"encoding/hex"
	"hash"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Hashed counts what was hashed under signing secrets.
type Hashed struct{ Bytes, Sums atomic.Int64 }

type countedHash struct {
	hash.Hash
	to *Hashed
}

func (h countedHash) Write(b []byte) (int, error) {
	h.to.Bytes.Add(int64(len(b)))
	return h.Hash.Write(b)
}

func (h countedHash) Sum(b []byte) []byte {
	h.to.Sums.Add(1)
	return h.Hash.Sum(b)
}

// CountHashes counts what is hashed under the compiled keys of a tenant; "": of those that are unknown.
func (g *Guard) CountHashes(tenant string) *Hashed {
	to := &Hashed{}
	ring := g.signature.Ring
	c, err := ring.Current(context.Background(), tenant, g.now())
	if err != nil {
		panic(err)
	}
	for i := range c.Keys.List {
		c.Keys.List[i].Pool = digest.New(func() hash.Hash {
			return countedHash{digest.MethodOf(entry.HMACSHA256).NewHash(), to}
		})
	}
	return to
}

// CompiledTenants is how many tenants' lists are kept.
func (g *Guard) CompiledTenants() int { return g.signature.Ring.Tenants() }

// MaxTenants is how many are kept at most.
const MaxTenants = secrets.MaxTenants

// VerifyAndCount is VerifySignature for a tenant, with what is counted of a proof.
func (g *Guard) VerifyAndCount(r *http.Request, tenant string, body []byte, now time.Time) bool {
	s := g.prepare(nil, adapter.Inbound{}, now)
	defer g.giveBack(s)
	s.claims.Tenant = tenant
	in := signature.Input{Request: r, Body: body, Claims: &s.claims, Now: now}
	if g.signature.CheckHead(&in).Failed() {
		return false
	}
	_, f := g.signature.CheckBody(&in)
	if !f.Failed() {
		s.inspection.matches.Count(now)
	}
	return !f.Failed()
}

// DecoyMAC signs with the key that unknown tenants are checked by.
func (g *Guard) DecoyMAC(parts ...string) string {
	c, err := g.signature.Ring.Current(context.Background(), "", g.now())
	if err != nil {
		panic(err)
	}
	k := &c.Keys.List[0]
	st := k.Pool.Get()
	defer k.Pool.Put(st)
	for _, p := range parts {
		st.WriteString(p)
	}
	return hex.EncodeToString(st.Sum())
}
