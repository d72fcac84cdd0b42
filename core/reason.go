package core

import "net/http"

// Reason is the outcome of a delivery, one of a closed list. The names are an API: logs, metrics and policies use them.
type Reason string

// Passed: the delivery was proved.
const (
	ReasonAccepted  Reason = "accepted"  // the app's code ran and its work is committed
	ReasonHandshake Reason = "handshake" // a provider's challenge was answered; no signal
	ReasonDuplicate Reason = "duplicate" // the event was processed before; no signal
	ReasonConflict  Reason = "conflict"  // as duplicate, but the body differs from the one processed; no signal
	ReasonUnhandled Reason = "unhandled" // no receiver for this type of event; not committed
	// ReasonPermanent is for events that the app gave up for good: see [Permanent]. Committed.
	ReasonPermanent Reason = "permanent"
	// ReasonUndecodable is for events whose payload no receiver could decode: see [Undecodable]. Not committed, so that
	// a resend runs once the app can.
	ReasonUndecodable Reason = "undecodable"
)

// Authentication: the delivery is not proved. From outside these look the same; see [Config.AuthenticationStatus].
const (
	ReasonMissingCredential  Reason = "missing_credential"
	ReasonBadCredential      Reason = "bad_credential"
	ReasonMissingSignature   Reason = "missing_signature"
	ReasonMalformedSignature Reason = "malformed_signature"
	ReasonBadSignature       Reason = "bad_signature"
	ReasonMissingTimestamp   Reason = "missing_timestamp"
	ReasonMalformedTimestamp Reason = "malformed_timestamp"
	ReasonStale              Reason = "stale"
	ReasonEarly              Reason = "early"
	ReasonWrongRecipient     Reason = "wrong_recipient"
	ReasonRepeatedHeader     Reason = "repeated_header"
	ReasonHeaderTooLarge     Reason = "header_too_large"
	ReasonPlainHTTP          Reason = "plain_http"
	ReasonSourceNotAllowed   Reason = "source_not_allowed"
)

// Request: what was sent cannot be judged.
const (
	ReasonMethod         Reason = "method"
	ReasonBodyTooLarge   Reason = "body_too_large"
	ReasonEncoding       Reason = "encoding"
	ReasonContentType    Reason = "content_type"
	ReasonBodyIncomplete Reason = "body_incomplete"
)

// Our own state: the delivery may be sent again.
const (
	ReasonRateLimited      Reason = "rate_limited"
	ReasonInFlight         Reason = "in_flight" // another delivery of the same event is being processed
	ReasonStoreUnavailable Reason = "store_unavailable"
	ReasonStoreFull        Reason = "store_full"
	ReasonKeysUnavailable  Reason = "keys_unavailable"
	ReasonNoActiveSecret   Reason = "no_active_secret"
)

// Misconfiguration: the app is put together wrongly.
const (
	ReasonBodyAlreadyRead Reason = "body_already_read" // something before the guard read or decompressed the body
	ReasonNotVerified     Reason = "not_verified"      // a signal on a request that no guard proved
	ReasonGuardConflict   Reason = "guard_conflict"    // two guards with one endpoint name on one request
)

// The app's own code.
const (
	ReasonSignalFailed   Reason = "signal_failed"
	ReasonSignalPanicked Reason = "signal_panicked"
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

// Reasons returns every reason, for tables and the labels of metrics.
func Reasons() []Reason {
	return []Reason{
		ReasonAccepted, ReasonHandshake, ReasonDuplicate, ReasonConflict, ReasonUnhandled,
		ReasonPermanent, ReasonUndecodable,
		ReasonMissingCredential, ReasonBadCredential, ReasonMissingSignature, ReasonMalformedSignature,
		ReasonBadSignature, ReasonMissingTimestamp, ReasonMalformedTimestamp, ReasonStale, ReasonEarly,
		ReasonWrongRecipient, ReasonRepeatedHeader, ReasonHeaderTooLarge, ReasonPlainHTTP, ReasonSourceNotAllowed,
		ReasonMethod, ReasonBodyTooLarge, ReasonEncoding, ReasonContentType, ReasonBodyIncomplete,
		ReasonRateLimited, ReasonInFlight, ReasonStoreUnavailable, ReasonStoreFull, ReasonKeysUnavailable,
		ReasonNoActiveSecret,
		ReasonBodyAlreadyRead, ReasonNotVerified, ReasonGuardConflict,
		ReasonSignalFailed, ReasonSignalPanicked,
	}
}

// Class returns the reason's class. A reason that is not on the list is of ClassMisconfiguration, so that it is never
// taken for something that passed.
func (r Reason) Class() Class {
	switch r {
	case ReasonAccepted, ReasonHandshake, ReasonDuplicate, ReasonConflict, ReasonUnhandled,
		ReasonPermanent, ReasonUndecodable:
		return ClassPassed
	case ReasonMissingCredential, ReasonBadCredential, ReasonMissingSignature, ReasonMalformedSignature,
		ReasonBadSignature, ReasonMissingTimestamp, ReasonMalformedTimestamp, ReasonStale, ReasonEarly,
		ReasonWrongRecipient, ReasonRepeatedHeader, ReasonHeaderTooLarge, ReasonPlainHTTP, ReasonSourceNotAllowed:
		return ClassAuthentication
	case ReasonMethod, ReasonBodyTooLarge, ReasonEncoding, ReasonContentType, ReasonBodyIncomplete:
		return ClassRequest
	case ReasonRateLimited, ReasonInFlight, ReasonStoreUnavailable, ReasonStoreFull, ReasonKeysUnavailable,
		ReasonNoActiveSecret:
		return ClassState
	case ReasonSignalFailed, ReasonSignalPanicked:
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
	case ReasonMethod:
		return http.StatusMethodNotAllowed
	case ReasonBodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case ReasonEncoding, ReasonContentType:
		return http.StatusUnsupportedMediaType
	case ReasonRateLimited:
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
