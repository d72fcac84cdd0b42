package core

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"
)

// What explaining may cost a guard, whatever is sent to it: bytes hashed in a second, bytes granted to one delivery, the
// longest body and headers that are looked at, and how many deliveries wait to be explained.
const (
	explainPerSecond = 4 << 20
	explainEach      = 2 << 20
	explainLeast     = 256 << 10 // what a delivery counts as, however little is hashed for it
	maxExplainBody   = 128 << 10
	maxExplainHead   = 16 << 10
	maxExplaining    = 4
)

// allowance is a fixed amount of work in a second.
type allowance struct {
	mu      sync.Mutex
	left    int64
	at      time.Time
	waiting int
}

// take grants work for one more delivery, or none.
func (a *allowance) take(now time.Time) (granted int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.at) {
		now = a.at // another refusal looked at the clock later and came here first
	}
	if since := now.Sub(a.at); a.at.IsZero() || since >= time.Second {
		a.left = explainPerSecond
	} else {
		a.left = min(explainPerSecond, a.left+explainPerSecond*int64(since)/int64(time.Second))
	}
	a.at = now
	if a.waiting >= maxExplaining || a.left < explainLeast {
		return 0
	}
	granted = min(a.left, explainEach)
	a.left -= granted
	a.waiting++
	return granted
}

// giveBack ends a grant, and returns what was not used of it.
func (a *allowance) giveBack(unused int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting--
	a.left += unused
}

// sample prepares the explanation of a refusal, or gives nil: not every one is explained, and never one whose body or
// headers are long. What is done here is a copy of bounded size; the rest is done beside the observer, after the fact, so
// that the answer does not wait for it and tells nothing of it. The tenant is the one that the delivery names.
func (g *Guard) sample(r *http.Request, i *facts, tenant string, f failure, now time.Time) *sampled {
	switch f.reason {
	case ReasonBadSignature, ReasonMissingSignature, ReasonMissingTimestamp, ReasonMissingCredential, ReasonMalformedSignature,
		ReasonMalformedTimestamp, ReasonStale, ReasonEarly:
	default:
		return nil
	}
	granted := g.allowance.take(now)
	if granted == 0 {
		return nil
	}
	if headBytes(r) > maxExplainHead {
		g.allowance.giveBack(granted)
		return nil
	}
	x := &examiner{g: g, r: copyRequest(r).WithContext(context.Background()), tenant: tenant, now: i.now, plain: i.plain, left: granted}
	// The body was read where the signature was judged by it; of a longer one nothing is kept.
	if (f.reason == ReasonBadSignature || i.body != nil) && len(i.body) <= maxExplainBody {
		x.body, x.read = bytes.Clone(i.body), true
	}
	return &sampled{examiner: x, failure: f, granted: granted}
}

func headBytes(r *http.Request) int {
	size := len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		size += len(name)
		for _, v := range values {
			size += len(v)
		}
	}
	return size
}

// sampled is a refusal that waits to be explained.
type sampled struct {
	examiner *examiner
	failure  failure
	granted  int64
	once     sync.Once // the first queue that comes to it explains it, for all
}

// forgo gives the work back that was granted for a record which nobody will see.
func (r *Record) forgo() {
	if s := r.sampled; s != nil {
		s.once.Do(func() { s.examiner.g.allowance.giveBack(s.granted) })
	}
}

// explain fills the findings in. It is called from the goroutines of the log and the observers, before they read the
// record.
func (r *Record) explain() {
	if s := r.sampled; s != nil {
		s.once.Do(func() { r.examine(s) })
	}
}

func (r *Record) examine(s *sampled) {
	x := s.examiner
	defer func() {
		if v := recover(); v != nil { // a bug of ours must not keep the record from the observers
			x.g.logger.Error("sallyport: a refusal could not be explained", "endpoint", r.Endpoint, "panic", clean(textOf(v)))
		}
		x.g.allowance.giveBack(min(x.left, s.granted-explainLeast))
	}()
	r.Findings = x.examine(s.failure)
}
