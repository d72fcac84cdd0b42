package entry

import (
	"context"
	"strings"
)

// Value says where a detail of an event is read, after the proof.
type Value struct {
	Header   string
	JSON     string // a pointer into the payload
	Form     string // a field of the form in the body
	InForm   string // a pointer into the JSON that is the form field Form
	Query    string // a parameter of the request's URL
	FirstKey string // the name of the payload's first member other than this one (Telegram's update type)
	NotKeys  string // FirstKey: further names that are passed over, separated by blanks
	Const    string // this text, if the form field Form, or the member at JSON, is present
	With     string // a pointer into the payload: without a member there, this value is absent
	Envelope string // a pointer into the body that carries the payload (Event.PayloadJSON); it is signed
}

// Recipient is whom a proved payload has to be for, where a provider signs with one key for everybody: the texts at the
// pointers, joined by '/', are one of those allowed.
type Recipient struct {
	Pointers []string
	Allowed  []string
}

// Event says where an event's details are read; the first value that is present wins.
type Event struct {
	// Sealed says how the payload is encrypted; nil: it is not. The pointers then lead into what was decrypted.
	Sealed *Sealed

	ID, Type, Action, Time, Attempt, Tenant []Value
	TimeUnit                                Unit
	AttemptBase                             int    // added to Attempt: 1 where the provider counts its retries
	Data                                    string // pointer to the object; empty: the payload itself
	PayloadForm                             string // the form field that carries the payload when the body is a form
	// the pointer to the text that is the payload, where the body is its envelope (SNS)
	PayloadJSON string
	// PayloadBase64: that text is the base64 of the payload (Google Play). What is no base64 stays in its envelope.
	PayloadBase64 bool
	// Binary is the header whose presence says that the body is the object itself, and that everything else is in
	// headers (CloudEvents): then no pointer is read and nothing is split. Only where the headers are proved.
	Binary string
}

// Values returns the lists of values that are read of an event.
func (e *Event) Values() [6][]Value {
	return [...][]Value{e.ID, e.Type, e.Action, e.Time, e.Attempt, e.Tenant}
}

// Handshake is a request that is answered and never reaches a signal.
type Handshake struct {
	Proved bool   // after the signature; otherwise the answer is fixed, or guarded by a verify token
	Method string // HEAD, GET or POST

	// POST: the pointer whose value marks the handshake, and the value; none: EchoJSON's is there
	WhenJSON, WhenEquals string
	LacksJSON            string // the pointer to a member that every event has, and the handshake lacks
	// WhenHeaders are headers that come once, and what each must be. They narrow the handshake down and prove nothing.
	WhenHeaders [][2]string
	EchoJSON    string // the pointer whose value is the answer
	WhenQuery   string // GET: the parameter that marks the handshake
	// EchoSealed answers a proved GET with the text that its parameter WhenQuery holds encrypted. It is answered only
	// where that text is a challenge, so that no event is ever decrypted for whoever captured it.
	EchoSealed bool
	// TokenJSON is the pointer to a member of the decrypted body that must equal one of Config.Setup.VerifyTokens: for
	// an Unsigned handshake of a provider that encrypts it. The token is its only proof.
	TokenJSON string
	// AnswerAck answers with the acknowledgement of a delivery.
	AnswerAck   bool
	EchoQuery   string // the parameter that is the answer
	QueryEquals string // what the parameter WhenQuery must be; empty: anything
	// the header that marks the handshake, and holds the challenge; WhenEquals, if given, is the only one
	WhenHeader string
	TokenQuery string // the parameter that must equal one of Config.Setup.VerifyTokens
	// Query are further parameters, and what each must be.
	Query [][2]string

	WhenForm string // POST: the field of a form that must equal WhenEquals, or, where that is empty, match Grammar
	// Unsigned answers a POST that carries no signature at all, with a short body: what a provider sends to try the URL
	// before it signs anything. The answer is fixed, or the challenge.
	Unsigned bool
	// Published is a secret that the provider publishes, and signs this request with. It proves this request alone.
	Published string
	// When says, for the documentation and for tests, on which occasion the provider sends it: "when the webhook is
	// saved".
	When string
	// WhileAwaiting answers only until a secret is configured.
	WhileAwaiting bool
	// Answer is the body where more than the challenge is said. {challenge} is the challenge, {hmac} its signature
	// under the first active secret, made and encoded as the scheme does, and {key} that secret's id.
	// {sha256:challenge+token+url} is the hexadecimal SHA-256 of these, one behind the other: the challenge, the first
	// verify token that is valid now, and the endpoint's own URL without what the provider adds.
	Answer      string
	ContentType string // of Body and Answer; empty: plain text
	// Headers are names and values of the answer; {challenge} stands for the challenge, which is then not the body.
	Headers [][2]string
	Grammar Grammar // of the challenge, in addition to the restriction that holds for every one

	// The provider hands its secret over in this header, which the answer repeats, or in this member of the body.
	SecretHeader, SecretJSON string

	Status int    // of the answer; 0: 200
	Body   string // the fixed answer, where nothing is echoed
	// Note is what the record of the handshake says to the operator.
	Note string
	// Do is what the receiver does before it answers a proved handshake. It sees the proved body; where it fails the
	// answer is 503. It must be safe for concurrent use.
	Do func(ctx context.Context, body []byte) error
}

// HandsSecretOver says that the request brings the provider's secret.
func (h *Handshake) HandsSecretOver() bool { return h.SecretHeader != "" || h.SecretJSON != "" }

// HashesToken says that the answer holds a hash of the verify token and the endpoint's URL.
func (h *Handshake) HashesToken() bool { return strings.Contains(h.Answer, HashedAnswer) }

// HashedAnswer stands in an Answer for that hash.
const HashedAnswer = "{sha256:challenge+token+url}"

// StatusOr200 is the status of the answer.
func (h *Handshake) StatusOr200() int {
	if h.Status == 0 {
		return 200
	}
	return h.Status
}

// Batch says how a delivery that carries several events splits. Each item is an event: the pointers of Event and of
// Identity lead into the item, headers are the delivery's. What is no list at Pointer is one event.
type Batch struct {
	Pointer string // to the list in the payload; empty: the payload is the list
	// Or is the pointer to a list that is not empty, where the payload itself, or what is at Pointer, is not one.
	Or string
	// Inner are the pointers to lists in each item, whose items are the events. An item without any is an event itself.
	Inner []string
	// Whole is a member of an item. Where it stands next to an Inner list the item is an event as well, so that
	// nothing of it is lost.
	Whole string
}
