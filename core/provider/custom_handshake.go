package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Handshake is a request that a sender makes to try a URL. It is answered, is no event, and reaches no signal.
//
// One that is not Signed is answered whoever sends it. So its answer is fixed, or the challenge, whose characters are
// restricted; nothing is signed with your secret for anybody.
type Handshake struct {
	Method string // HEAD, GET or POST, which is the default
	// Signed: its signature is checked first, as that of every delivery.
	Signed bool
	// Published is a secret that the sender publishes, and signs this request with. It proves this request and
	// nothing else. It needs Member and Equals.
	Published string

	// What marks it. Everything that is named here must hold; in doubt a request is a delivery.
	Headers   map[string]string // headers that come once, with these values
	Parameter string            // GET: a parameter of the query that is there
	Member    string            // POST: the pointer to a member of the JSON body, "/type"
	Equals    string            // the value of Member
	Lacks     string            // POST: the pointer to a member that every event has, and this request lacks

	// Challenge is what is echoed: "query:hub.challenge", "header:X-Challenge", or a pointer into the JSON body.
	Challenge string
	// Answer is the body of the answer; {challenge} stands for the challenge. Empty: the challenge, or nothing.
	Answer      string
	ContentType string // of Answer; default plain text
	Status      int    // default 200
}

const queryPlace = "query:"

// handshakes compiles those of a sender of one's own. It fails closed: what could be mistaken for a delivery is
// refused.
func handshakes(list []Handshake, methods []string) (all []entry.Handshake, err error) {
	for i := range list {
		h, problem := list[i].entry(methods)
		if problem != "" {
			return nil, fmt.Errorf("HMACConfig.Handshakes[%d]: %s", i, problem)
		}
		all = append(all, h)
	}
	return all, nil
}

func (h *Handshake) entry(methods []string) (e entry.Handshake, problem string) {
	method := cmp.Or(h.Method, http.MethodPost)
	e = entry.Handshake{
		Method: method, Proved: h.Signed, Published: h.Published, WhenJSON: h.Member, WhenEquals: h.Equals,
		LacksJSON: h.Lacks,
		Status:    h.Status, ContentType: h.ContentType, Unsigned: method == http.MethodPost && !h.Signed &&
			h.Published == "",
		When: "when the URL is tried",
	}
	for name, value := range h.Headers {
		e.WhenHeaders = append(e.WhenHeaders, [2]string{name, value})
	}
	slices.SortFunc(e.WhenHeaders, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	if problem := h.challenge(&e); problem != "" {
		return e, problem
	}
	return e, h.problem(method, methods)
}

// challenge puts the challenge and the answer to their places.
func (h *Handshake) challenge(e *entry.Handshake) (problem string) {
	name, inQuery := strings.CutPrefix(h.Challenge, queryPlace)
	header, inHeader := strings.CutPrefix(h.Challenge, headerPlace)
	switch {
	case h.Challenge == "":
		e.Body = h.Answer
		if h.Parameter != "" {
			return "Parameter marks a challenge: name it in Challenge"
		}
		return ""
	case inQuery:
		e.EchoQuery, e.WhenQuery = name, h.Parameter
		e.WhenQuery = cmp.Or(e.WhenQuery, name)
	case inHeader:
		e.WhenHeader = header
	case strings.HasPrefix(h.Challenge, "/"):
		e.EchoJSON = h.Challenge
	default:
		return "Challenge is query:name, header:Name or a pointer such as /challenge"
	}
	e.Answer = h.Answer
	return ""
}

// problem says what is wrong with a handshake; empty: nothing.
func (h *Handshake) problem(method string, methods []string) string {
	inBody := h.Member != "" || strings.HasPrefix(h.Challenge, "/")
	switch {
	case !slices.Contains([]string{http.MethodHead, http.MethodGet, http.MethodPost}, method):
		return "Method is HEAD, GET or POST"
	case method != http.MethodPost && inBody:
		return "a body comes with POST only"
	case method == http.MethodPost && !inBody && !(h.Signed && strings.HasPrefix(h.Challenge, headerPlace)):
		return "a POST needs a Member or a Challenge in its body: otherwise every delivery would be one"
	case h.Member != "" && h.Equals == "":
		return "Member needs Equals"
	case h.Published != "" && (h.Member == "" || h.Signed):
		return "Published needs Member, Equals and no Signed: a secret that everybody knows must prove one request only"
	case !h.Signed && h.Published == "" && slices.Contains(methods, method):
		return "Methods has this method as well, so that a delivery could be mistaken for it: let it be Signed"
	case strings.Contains(h.Answer, "{hmac}") || strings.Contains(h.Answer, "{key}"):
		return "Answer holds {challenge} only: nothing is signed for whoever asks"
	case h.Status != 0 && (h.Status < 200 || h.Status > 299):
		return "Status is a 2xx"
	}
	return ""
}
