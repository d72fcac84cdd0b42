package core

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// What one explanation may cost: bytes hashed, and the longest body and headers that are looked at.
const (
	explainEach    = 2 << 20
	maxExplainBody = 128 << 10
	maxExplainHead = 16 << 10
)

// sample prepares the explanation of a refusal. nil: not every refusal is explained, and never one whose body or
// headers are long. It makes a copy of bounded size. The rest is done by the observer's goroutine: the answer does not
// wait for it, and shows nothing of it. The tenant is the one that the delivery names.
func (g *Guard) sample(r *http.Request, i *facts, tenant string, f fault.Failure, now time.Time) *sampled {
	// A flood of forgeries ends here, after one comparison and without a copy of anything.
	if g.share.diagnosis.IsQuiet(now) {
		return nil
	}
	switch f.Reason {
	case reason.BadSignature,
		reason.MissingSignature,
		reason.MissingTimestamp,
		reason.MissingCredential,
		reason.MalformedSignature,
		reason.MalformedTimestamp,
		reason.Stale,
		reason.Early:
	// Other reasons say all there is to say. Only what a sender got wrong in signing needs an examination.
	default:
		return nil
	}
	// Before the grant: an attacker must not use up the work with requests that are too long to examine.
	if headBytes(r) > maxExplainHead {
		return nil
	}
	granted, ok := g.share.diagnosis.Grant(now)
	if !ok {
		return nil
	}
	x := &explain.Examiner{
		Endpoint: g.diagnosis, Request: explain.Copy(r).WithContext(context.Background()), Tenant: tenant,
		Now: i.now, Plain: i.plain,
		Left: explainEach,
	}
	// The body was read where the signature was checked. Nothing is kept of a longer one.
	if (f.Reason == reason.BadSignature || i.body != nil) && len(i.body) <= maxExplainBody {
		// A copy, because the buffer serves the next request before the sample is examined.
		x.Body, x.Read = bytes.Clone(i.body), true
	}
	return &sampled{guard: g, examiner: x, failure: f, granted: granted}
}

// headBytes returns about how long the head is, without copying it. It counts what a sender can make long.
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
	guard    *Guard
	examiner *explain.Examiner
	failure  fault.Failure
	granted  explain.Grant // given back by End or Refuse, once
	once     sync.Once     // the first queue that comes to it explains it, for all
}

// forgo gives the work back that was granted for a record which nobody will see.
func (r *Record) forgo() {
	if s := r.sampled; s != nil {
		s.once.Do(s.granted.Refuse)
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
	// The work is charged by time. A clock of the budget makes it testable.
	clock := s.guard.budget.diagnosis.Clock
	begun := clock()
	defer func() {
		if v := recover(); v != nil { // a bug of ours must not keep the record from the observers
			s.guard.logger.Error(
				"sallyport: a refusal could not be explained",
				"endpoint",
				r.Endpoint,
				"panic",
				httpfield.Clean(textOf(v)),
			)
		}
		// Also after a panic: the grant would otherwise be held for ever, and in the end no refusal explained.
		s.granted.End(clock().Sub(begun))
	}()
	r.Findings = s.examiner.Examine(s.failure)
}

// announceShapes warns at start of secrets that look like something else and were not refused: credentials, and secrets
// of senders that the user described. How somebody else's keys look is not known.
func (g *Guard) announceShapes() {
	ctx, now := context.Background(), g.now()
	warn := func(s *secrets.Secret) {
		if f, odd := g.diagnosis.ShapeOf(s); odd {
			g.logger.Warn(
				"sallyport: a secret looks like another kind of key",
				"endpoint",
				g.endpoint,
				"provider",
				g.provider,
				"secret",
				f.Secret,
				"detail",
				f.Text,
				"fix",
				f.Mend,
			)
		}
	}
	// Secrets by tenant are left out: to list them all could ask a database for each.
	if v := g.signature; v != nil && v.Ring != nil && !v.Ring.ByTenant() && v.UsesMAC() {
		for _, s := range v.SecretsOf(ctx, "", now, false) {
			warn(s)
		}
	}
	lists := g.credentials.Values()
	if g.handshakes.Tokens != nil {
		lists = append(lists, g.handshakes.Tokens)
	}
	for _, list := range lists {
		for _, s := range list.Secrets(ctx, now) {
			warn(s)
		}
	}
}
