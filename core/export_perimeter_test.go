package core

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/buckets"
)

// ParseForwarded gives the nodes and protos of a Forwarded header.
func ParseForwarded(lines ...string) (hops [][2]string, ok bool) {
	var c forwardedChain
	if !c.parse(lines) {
		return nil, false
	}
	for i := range c.n {
		hops = append(hops, [2]string{c.hops[i].node, c.hops[i].proto})
	}
	return hops, true
}

// HopAddr reads a member of X-Forwarded-For.
func HopAddr(s string) (netip.Addr, bool) { return hopAddr(s) }

// Trace gives the source of a request and why it is unknown.
func (g *Guard) Trace(r *http.Request) (netip.Addr, string) {
	p := g.trace(r)
	return p.source, p.unknown
}

// RequestTarget is the path and query that signatures cover.
func RequestTarget(r *http.Request) string { return requestTarget(r) }

// Buckets are the guard's own token buckets.
type Buckets struct{ b *buckets.Table[bucketKey] }

// NewBuckets makes a table for at most most sources.
func NewBuckets(perSecond float64, burst, most int) Buckets {
	return Buckets{buckets.New[bucketKey](perSecond, burst, most)}
}

// Allow takes n.
func (b Buckets) Allow(key netip.Addr, n int) bool {
	ok, _ := b.b.Allow(bucketKey{source: key}, n, time.Now())
	return ok
}

// Len is how many sources are followed.
func (b Buckets) Len() int { return b.b.Len() }

// OpenBodies is how many units unproved bodies hold.
func (g *Guard) OpenBodies() int64 {
	g.bodies.mu.Lock()
	defer g.bodies.mu.Unlock()
	return g.bodies.used
}

// TakeAllowance explains a refusal at each of the times, and gives what each was granted and did not use up.
func TakeAllowance(times ...time.Time) (granted []int64) {
	var a allowance
	for _, at := range times {
		n := a.take(at)
		if n > 0 {
			a.giveBack(0)
		}
		granted = append(granted, n)
	}
	return granted
}

// AllowancePerSecond is the work that is granted in a second, and AllowanceEach to one refusal.
const (
	AllowancePerSecond = explainPerSecond
	AllowanceEach      = explainEach
)

// PeerOf is the address of a connection whose other end net/http writes so.
func PeerOf(remote string) netip.Addr { return peerOf(&http.Request{RemoteAddr: remote}) }
