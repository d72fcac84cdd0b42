package core

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// What one explanation may cost: bytes hashed, and the longest body and headers that are looked at.
const (
	explainEach    = 2 << 20
	maxExplainBody = 128 << 10
	maxExplainHead = 16 << 10
)

// sample prepares the explanation of a refusal, or gives nil: not every one is explained, and never one whose body or
// headers are long. What is done here is a copy of bounded size; the rest is done beside the observer, after the fact,
// so that the answer does not wait for it and tells nothing of it. The tenant is the one that the delivery names.
func (g *Guard) sample(r *http.Request, i *facts, tenant string, f fault.Failure, now time.Time) *sampled {
	if g.share.isQuiet(now) {
		return nil
	}
	switch f.Reason {
	case reason.BadSignature, reason.MissingSignature, reason.MissingTimestamp, reason.MissingCredential, reason.MalformedSignature,
		reason.MalformedTimestamp, reason.Stale, reason.Early:
	default:
		return nil
	}
	if headBytes(r) > maxExplainHead {
		return nil
	}
	granted, ok := g.share.grantDiagnosis(now)
	if !ok {
		return nil
	}
	x := &examiner{g: g, r: copyRequest(r).WithContext(context.Background()), tenant: tenant, now: i.now, plain: i.plain, left: explainEach}
	// The body was read where the signature was judged by it; of a longer one nothing is kept.
	if (f.Reason == reason.BadSignature || i.body != nil) && len(i.body) <= maxExplainBody {
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
	failure  fault.Failure
	granted  grant
	once     sync.Once // the first queue that comes to it explains it, for all
}

// forgo gives the work back that was granted for a record which nobody will see.
func (r *Record) forgo() {
	if s := r.sampled; s != nil {
		s.once.Do(s.granted.refuse)
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
	clock := x.g.budget.clock
	begun := clock()
	defer func() {
		if v := recover(); v != nil { // a bug of ours must not keep the record from the observers
			x.g.logger.Error("sallyport: a refusal could not be explained", "endpoint", r.Endpoint, "panic", httpfield.Clean(textOf(v)))
		}
		s.granted.end(clock().Sub(begun))
	}()
	r.Findings = x.examine(s.failure)
}
