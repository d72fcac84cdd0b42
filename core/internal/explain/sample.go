package explain

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
	sampleWork    = 2 << 20
	maxSampleBody = 128 << 10
	maxSampleHead = 16 << 10
)

// Seen is a refused request, as it is until it was answered.
type Seen struct {
	Request *http.Request
	Failure fault.Failure
	Body    []byte // nil: it was not read
	Tenant  string // that the request names
	Now     time.Time
	Plain   bool
}

// Sample is a refusal that waits to be explained. Its methods may be called with nil.
type Sample struct {
	examiner *Examiner
	failure  fault.Failure
	granted  Grant            // given back by End or Refuse, once
	clock    func() time.Time // the work is charged by it
	once     sync.Once        // the first queue that comes to it explains it, for all
}

// Sample prepares the explanation of a refusal. It returns nil where there is nothing to find out, for a request that
// is long, and where the share grants no work. It makes a copy of bounded size, and keeps nothing of the request.
func (e *Endpoint) Sample(from *Share, clock func() time.Time, s *Seen, now time.Time) *Sample {
	switch s.Failure.Reason {
	case reason.BadSignature, reason.MissingSignature, reason.MissingTimestamp, reason.MissingCredential,
		reason.MalformedSignature, reason.MalformedTimestamp, reason.Stale, reason.Early:
	// Other reasons say all there is to say. Only what a sender got wrong in signing needs an examination.
	default:
		return nil
	}
	// Before the grant: an attacker must not use up the work with requests that are too long to examine.
	if headBytes(s.Request) > maxSampleHead {
		return nil
	}
	granted, ok := from.Grant(now)
	if !ok {
		return nil
	}
	x := &Examiner{
		Endpoint: e, Request: Copy(s.Request).WithContext(context.Background()), Tenant: s.Tenant,
		Now: s.Now, Plain: s.Plain, Left: sampleWork,
	}
	// The body was read where the signature was checked. Nothing is kept of a longer one.
	if (s.Failure.Reason == reason.BadSignature || s.Body != nil) && len(s.Body) <= maxSampleBody {
		// A copy, because the buffer serves the next request before the sample is examined.
		x.Body, x.Read = bytes.Clone(s.Body), true
	}
	return &Sample{examiner: x, failure: s.Failure, granted: granted, clock: clock}
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

// Forgo gives the work back that was granted for a refusal which nobody will see.
func (s *Sample) Forgo() {
	if s != nil {
		s.once.Do(s.granted.Refuse)
	}
}

// Explain writes what was found out to findings, once.
func (s *Sample) Explain(findings *[]reason.Finding) {
	if s != nil {
		s.once.Do(func() { s.examine(findings) })
	}
}

func (s *Sample) examine(findings *[]reason.Finding) {
	begun := s.clock()
	defer func() {
		if v := recover(); v != nil { // a bug of ours must not keep the record from the observers
			e := s.examiner.Endpoint
			e.Logger.Error("sallyport: a refusal could not be explained",
				"endpoint", e.Name, "panic", httpfield.Clean(httpfield.TextOf(v)))
		}
		// Also after a panic: the grant would otherwise be held for ever, and in the end no refusal explained.
		s.granted.End(s.clock().Sub(begun) + time.Duration(len(s.examiner.Body)>>10)*diagnosisPerKiB)
	}()
	*findings = s.examiner.Examine(s.failure)
}
