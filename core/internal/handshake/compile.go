package handshake

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// handshake is an entry's handshake with its pointers compiled.
//
// It does not change after New, so requests share it without a lock.
type handshake struct {
	*entry.Handshake
	challenge *jsonscan.Paths // the marker, the challenge and what the handshake lacks
	token     *jsonscan.Paths // the verify token
	secret    *jsonscan.Paths
	form      *formscan.Names         // the field of a form that marks it
	mark      []byte                  // in every body that brings the handshake, as it is or escaped; nil: unknown
	published *signature.PublishedKey // nil: it is not signed with a published secret
}

func compile(e *entry.Entry, h *entry.Handshake) handshake {
	return handshake{
		Handshake: h, challenge: jsonscan.Compile(h.WhenJSON, h.EchoJSON, h.LacksJSON),
		token:  jsonscan.Compile(h.TokenJSON),
		secret: jsonscan.Compile(h.SecretJSON), form: formscan.Compile(h.WhenForm), mark: markOf(h),
		published: signature.NewPublishedKey(e, h.Published),
	}
}

// markOf returns the marker's value where JSON can write each of its characters in two ways only, and where it is long
// enough to be rare.
//
// It returns nil in doubt. Then every body is searched in full, which costs time and misses nothing.
func markOf(h *entry.Handshake) []byte {
	const plain, rare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 8
	other := func(c rune) bool { return !strings.ContainsRune(plain, c) }
	if h.WhenJSON == "" || len(h.WhenEquals) < rare || strings.ContainsFunc(h.WhenEquals, other) {
		return nil
	}
	return []byte(h.WhenEquals)
}

// formText returns the value of the field that marks the handshake, if it comes once.
func (h *handshake) formText(body []byte) (string, bool) {
	var field [1]formscan.Field
	if h.form.Find(body, field[:]) != nil {
		return "", false
	}
	return field[0].Once()
}

// mayBring reports whether a body can bring the handshake. Most deliveries do not: to search for the marker is much
// cheaper than to read the body.
//
// An attacker can write the marker into any delivery. It then costs the full search, and decides
// nothing. Every character of a mark that JSON escapes is written with \u00, so the last test finds
// escaped marks.
func (h *handshake) mayBring(body []byte) bool {
	return h.mark == nil || bytes.Contains(body, h.mark) || bytes.Contains(body, []byte(`\u00`))
}

// marked reports whether the members of a body mark the handshake: what is wanted is there, and what every event has is
// not. In doubt the delivery is an event, so that none is lost as a handshake.
func (h *handshake) marked(raw *[3][]byte) bool {
	// The order is that of the pointers in compile: the marker, the challenge, and what the handshake
	// lacks.
	marker := raw[0]
	if h.WhenJSON == "" {
		marker = raw[1] // a challenge is marked by being there
	}
	text, ok := jsonscan.Text(marker)
	return ok && (h.WhenEquals == "" || text == h.WhenEquals) && raw[2] == nil
}

// headersHold reports whether each header of the handshake comes once and is what it must be.
//
// It fails closed for a header that comes twice: the request is then a delivery, and needs a proof.
func (h *handshake) headersHold(r *http.Request) bool {
	for _, want := range h.WhenHeaders {
		if values := r.Header[http.CanonicalHeaderKey(want[0])]; len(values) != 1 || values[0] != want[1] {
			return false
		}
	}
	return true
}

// queryHolds reports whether each parameter of the handshake comes once and is what it must be.
//
// It fails closed in the same way for a parameter that repeats.
func (h *handshake) queryHolds(r *http.Request) bool {
	for _, pair := range h.Query {
		if value, f := httpfield.Query(r, pair[0]); f.Failed() || value != pair[1] {
			return false
		}
	}
	return true
}

// headerChallenge returns the value of the header that brings a handshake; empty: the request does not bring it.
func (h *handshake) headerChallenge(r *http.Request) (string, fault.Failure) {
	challenge, f := httpfield.Header(r, http.CanonicalHeaderKey(h.WhenHeader))
	if h.WhenEquals != "" && challenge != h.WhenEquals {
		return "", f
	}
	return challenge, f
}

// fixed returns an answer that depends on nothing that was sent.
//
// An unverified sender can cause it. It must therefore reveal nothing but that an endpoint of this
// provider is here.
func (h *handshake) fixed() *Answer {
	return &Answer{Status: h.StatusOr200(), Text: h.Body, ContentType: h.ContentType}
}
