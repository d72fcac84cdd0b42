// Package reason names the outcomes of deliveries, and what can be found out about a refusal.
package reason

import "net/http"

// Reason is the outcome of a delivery, one of a closed list. The names are an API: logs, metrics and policies use them.
type Reason string

// Passed: the delivery was proved.
const (
	Accepted  Reason = "accepted"  // the app's code ran and its work is committed
	Handshake Reason = "handshake" // a provider's challenge was answered; no signal
	Duplicate Reason = "duplicate" // the event was processed before; no signal
	Conflict  Reason = "conflict"  // as duplicate, but the body differs from the one processed; no signal
	Unhandled Reason = "unhandled" // no receiver for this type of event; not committed
	// Permanent is for events that the app gave up for good: see core.Permanent. Committed.
	Permanent Reason = "permanent"
	// Undecodable is for events whose payload no receiver could decode: see core.Undecodable. Not committed, so that
	// a resend runs once the app can.
	Undecodable Reason = "undecodable"
)

// Authentication: the delivery is not proved. From outside these look the same; see
// core.Config.Answers.AuthenticationStatus.
const (
	MissingCredential  Reason = "missing_credential"
	BadCredential      Reason = "bad_credential"
	MissingSignature   Reason = "missing_signature"
	MalformedSignature Reason = "malformed_signature"
	BadSignature       Reason = "bad_signature"
	MissingTimestamp   Reason = "missing_timestamp"
	MalformedTimestamp Reason = "malformed_timestamp"
	Stale              Reason = "stale"
	Early              Reason = "early"
	WrongRecipient     Reason = "wrong_recipient"
	RepeatedHeader     Reason = "repeated_header"
	HeaderTooLarge     Reason = "header_too_large"
	PlainHTTP          Reason = "plain_http"
	SourceNotAllowed   Reason = "source_not_allowed"
)

// Request: what was sent cannot be checked.
const (
	Method         Reason = "method"
	BodyTooLarge   Reason = "body_too_large"
	Encoding       Reason = "encoding"
	ContentType    Reason = "content_type"
	BodyIncomplete Reason = "body_incomplete"
)

// Our own state: the delivery may be sent again.
const (
	RateLimited      Reason = "rate_limited"
	InFlight         Reason = "in_flight" // another delivery of the same event is being processed
	StoreUnavailable Reason = "store_unavailable"
	StoreFull        Reason = "store_full"
	KeysUnavailable  Reason = "keys_unavailable"
	NoActiveSecret   Reason = "no_active_secret"
	Paused           Reason = "paused" // by core.Guard.Pause
	Busy             Reason = "busy"   // the app works on as much as core.Config.Limits.MaxRunning allows
)

// Misconfiguration: the app is put together wrongly.
const (
	BodyAlreadyRead Reason = "body_already_read" // something before the guard read or decompressed the body
	NotVerified     Reason = "not_verified"      // a signal on a request that no guard proved
	GuardConflict   Reason = "guard_conflict"    // two guards with one endpoint name on one request
)

// The app's own code.
const (
	SignalFailed   Reason = "signal_failed"
	SignalPanicked Reason = "signal_panicked"
)

// Class is what answers are decided by: all reasons of a class of authentication are answered alike.
type Class string

// The classes.
const (
	ClassPassed           Class = "passed"
	ClassAuthentication   Class = "authentication"
	ClassRequest          Class = "request"
	ClassState            Class = "state"
	ClassMisconfiguration Class = "misconfiguration"
	ClassApp              Class = "app"
)

// All returns every reason, for tables and the labels of metrics.
func All() []Reason {
	return []Reason{
		Accepted, Handshake, Duplicate, Conflict, Unhandled,
		Permanent, Undecodable,
		MissingCredential, BadCredential, MissingSignature, MalformedSignature,
		BadSignature, MissingTimestamp, MalformedTimestamp, Stale, Early,
		WrongRecipient, RepeatedHeader, HeaderTooLarge, PlainHTTP, SourceNotAllowed,
		Method, BodyTooLarge, Encoding, ContentType, BodyIncomplete,
		RateLimited, InFlight, StoreUnavailable, StoreFull, KeysUnavailable,
		NoActiveSecret, Paused, Busy,
		BodyAlreadyRead, NotVerified, GuardConflict,
		SignalFailed, SignalPanicked,
	}
}

// Class returns the reason's class. A reason that is not on the list is of ClassMisconfiguration, so that it is never
// taken for something that passed.
func (r Reason) Class() Class {
	switch r {
	case Accepted, Handshake, Duplicate, Conflict, Unhandled,
		Permanent, Undecodable:
		return ClassPassed
	case MissingCredential, BadCredential, MissingSignature, MalformedSignature,
		BadSignature, MissingTimestamp, MalformedTimestamp, Stale, Early,
		WrongRecipient, RepeatedHeader, HeaderTooLarge, PlainHTTP, SourceNotAllowed:
		return ClassAuthentication
	case Method, BodyTooLarge, Encoding, ContentType, BodyIncomplete:
		return ClassRequest
	case RateLimited, InFlight, StoreUnavailable, StoreFull, KeysUnavailable,
		NoActiveSecret, Paused, Busy:
		return ClassState
	case SignalFailed, SignalPanicked:
		return ClassApp
	default:
		return ClassMisconfiguration
	}
}

// Status returns the default answer to the reason.
//
// 404, 406, 410 and 501 are never among them: several providers disable or delete the endpoint on those. What may
// succeed later is 5xx, because many providers drop an event on any 4xx.
func (r Reason) Status() int {
	switch r {
	case Method:
		return http.StatusMethodNotAllowed
	case BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case Encoding, ContentType:
		return http.StatusUnsupportedMediaType
	case RateLimited:
		return http.StatusTooManyRequests
	}
	switch r.Class() {
	case ClassPassed:
		return http.StatusOK
	case ClassAuthentication, ClassRequest:
		return http.StatusBadRequest
	case ClassState:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
