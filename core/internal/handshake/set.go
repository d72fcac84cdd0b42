// Package handshake answers the requests of a provider that never become an event: challenges, tests, and the secret
// that a provider hands over with its first request.
//
// Everything else is a delivery. In doubt a request is one, so that no event is lost as a handshake.
package handshake

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Set is an entry's handshakes, compiled. Its exported fields are the endpoint's settings: the caller must set them
// before the first request.
//
// Requests share it. Only handedOver changes after the start, and it is atomic. The zero Set has no
// handshakes and answers nothing.
type Set struct {
	Awaiting  bool                                        // no secret is configured yet
	Sink      func(context.Context, secrets.Secret) error // takes the secret that is handed over; nil: nothing does
	SinkRules keyring.Rules                               // what such a secret has to be
	Tokens    *credential.Values                          // accepted verify tokens; nil: none are configured
	Verifier  *signature.Verifier                         // of the endpoint's deliveries; nil: nothing is signed

	entry      *entry.Entry
	list       []handshake
	published  []*signature.PublishedKey // that answer nothing, and explain refusals
	handedOver atomic.Bool
}

// Any reports whether the entry has handshakes. Most have none, and their deliveries need no look at these.
func (s *Set) Any() bool { return len(s.list) > 0 }

// New compiles an entry's handshakes.
func New(e *entry.Entry) *Set {
	s := &Set{entry: e, list: make([]handshake, len(e.Handshakes))}
	for i := range e.Handshakes {
		s.list[i] = compile(e, &e.Handshakes[i])
	}
	for _, text := range e.PublishedSecrets {
		if k := signature.NewPublishedKey(e, text); k != nil {
			s.published = append(s.published, k)
		}
	}
	return s
}

// Input is one request that may be a handshake. It stands on the stack of whoever asks.
//
// Claims are what the request says. The tenant in them chooses whose verify tokens count, and proves
// nothing.
type Input struct {
	Request *http.Request
	Body    []byte // nil while only the head is known
	Opened  []byte // what was decrypted of a proved delivery; nil: nothing is encrypted
	// Open decrypts an unproved body, or returns nil. It is for handshakes whose token is their proof.
	Open     func(body []byte) []byte
	Claims   *signature.Claims // whose tenant counts
	Now      time.Time         // by the guard's clock
	Plain    bool              // plain HTTP was let through
	User     bool              // a credential of the Authorization header was accepted
	Unproved *fault.Failure    // why the delivery, which was let through, is not proved; nil: it is proved
}

// Answer is the answer to a handshake.
//
// Header has canonical names. The values must not hold a line break, which net/http would replace by a
// space.
type Answer struct {
	Status      int
	Text        string      // plain text, unless ContentType says otherwise
	ContentType string      // of the text; empty: plain text
	Header      [][2]string // further headers, with canonical names
	Bodiless    bool        // the headers alone are sent, those of the text included
	Note        string      // for the operator's log
	Ack         bool        // the acknowledgement of a delivery is sent instead
}

// payload returns what the members of a proved delivery are read from.
func (in *Input) payload() []byte {
	if in.Opened != nil {
		return in.Opened
	}
	return in.Body
}

// Method reports whether a request with this method may be a delivery, or a handshake that has to be proved like one.
func (s *Set) Method(method string) bool {
	return method == http.MethodPost || slices.Contains(s.entry.Methods, method) ||
		slices.ContainsFunc(s.entry.Handshakes, func(h entry.Handshake) bool { return h.Proved && h.Method == method })
}

// NotOne returns the failure of a request that came with a handshake's method and is not a handshake.
//
// The method comes from the request. A server of net/http lets only tokens through, so it needs no
// cleaning.
func (s *Set) NotOne(method string) fault.Failure {
	deliveries := strings.Join(append([]string{http.MethodPost}, s.entry.Methods...), " or ")
	return fault.New(reason.Method, "the request came with "+method+" and is not a handshake that "+s.entry.Title+
		" sends; its deliveries come with "+deliveries+": see who calls this URL")
}
